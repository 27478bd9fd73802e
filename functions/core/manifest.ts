import type { Loss, SchemaContents, ServerInfo, TableRows } from '../engine/contents.ts';
import type { PartRecord } from '../engine/part.ts';
import type { BackupId, DatabaseId } from './ids.ts';
import type { Comparison } from './shrunk.ts';

/** A stored object: its place, and all that a reader needs to trust it. */
export interface StoredObject {
  readonly key: string;
  readonly versionId: string;
  readonly sizeBytes: number;
  /** Hex, over all parts in order. */
  readonly sha256: string;
  readonly parts: readonly PartRecord[];
  /** Bytes after decompression: a reader stops at one more (archive bombs). */
  readonly dumpBytes: number;
}

/** A schema as it was dumped. */
export interface StoredSchema extends SchemaContents {
  /** What the dump holds of each table; absent where nobody can read it. */
  readonly tables?: readonly TableRows[];
  /** When the tool was started; its snapshot is not older. */
  readonly instant: string;
  readonly dump: StoredObject;
}

/** The last object written of a backup, and the only proof that there is one. */
export interface Manifest extends Comparison {
  readonly manifestVersion: 1;
  readonly format: 'sql';
  readonly backupId: BackupId;
  readonly databaseId: DatabaseId;
  readonly startedAt: string;
  readonly completedAt: string;
  readonly server: ServerInfo;
  /** `per-schema`: each schema is of one instant, but not of the same one as the others. */
  readonly consistency: 'one-instant' | 'per-schema';
  readonly program: { readonly name: 'mariadb-dump' | 'mysqldump'; readonly version: string };
  readonly compression: 'zstd';
  readonly schemas: readonly StoredSchema[];
  readonly losses: readonly Loss[];
  /** What no backup of SafeBase holds. */
  readonly notCovered: readonly string[];
}

/** Where a backup's objects lie: server-made ids only, never names of the user's. */
export const backupPrefix = (databaseId: DatabaseId, backupId: BackupId): string =>
  `databases/${databaseId}/backups/${backupId}/`;
export const manifestKey = (databaseId: DatabaseId, backupId: BackupId): string =>
  `${backupPrefix(databaseId, backupId)}manifest.json`;
/** @param index the schema's place in the manifest, from 0 */
export const dumpKey = (databaseId: DatabaseId, backupId: BackupId, index: number): string =>
  `${backupPrefix(databaseId, backupId)}schemas/${index}/dump.sql.zst`;
