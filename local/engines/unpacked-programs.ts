/** How programs of unpacked packages are started: with the libraries and the loader that came with them. */
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';

/** Folders with libraries among packages that were unpacked into `root` of a folder; relative to the folder. */
export async function libraryFolders(folder: string): Promise<string[]> {
  const found: string[] = [];
  // Bookworm still has libraries in /lib as well as in /usr/lib.
  for (const parent of ['root/usr/lib', 'root/lib']) {
    const names = await readdir(join(folder, parent)).catch(() => []);
    found.push(...names.filter((name) => name.endsWith('-linux-gnu')).map((name) => join(parent, name)));
  }
  return found;
}

/** The dynamic loader among them, relative to the folder. */
export async function findLoader(folder: string, libraries: readonly string[]): Promise<string> {
  for (const path of libraries) {
    const name = (await readdir(join(folder, path))).find((one) => /^ld-linux-.*\.so\.\d+$/.test(one));
    if (name !== undefined) return join(path, name);
  }
  throw new Error('the packages hold no dynamic loader');
}
