import type { Loss, SchemaContents, ServerInfo, TableRows } from '../engine/contents.ts';
import type { BinlogPosition } from '../engine/parallel/binlog-position.ts';
import type { PartRecord } from '../engine/part.ts';
import type { RowColumn } from '../engine/rows/column-form.ts';
import type { BackupId, DatabaseId } from './ids.ts';
import type { Comparison } from './shrunk.ts';
import type { Snapshot } from './snapshot.ts';

/** A stored object: its place, and all that a reader needs to trust its bytes. */
export interface StoredFile {
  readonly key: string;
  readonly versionId: string;
  readonly sizeBytes: number;
  /** Hex, over all parts in order. */
  readonly sha256: string;
  readonly parts: readonly PartRecord[];
}

/** A stored object that holds SQL. */
export interface StoredObject extends StoredFile {
  /** Bytes after decompression: a reader stops at one more (archive bombs). */
  readonly dumpBytes: number;
}

/** A stored object that holds rows of one table, as lines of LOAD DATA. */
export interface StoredChunk extends StoredFile {
  readonly rows: number;
  /** Bytes after decompression. */
  readonly textBytes: number;
  /** See `Fingerprint`. */
  readonly fingerprint: string;
}

/** The rows of a table, and what it takes to load them; the sums are those of its chunks. */
export interface StoredTable {
  readonly name: string;
  readonly rows: number;
  /** Of text. */
  readonly bytes: number;
  readonly fingerprint: string;
  readonly columns: readonly RowColumn[];
  readonly hasGenerated: boolean;
  /** The statement that loads a chunk, for a restore by hand. */
  readonly load: string;
  /** The columns that tell from when to when a row was the present one, where its past is stored too. */
  readonly period?: readonly [start: string, end: string];
  /** None where there are no rows. */
  readonly chunks: readonly StoredChunk[];
}

/** A schema as it was dumped in format `sql`. */
interface SqlSchema extends SchemaContents {
  /** What the dump holds of each table; absent where nobody can read it. */
  readonly tables?: readonly TableRows[];
  /** When the tool was started; its snapshot is not older. */
  readonly instant: string;
  readonly dump: StoredObject;
}

/** A schema as it was dumped in format `parallel`. */
export interface ParallelSchema extends SchemaContents {
  /** Those with rows of their own: a MERGE table is a definition alone. */
  readonly tables: readonly StoredTable[];
  /** When the snapshot was asked for. */
  readonly instant: string;
  /** What stands before the rows. */
  readonly definitions: StoredObject;
  /** What comes after them. */
  readonly objects: StoredObject;
}

export type StoredSchema = SqlSchema | ParallelSchema;

interface CommonManifest extends Comparison {
  readonly manifestVersion: 1;
  readonly backupId: BackupId;
  readonly databaseId: DatabaseId;
  readonly startedAt: string;
  readonly completedAt: string;
  readonly server: ServerInfo;
  readonly program: { readonly name: 'mariadb-dump' | 'mysqldump'; readonly version: string };
  readonly compression: 'zstd';
  readonly losses: readonly Loss[];
  /** What no backup of SafeBase holds. */
  readonly notCovered: readonly string[];
}

export interface SqlManifest extends CommonManifest {
  readonly format: 'sql';
  /** `per-schema`: each schema is of one instant, but not of the same one as the others. */
  readonly consistency: 'one-instant' | 'per-schema';
  readonly schemas: readonly SqlSchema[];
}

export interface ParallelManifest extends CommonManifest {
  readonly format: 'parallel';
  readonly consistency: 'one-instant';
  /** Where the instant lies in the server's binary log; absent where nobody can tell. */
  readonly position?: BinlogPosition;
  /** Absent in backups of before it was written down. */
  readonly snapshot?: Snapshot;
  /** How often it was begun, as tables were changed meanwhile: 2 or 3; absent where once was enough. */
  readonly attempts?: number;
  readonly schemas: readonly ParallelSchema[];
}

/** The last object written of a backup, and the only proof that there is one. */
export type Manifest = SqlManifest | ParallelManifest;

/** Whoever reads a manifest keeps all of it in memory: 1,000 schemas of 5 GB stay below this, and 30,000 tables. */
export const MAX_MANIFEST_BYTES = 64 * 1024 * 1024;

/** All that is stored of a schema, in the order in which a restore reads it. */
export const filesOf = (schema: StoredSchema): readonly StoredFile[] =>
  'dump' in schema
    ? [schema.dump]
    : [schema.definitions, ...schema.tables.flatMap(({ chunks }) => chunks), schema.objects];

/** Bytes of a schema in S3. */
export const sizeBytesOf = (schema: StoredSchema): number =>
  filesOf(schema).reduce((total, { sizeBytes }) => total + sizeBytes, 0);

/** Bytes of a schema after decompression. */
export const textBytesOf = (schema: StoredSchema): number =>
  'dump' in schema
    ? schema.dump.dumpBytes
    : schema.tables.reduce(
        (total, { bytes }) => total + bytes,
        schema.definitions.dumpBytes + schema.objects.dumpBytes,
      );

/** Where a backup's objects lie: server-made ids only, never names of the user's. */
export const backupPrefix = (databaseId: DatabaseId, backupId: BackupId): string =>
  `databases/${databaseId}/backups/${backupId}/`;
export const manifestKey = (databaseId: DatabaseId, backupId: BackupId): string =>
  `${backupPrefix(databaseId, backupId)}manifest.json`;
/** Where all schemas of one attempt lie. @param attempt from 1 */
const attemptPrefix = (databaseId: DatabaseId, backupId: BackupId, attempt: number): string =>
  `${backupPrefix(databaseId, backupId)}${attempt === 1 ? '' : `attempt-${attempt}/`}schemas/`;
/** Where former attempts have stored what belongs to no backup. @param attempts how many there were, with the last one */
export const formerPrefixes = (
  databaseId: DatabaseId,
  backupId: BackupId,
  attempts: number,
): readonly string[] =>
  Array.from({ length: attempts - 1 }, (_, before) => attemptPrefix(databaseId, backupId, before + 1));
/** @param index the schema's place in the manifest, from 0 */
export const dumpKey = (databaseId: DatabaseId, backupId: BackupId, index: number): string =>
  `${attemptPrefix(databaseId, backupId, 1)}${index}/dump.sql.zst`;

/** Where the objects of a schema lie in format `parallel`. */
export interface ParallelKeys {
  readonly definitions: string;
  readonly objects: string;
  /** @param table its place in the manifest, from 0 @param chunk counted from 0; numbers without rows are left out */
  readonly chunk: (table: number, chunk: number) => string;
}

/** @param index as of `dumpKey` @param attempt from 1: what a former one has stored is of no backup */
export function parallelKeys(
  databaseId: DatabaseId,
  backupId: BackupId,
  index: number,
  attempt: number,
): ParallelKeys {
  const prefix = `${attemptPrefix(databaseId, backupId, attempt)}${index}/`;
  return {
    definitions: `${prefix}schema.sql.zst`,
    objects: `${prefix}objects.sql.zst`,
    chunk: (table, chunk) => `${prefix}rows/${table}/${chunk}.tsv.zst`,
  };
}

/** Whether every object of a manifest lies where these ids say. */
export const isInPlace = (
  { schemas, ...manifest }: Manifest,
  databaseId: DatabaseId,
  backupId: BackupId,
): boolean =>
  schemas.every((schema, index) => {
    if ('dump' in schema) return schema.dump.key === dumpKey(databaseId, backupId, index);
    const { attempts = 1 }: Pick<ParallelManifest, 'attempts'> =
      manifest.format === 'parallel' ? manifest : {};
    const keys = parallelKeys(databaseId, backupId, index, attempts);
    return (
      schema.definitions.key === keys.definitions &&
      schema.objects.key === keys.objects &&
      schema.tables.every(({ chunks }, table) => areInOrder(chunks, (chunk) => keys.chunk(table, chunk)))
    );
  });

/** Each in the place of its number, which grows. */
function areInOrder(chunks: readonly StoredChunk[], keyOf: (chunk: number) => string): boolean {
  let last = -1;
  return chunks.every(({ key }) => {
    const number = Number(/(\d+)\.tsv\.zst$/.exec(key)?.[1]);
    const isNext = number > last && key === keyOf(number);
    last = number;
    return isNext;
  });
}
