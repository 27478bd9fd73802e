/** A suite of Debian with an apt state of its own inside the cache: any user may have one, nothing is installed. */
import { mkdir, stat, writeFile } from 'node:fs/promises';
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
  await refreshLists(repository, LISTS_KEEP_MS);
  return repository;
}

/**
 * Fetches the lists unless they are younger than `keepMs`; apt verifies the archive's signature.
 * @throws SetUpError where there is no apt, no archive key or no network
 */
export async function refreshLists(repository: Repository, keepMs: number): Promise<void> {
  const { folder } = repository;
  await withLock(`${folder}.lock`, async () => {
    await mkdir(join(folder, 'lists', 'partial'), { recursive: true });
    await mkdir(join(folder, 'archives', 'partial'), { recursive: true });
    await writeFile(join(folder, 'status'), '');
    await writeFile(join(folder, 'sources.list'), await sources(repository.suite));
    // Written each time, because it names the folder and a cache may have been copied from elsewhere.
    await writeFile(join(folder, 'apt.conf'), await aptSettings(repository).catch(explainMissingApt));
    if (Date.now() - (await listsTime(folder)) < keepMs) return;
    await fetchLists(repository);
    await writeFile(join(folder, 'refreshed'), '');
  });
}

async function listsTime(folder: string): Promise<number> {
  return (await stat(join(folder, 'refreshed')).catch(() => undefined))?.mtimeMs ?? 0;
}

async function fetchLists(repository: Repository): Promise<void> {
  try {
    // Without this error mode apt ends well although an index could not be fetched or verified.
    await apt(repository, 'apt-get', ['update', '-qq', '-o', 'APT::Update::Error-Mode=any']);
  } catch (cause) {
    throw new SetUpError(
      `the package lists of Debian ${repository.suite} could not be fetched: ${reasonOf(cause)}`,
      {
        hint: 'Give this machine a way to a Debian mirror, or copy the folder .cache from a machine that has one.',
        cause,
      },
    );
  }
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

/** Runs apt with the repository's own state. */
export async function apt(
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

/** The message of an error in one line. */
export const reasonOf = (error: unknown): string =>
  error instanceof Error ? error.message.replace(/\s*\n\s*/g, '; ') : String(error);
