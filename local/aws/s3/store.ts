/**
 * The endpoint's state: metadata in SQLite, bodies in files. A row is committed only after its bodies are on the disk,
 * and a body is removed only after its row is: a crash at any moment leaves the old state or the new one, and at most
 * a file that nobody knows, which the next start removes.
 */
import { chmodSync, existsSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync, type SQLInputValue, type SQLOutputValue } from 'node:sqlite';
import { type BodyFolder, openBodyFolder } from './body-folder.ts';

export type Row = Readonly<Record<string, SQLOutputValue>>;

export interface Store {
  readonly bodies: BodyFolder;
  all(sql: string, ...values: SQLInputValue[]): readonly Row[];
  first(sql: string, ...values: SQLInputValue[]): Row | undefined;
  run(sql: string, ...values: SQLInputValue[]): void;
  /** All of the changes or none; on return they are on the disk. Nothing asynchronous may happen inside. */
  transact<T>(change: () => T): T;
  close(): void;
}

/** `STRICT` tables; keys sort as S3 lists them, by the bytes of their UTF-8. */
const SCHEMA = `
CREATE TABLE IF NOT EXISTS buckets (
  name TEXT PRIMARY KEY, created_ms INTEGER NOT NULL, settings TEXT NOT NULL
) STRICT;
CREATE TABLE IF NOT EXISTS sequence (next INTEGER NOT NULL) STRICT;
INSERT INTO sequence SELECT 1 WHERE NOT EXISTS (SELECT 1 FROM sequence);
CREATE TABLE IF NOT EXISTS versions (
  seq INTEGER PRIMARY KEY, bucket TEXT NOT NULL, key TEXT NOT NULL, version_id TEXT NOT NULL,
  latest INTEGER NOT NULL, delete_marker INTEGER NOT NULL, size INTEGER NOT NULL, etag TEXT NOT NULL,
  modified_ms INTEGER NOT NULL, properties TEXT NOT NULL, tags TEXT NOT NULL, lock TEXT NOT NULL
) STRICT;
CREATE UNIQUE INDEX IF NOT EXISTS versions_by_id ON versions (bucket, key, version_id);
CREATE INDEX IF NOT EXISTS versions_in_order ON versions (bucket, key, seq DESC);
CREATE UNIQUE INDEX IF NOT EXISTS latest_versions ON versions (bucket, key) WHERE latest = 1;
CREATE TABLE IF NOT EXISTS version_parts (
  seq INTEGER NOT NULL, number INTEGER NOT NULL, body TEXT NOT NULL, size INTEGER NOT NULL, checksum TEXT,
  PRIMARY KEY (seq, number)
) STRICT, WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS uploads (
  id TEXT PRIMARY KEY, bucket TEXT NOT NULL, key TEXT NOT NULL, initiated_ms INTEGER NOT NULL, draft TEXT NOT NULL
) STRICT;
CREATE INDEX IF NOT EXISTS uploads_in_order ON uploads (bucket, key, id);
CREATE TABLE IF NOT EXISTS upload_parts (
  upload TEXT NOT NULL, number INTEGER NOT NULL, body TEXT NOT NULL, size INTEGER NOT NULL, etag TEXT NOT NULL,
  checksum TEXT, modified_ms INTEGER NOT NULL,
  PRIMARY KEY (upload, number)
) STRICT, WITHOUT ROWID;
`;

export function openStore(folder: string): Store {
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  chmodSync(folder, 0o700);
  const [metadata, bodies] = [join(folder, 'metadata.sqlite'), join(folder, 'bodies')];
  // Without their rows all bodies would look like litter.
  if (existsSync(bodies) && !existsSync(metadata))
    throw new Error(`${metadata} is missing, but ${bodies} is there`);
  const database = new DatabaseSync(metadata);
  takeOver(database, folder);
  const prepared = new Map<string, ReturnType<DatabaseSync['prepare']>>();
  const statement = (sql: string) => {
    const found = prepared.get(sql) ?? database.prepare(sql);
    prepared.set(sql, found);
    return found;
  };
  const known = new Set<string>();
  for (const table of ['version_parts', 'upload_parts']) {
    for (const row of statement(`SELECT body FROM ${table}`).all()) known.add(String(row.body));
  }
  return {
    bodies: openBodyFolder(bodies, known),
    all: (sql, ...values) => statement(sql).all(...values),
    first: (sql, ...values) => statement(sql).get(...values),
    run: (sql, ...values) => {
      statement(sql).run(...values);
    },
    transact(change) {
      database.exec('BEGIN IMMEDIATE');
      try {
        const result = change();
        database.exec('COMMIT');
        return result;
      } catch (error) {
        if (database.isTransaction) database.exec('ROLLBACK');
        throw error;
      }
    },
    close: () => database.close(),
  };
}

/** Two processes must not serve one folder: each would take the other's new bodies for litter. */
function takeOver(database: DatabaseSync, folder: string): void {
  try {
    // FULL: an answer may be given only for what survives a power failure.
    database.exec('PRAGMA locking_mode = EXCLUSIVE; PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL;');
    database.exec(SCHEMA);
  } catch (error) {
    database.close();
    throw new Error(`the S3 state in ${folder} cannot be opened; does another process serve it?`, {
      cause: error,
    });
  }
}

/** The next number of the order in which everything was written; never given twice. */
export function nextSequence(store: Store): number {
  return Number(store.first('UPDATE sequence SET next = next + 1 RETURNING next - 1 AS seq')?.seq);
}
