/**
 * Debian packages without touching the system. apt verifies the archive's signature and with it every
 * package's SHA-256; packages are unpacked, never installed.
 */
import { createHash } from 'node:crypto';
import { mkdir, mkdtemp, readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { apt, type Repository, reasonOf, refreshLists } from './debian-repository.ts';
import { runProgram } from './run-program.ts';
import { SetUpError } from './set-up-error.ts';

export interface DebianPackage {
  readonly name: string;
  readonly version: string;
  /** Lower-case hexadecimal, from the signed index. */
  readonly sha256: string;
  readonly fileName: string;
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
      await refreshLists(repository, 0);
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

function explainFailedDownload(cause: unknown): never {
  throw new SetUpError(`packages could not be downloaded: ${reasonOf(cause)}`, {
    hint: 'Check the way to the Debian mirror and start again, or copy the folder .cache from another machine.',
    cause,
  });
}
