/** Where the local cloud keeps everything: private to the user, and used by one cloud at a time. */
import { closeSync, fsyncSync, mkdirSync, openSync, renameSync, rmSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';

export interface DataFolder {
  /** A path inside. */
  file(name: string): string;
  /** A folder inside, made if it is not there. */
  folder(name: string): string;
  release(): void;
}

/** @see https://www.sqlite.org/rescode.html#busy */
const SQLITE_BUSY = 5;

/**
 * Takes a data folder for this process.
 * @throws Error where another process uses it
 */
export function openDataFolder(path: string): DataFolder {
  mkdirSync(path, { recursive: true, mode: 0o700 });
  // A lock that SQLite holds ends with its process, however that dies: nothing stale can be left behind.
  const lock = new DatabaseSync(join(path, 'lock.sqlite'));
  try {
    lock.exec('BEGIN EXCLUSIVE');
  } catch (error) {
    lock.close();
    if (sqliteCode(error) !== SQLITE_BUSY) throw error;
    throw new Error(`another local cloud uses the data folder ${path}; stop it or give another folder`, {
      cause: error,
    });
  }
  const folder = (name: string): string => {
    mkdirSync(join(path, name), { recursive: true, mode: 0o700 });
    return join(path, name);
  };
  // What processes of an earlier run left behind.
  rmSync(join(path, 'tmp'), { recursive: true, force: true });
  return { file: (name) => join(path, name), folder, release: () => lock.close() };
}

const sqliteCode = (error: unknown): unknown =>
  typeof error === 'object' && error !== null && 'errcode' in error ? error.errcode : undefined;

/** Opens a SQLite file of mode 0600, also while it comes to be. */
export function openPrivateDatabase(path: string): DatabaseSync {
  closeSync(openSync(path, 'a', 0o600));
  const database = new DatabaseSync(path);
  // Acknowledged means on disk, also after a power failure.
  database.exec('PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL');
  return database;
}

/** Writes a file of mode 0600 as a whole or not at all. */
export function writePrivateFile(path: string, text: string): void {
  const draft = `${path}.new`;
  rmSync(draft, { force: true });
  const file = openSync(draft, 'wx', 0o600);
  writeSync(file, text);
  fsyncSync(file);
  closeSync(file);
  renameSync(draft, path);
}
