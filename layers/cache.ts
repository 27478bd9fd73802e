/** The project's cache: folders that are made once, whole or not at all, also when two processes want them. */
import { readFileSync, statSync } from 'node:fs';
import { mkdir, readdir, rename, rm, writeFile } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { setTimeout as pause } from 'node:timers/promises';
import { z } from 'zod';
import { SetUpError } from './set-up-error.ts';

/** Everything that set-up obtains lies here and nowhere else; it may be deleted or copied to another clone. */
export const CACHE_FOLDER = join(import.meta.dirname, '..', '.cache');

/** Longer than the largest download on a slow line. */
const LOCK_DEADLINE_MS = 20 * 60_000;
/** @see https://www.sqlite.org/rescode.html#busy */
const busy = z.object({ errcode: z.literal(5) });

export interface CachedFolder {
  readonly folder: string;
  /** What the folder is made from; a folder made from something else is made anew. */
  readonly recipe: string;
  /** Fills an empty folder, which becomes the cached one in a single rename after it returns. */
  readonly make: (folder: string) => Promise<void>;
}

/** Makes the folder unless it is there; tells whether it had to be made. */
export async function makeOnce({ folder, recipe, make }: CachedFolder): Promise<'cached' | 'made'> {
  if (isMadeFrom(folder, recipe)) return 'cached';
  return withLock(`${folder}.lock`, async () => {
    if (isMadeFrom(folder, recipe)) return 'cached';
    await removeUnfinished(folder);
    const unfinished = `${folder}.unfinished-${process.pid}`;
    await mkdir(unfinished, { recursive: true });
    await make(unfinished);
    // The stamp is the last thing written, so that a folder without one counts as not made.
    await rm(stampOf(folder), { force: true });
    await rm(folder, { recursive: true, force: true });
    await rename(unfinished, folder);
    await writeFile(stampOf(folder), recipe);
    return 'made';
  });
}

/** Runs `work` while no other process and no other call holds the lock file; the kernel frees it on death. */
export async function withLock<T>(file: string, work: () => Promise<T>): Promise<T> {
  await mkdir(dirname(file), { recursive: true });
  const lock = new DatabaseSync(file);
  try {
    const deadline = Date.now() + LOCK_DEADLINE_MS;
    while (!isLocked(lock)) {
      if (Date.now() > deadline)
        throw new SetUpError(`another process holds ${file}`, { hint: 'End that process and start again.' });
      await pause(50);
    }
    return await work();
  } finally {
    lock.close();
  }
}

/** Whether the folder is there, whole, and made from this recipe. */
export function isMadeFrom(folder: string, recipe: string): boolean {
  try {
    return statSync(folder).isDirectory() && readFileSync(stampOf(folder), 'utf8') === recipe;
  } catch {
    return false;
  }
}

// Beside the folder, because a folder of the cache may be deployed as it is.
const stampOf = (folder: string): string => `${folder}.made-from`;

// SQLite's exclusive lock is a lock of the kernel: unlike a pid file it cannot outlive its owner.
function isLocked(lock: DatabaseSync): boolean {
  try {
    lock.exec('BEGIN EXCLUSIVE');
    return true;
  } catch (error) {
    if (busy.safeParse(error).success) return false;
    throw error;
  }
}

async function removeUnfinished(folder: string): Promise<void> {
  for (const name of await readdir(dirname(folder))) {
    if (name.startsWith(`${basename(folder)}.unfinished-`))
      await rm(join(dirname(folder), name), { recursive: true, force: true });
  }
}
