/**
 * Debian packages without touching the system: a private apt state inside the cache, usable by any user.
 * apt verifies the archive's signature and with it every package's SHA-256; nothing is installed.
 */
import { createHash } from 'node:crypto';
import { mkdir, mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { CACHE_FOLDER, withLock } from './cache.ts';
import { findArchiveKey, findMirrors, networkSettings } from './debian-mirror.ts';
import { runProgram } from './run-program.ts';
import { SetUpError } from './set-up-error.ts';

export type Suite = 'bookworm' | 'trixie' | 'sid';
/** Debian's word for x86_64 is amd64. */
export type DebianArchitecture = 'amd64' | 'arm64';

/** One suite of Debian for one architecture, with its own lists. */
export interface Repository {
  readonly suite: Suite;
  readonly architecture: DebianArchitecture;
  readonly folder: string;
}

export interface DebianPackage {
  readonly name: string;
  readonly version: string;
  /** Lower-case hexadecimal, from the signed index. */
  readonly sha256: string;
  readonly fileName: string;
}

/** Lists younger than this are not asked for again; a package that has gone meanwhile refreshes them anyway. */
const LISTS_KEEP_MS = 60 * 60_000;

/** This machine's architecture in Debian's words. */
export function machineArchitecture(): DebianArchitecture {
  if (process.arch === 'x64') return 'amd64';
  if (process.arch === 'arm64') return 'arm64';
  throw new SetUpError(`there are no packages for the architecture ${process.arch}`, {
    hint: 'Use a machine with x86_64 or arm64.',
  });
}

/**
 * A repository with present, verified lists.
 * @throws SetUpError where there is no apt, no archive key or no network
 */
export async function openRepository(
  suite: Suite,
  architecture: DebianArchitecture,
  cacheFolder: string = CACHE_FOLDER,
): Promise<Repository> {
  const folder = join(cacheFolder, 'apt', `${suite}-${architecture}`);
  const repository = { suite, architecture, folder };
  await withLock(`${folder}.lock`, async () => {
    const age = Date.now() - (await listsTime(folder));
    if (age > LISTS_KEEP_MS) await refreshLists(repository);
  });
  return repository;
}

/** The names of the packages that `roots` need, these included, whatever is installed here; sorted. */
export async function dependenciesOf(repository: Repository, roots: readonly string[]): Promise<string[]> {
  const kinds = ['recommends', 'suggests', 'conflicts', 'breaks', 'replaces', 'enhances'];
  const limits = kinds.map((kind) => `--no-${kind}`);
  const text = await apt(repository, 'apt-cache', ['depends', '--recurse', ...limits, ...roots]);
  // Indented lines say why; names in angle brackets are virtual packages.
  return [...new Set(text.split('\n').filter((line) => /^[a-z0-9]/.test(line)))].sort();
}

/**
 * Downloads packages and unpacks each into the folder that `folderOf` names; their scripts are never run.
 * @returns what the repository held under these names
 * @throws SetUpError when a package cannot be had
 */
export async function unpackPackages(
  repository: Repository,
  names: readonly string[],
  folderOf: (name: string) => string,
): Promise<DebianPackage[]> {
  const downloads = await mkdtemp(join(repository.folder, 'download-'));
  try {
    const packages = await download(repository, names, downloads).catch(async () => {
      // Debian replaces packages: the lists may name one that the mirror no longer has.
      await refreshLists(repository);
      return download(repository, names, downloads).catch(explainFailedDownload);
    });
    for (const one of packages) {
      const file = join(downloads, one.fileName);
      const folder = folderOf(one.name);
      await checkHash(file, one);
      await mkdir(folder, { recursive: true });
      await runProgram({ command: 'dpkg-deb', arguments: ['-x', file, folder] });
    }
    return packages;
  } finally {
    await rm(downloads, { recursive: true });
  }
}

async function download(
  repository: Repository,
  names: readonly string[],
  folder: string,
): Promise<DebianPackage[]> {
  const packages = await findPackages(repository, names);
  const missing = names.filter((name) => !packages.some((one) => one.name === name));
  if (missing.length > 0) throw new Error(`Debian ${repository.suite} has no package ${missing.join(', ')}`);
  const versions = packages.map(({ name, version }) => `${name}=${version}`);
  await apt(repository, 'apt-get', ['download', '-qq', ...versions], folder);
  return packages;
}

async function findPackages(repository: Repository, names: readonly string[]): Promise<DebianPackage[]> {
  const text = await apt(repository, 'apt-get', ['download', '--print-uris', ...names]);
  // 'address' name_version_architecture.deb size SHA256:…; a colon in the version is written as %3a.
  return [...text.matchAll(/^'\S+' (([^_\s]+)_([^_\s]+)_\w+\.deb) \d+ SHA256:([0-9a-f]{64})$/gm)].map(
    ([, fileName = '', name = '', version = '', sha256 = '']) => ({
      name,
      version: decodeURIComponent(version),
      sha256,
      fileName,
    }),
  );
}

async function checkHash(file: string, { name, sha256 }: DebianPackage): Promise<void> {
  const found = createHash('sha256')
    .update(await readFile(file))
    .digest('hex');
  if (found !== sha256)
    throw new Error(`package ${name} has SHA-256 ${found}, the signed index says ${sha256}`);
}

async function listsTime(folder: string): Promise<number> {
  return (await stat(join(folder, 'refreshed')).catch(() => undefined))?.mtimeMs ?? 0;
}

async function refreshLists(repository: Repository): Promise<void> {
  const { folder, suite } = repository;
  await mkdir(join(folder, 'lists', 'partial'), { recursive: true });
  await mkdir(join(folder, 'archives', 'partial'), { recursive: true });
  await writeFile(join(folder, 'status'), '');
  await writeFile(join(folder, 'sources.list'), await sources(suite));
  await writeFile(join(folder, 'apt.conf'), await aptSettings(repository).catch(explainMissingApt));
  try {
    // Without this error mode apt ends well although an index could not be fetched or verified.
    await apt(repository, 'apt-get', ['update', '-qq', '-o', 'APT::Update::Error-Mode=any']);
  } catch (cause) {
    throw new SetUpError(`the package lists of Debian ${suite} could not be fetched: ${reason(cause)}`, {
      hint: 'Give this machine a way to a Debian mirror, or copy the folder .cache from a machine that has one.',
      cause,
    });
  }
  await writeFile(join(folder, 'refreshed'), '');
}

async function sources(suite: Suite): Promise<string> {
  const mirrors = await findMirrors();
  const line = (mirror: string, name: string) =>
    `deb [signed-by=${findArchiveKey()}] ${mirror} ${name} main\n`;
  // sid has no security archive: fixes go straight into it.
  const security = suite === 'sid' ? '' : line(mirrors.security, `${suite}-security`);
  return line(mirrors.main, suite) + security;
}

// The machine's own apt.conf files are not read: they may run commands after each update.
async function aptSettings({ folder, architecture }: Repository): Promise<string> {
  return `${await networkSettings()}
Dir::Etc::parts "/dev/null"; Dir::Etc::main "/dev/null";
Dir::Etc::sourcelist "${folder}/sources.list"; Dir::Etc::sourceparts "/dev/null";
Dir::Etc::preferences "/dev/null"; Dir::Etc::preferencesparts "/dev/null";
Dir::State "${folder}"; Dir::State::lists "${folder}/lists"; Dir::State::status "${folder}/status";
Dir::Cache "${folder}"; Dir::Cache::pkgcache ""; Dir::Cache::srcpkgcache "";
APT::Architecture "${architecture}"; APT::Architectures { "${architecture}"; };
APT::Sandbox::User ""; APT::Install-Recommends "false";
Acquire::Languages "none"; Acquire::Retries "3"; Acquire::GzipIndexes "true";
`;
}

async function apt(
  repository: Repository,
  command: 'apt-get' | 'apt-cache',
  args: readonly string[],
  folder?: string,
): Promise<string> {
  const environment = { ...process.env, LC_ALL: 'C', APT_CONFIG: join(repository.folder, 'apt.conf') };
  return runProgram({ command, arguments: args, environment, ...(folder === undefined ? {} : { folder }) });
}

function explainMissingApt(cause: unknown): never {
  throw new SetUpError('there is no apt on this machine', {
    hint: 'Use Debian or a system with apt and dpkg, or copy the folder .cache from one of the same architecture.',
    cause,
  });
}

function explainFailedDownload(cause: unknown): never {
  throw new SetUpError(`packages could not be downloaded: ${reason(cause)}`, {
    hint: 'Check the way to the Debian mirror and start again, or copy the folder .cache from another machine.',
    cause,
  });
}

const reason = (error: unknown): string =>
  error instanceof Error ? error.message.replace(/\s*\n\s*/g, '; ') : String(error);
