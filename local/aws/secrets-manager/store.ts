/** Secrets on disk: a SQLite file of mode 0600. They lie in it as they are, as a password file would. */
import { z } from 'zod';
import { openPrivateDatabase } from '../../data-folder.ts';

export interface StoredSecret {
  readonly arn: string;
  readonly name: string;
  readonly description: string | null;
  /** JSON of Secrets Manager's tag list. */
  readonly tags: string;
  /** Seconds since the epoch, as the service's answers count. */
  readonly created: number;
  /** Set while the secret waits for its final deletion. */
  readonly deleted: number | null;
  /** The KMS key that it was given, as its ARN or id; null is the one of Secrets Manager itself. */
  readonly key: string | null;
}

export interface StoredVersion {
  readonly id: string;
  readonly value: string;
  readonly created: number;
  readonly stages: readonly string[];
}

export interface SecretsFile {
  /** @param id name, ARN, or ARN without the six random characters at its end */
  find(id: string): StoredSecret | undefined;
  insert(secret: StoredSecret): void;
  markDeleted(arn: string, at: number): void;
  remove(arn: string): void;
  versions(arn: string): StoredVersion[];
  /** Adds a version, or changes the stages of one. */
  putVersion(arn: string, version: StoredVersion): void;
  /** All writes of the work, or none. */
  transaction<T>(work: () => T): T;
  close(): void;
}

const secretRow = z.object({
  arn: z.string(),
  name: z.string(),
  description: z.string().nullable(),
  tags: z.string(),
  created: z.number(),
  deleted: z.number().nullable(),
  key: z.string().nullable(),
});
const versionRow = z.object({
  id: z.string(),
  value: z.string(),
  created: z.number(),
  stages: z.string().transform((text) => z.array(z.string()).parse(JSON.parse(text))),
});

export function openSecretsFile(file: string): SecretsFile {
  const database = openPrivateDatabase(file);
  database.exec(`PRAGMA foreign_keys = ON;
    PRAGMA secure_delete = ON;
    CREATE TABLE IF NOT EXISTS secret (
      arn TEXT PRIMARY KEY, name TEXT NOT NULL UNIQUE, description TEXT, tags TEXT NOT NULL,
      created REAL NOT NULL, deleted REAL
    ) STRICT;
    CREATE TABLE IF NOT EXISTS version (
      arn TEXT NOT NULL REFERENCES secret ON DELETE CASCADE, id TEXT NOT NULL, value TEXT NOT NULL,
      created REAL NOT NULL, stages TEXT NOT NULL, PRIMARY KEY (arn, id)
    ) STRICT;
    CREATE TABLE IF NOT EXISTS secret_key (
      arn TEXT PRIMARY KEY REFERENCES secret ON DELETE CASCADE, key TEXT NOT NULL
    ) STRICT`);
  const find = database.prepare(
    `SELECT secret.*, key FROM secret LEFT JOIN secret_key USING (arn)
     WHERE ? IN (name, arn, substr(arn, 1, length(arn) - 7))`,
  );
  const insert = database.prepare('INSERT INTO secret VALUES (?, ?, ?, ?, ?, ?)');
  const insertKey = database.prepare('INSERT INTO secret_key VALUES (?, ?)');
  const markDeleted = database.prepare('UPDATE secret SET deleted = ? WHERE arn = ?');
  const remove = database.prepare('DELETE FROM secret WHERE arn = ?');
  const versions = database.prepare('SELECT * FROM version WHERE arn = ? ORDER BY created, id');
  const putVersion = database.prepare(
    'INSERT INTO version VALUES (?, ?, ?, ?, ?) ON CONFLICT DO UPDATE SET stages = excluded.stages',
  );

  return {
    find: (id) => secretRow.optional().parse(find.get(id)),
    insert: ({ arn, name, description, tags, created, deleted, key }) => {
      insert.run(arn, name, description, tags, created, deleted);
      if (key !== null) insertKey.run(arn, key);
    },
    markDeleted: (arn, at) => void markDeleted.run(at, arn),
    remove: (arn) => void remove.run(arn),
    versions: (arn) => versions.all(arn).map((row) => versionRow.parse(row)),
    putVersion: (arn, { id, value, created, stages }) =>
      void putVersion.run(arn, id, value, created, JSON.stringify(stages)),
    transaction: (work) => {
      database.exec('BEGIN IMMEDIATE');
      try {
        const result = work();
        database.exec('COMMIT');
        return result;
      } catch (error) {
        database.exec('ROLLBACK');
        throw error;
      }
    },
    close: () => database.close(),
  };
}
