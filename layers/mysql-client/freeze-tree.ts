/** Makes a tree the same wherever and whenever it was put together. */
import { createHash } from 'node:crypto';
import { chmod, readdir, readFile, stat, utimes } from 'node:fs/promises';
import { join } from 'node:path';

/** Any fixed moment would do; zip files know none before 1980. */
const MOMENT = new Date('2000-01-01T00:00:00Z');

/**
 * Sets the modes and times of all files and folders.
 * @returns the bytes of all files
 */
export async function freezeTree(folder: string): Promise<number> {
  let sizeBytes = 0;
  for (const path of await pathsIn(folder)) {
    const found = await stat(join(folder, path));
    if (found.isFile()) sizeBytes += found.size;
    const isStarted = found.isDirectory() || /(^|\/)(bin\/[^/]+|ld-linux-[^/]+)$/.test(path);
    await chmod(join(folder, path), isStarted ? 0o755 : 0o644);
    await utimes(join(folder, path), MOMENT, MOMENT);
  }
  return sizeBytes;
}

/** SHA-256 over path, mode, time and content of everything in the folder. */
export async function hashTree(folder: string): Promise<string> {
  const hash = createHash('sha256');
  for (const path of await pathsIn(folder)) {
    const found = await stat(join(folder, path));
    hash.update(`${path} ${found.mode} ${found.mtimeMs} ${found.isFile() ? found.size : 'folder'}\n`);
    if (found.isFile()) hash.update(await readFile(join(folder, path)));
  }
  return hash.digest('hex');
}

async function pathsIn(folder: string): Promise<string[]> {
  return (await readdir(folder, { recursive: true })).sort();
}
