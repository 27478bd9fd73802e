/** Copies one maker's programs and plugins, and every library that any of them needs. */
import { copyFile, mkdir, readdir, readFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { readElf } from '../elf.ts';
import { ARCHITECTURES, CONTENTS, type LayerArchitecture, type Maker } from './contents.ts';

interface Collection {
  readonly maker: Maker;
  readonly architecture: LayerArchitecture;
  /** Unpacked packages, each in a folder of its name. */
  readonly packages: string;
  /** Gets `bin`, `plugin` and `lib`. */
  readonly into: string;
}

interface PackagedFile {
  readonly packageName: string;
  readonly path: string;
}

/**
 * @returns the names of the packages that gave a file
 * @throws Error when a program, plugin or library is in none of the packages
 */
export async function collectClient(collection: Collection): Promise<Set<string>> {
  const { triplet, loader } = ARCHITECTURES[collection.architecture];
  const { bin, plugin, lib } = CONTENTS[collection.maker];
  const used = new Set<string>();
  const needed = new Set([loader]);
  for (const [folder, paths] of Object.entries({ bin, plugin, lib })) {
    await mkdir(join(collection.into, folder), { recursive: true });
    for (const path of paths) {
      const file = await findFile(collection.packages, path.replace('TRIPLET', triplet));
      await take(file, join(collection.into, folder), collection.architecture, used, needed);
    }
  }
  const libraries = await librariesIn(collection.packages, triplet);
  // The set grows while it is walked: libraries need libraries.
  for (const name of needed) {
    const file = libraries.get(name);
    if (file === undefined) throw new Error(`no package of ${collection.maker} holds ${name}`);
    await take(file, join(collection.into, 'lib'), collection.architecture, used, needed, name);
  }
  return used;
}

async function take(
  file: PackagedFile,
  folder: string,
  architecture: LayerArchitecture,
  used: Set<string>,
  needed: Set<string>,
  name = basename(file.path),
): Promise<void> {
  const elf = readElf(await readFile(file.path));
  if (elf?.architecture !== architecture) throw new Error(`${file.path} is not for ${architecture}`);
  for (const library of elf.needed) needed.add(library);
  used.add(file.packageName);
  await copyFile(file.path, join(folder, name));
}

async function findFile(packages: string, path: string): Promise<PackagedFile> {
  for (const packageName of await readdir(packages)) {
    const folder = join(packages, packageName, path, '..');
    const names = await readdir(folder).catch((): string[] => []);
    if (names.includes(basename(path))) return { packageName, path: join(folder, basename(path)) };
  }
  throw new Error(`no package holds ${path}`);
}

/** Name of a library → where it is; what a package links under a second name is found under both. */
async function librariesIn(packages: string, triplet: string): Promise<Map<string, PackagedFile>> {
  const found = new Map<string, PackagedFile>();
  for (const packageName of await readdir(packages)) {
    for (const parent of ['usr/lib', 'lib']) {
      const folder = join(packages, packageName, parent, triplet);
      for (const name of await readdir(folder).catch((): string[] => [])) {
        if (name.includes('.so')) found.set(name, { packageName, path: join(folder, name) });
      }
    }
  }
  return found;
}
