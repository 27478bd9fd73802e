/** Object versions as they are stored: the newest of a key is its latest, whatever it is. */
import { randomBytes } from 'node:crypto';
import { AwsError } from '../aws-error.ts';
import type { Bucket, Encryption, LockMode } from './bucket-records.ts';
import type { Checksum } from './checksums.ts';
import { nextSequence, type Row, type Store } from './store.ts';

export interface Lock {
  readonly mode?: LockMode;
  readonly retainUntilMs?: number;
  readonly legalHold?: boolean;
}
export type Tags = readonly (readonly [key: string, value: string])[];

/** What is known of an object before its bytes are. */
export interface Draft {
  /** Content-Type and its like, by lower-case name. */
  readonly headers: Readonly<Record<string, string>>;
  /** By name without `x-amz-meta-`. */
  readonly metadata: Readonly<Record<string, string>>;
  readonly storageClass: string;
  readonly encryption: Encryption;
  readonly tags: Tags;
  readonly lock: Lock;
}

/** A stretch of an object that lies in a file of its own. */
export interface StoredPart {
  readonly number: number;
  readonly body: string;
  readonly size: number;
  /** Base64, of this part alone. */
  readonly checksum?: string;
}

export interface Version extends Draft {
  readonly seq: number;
  readonly bucket: string;
  readonly key: string;
  /** `null` (the text) where the bucket did not keep versions. */
  readonly versionId: string;
  readonly latest: boolean;
  readonly deleteMarker: boolean;
  readonly size: number;
  /** Without quotes. */
  readonly etag: string;
  readonly modifiedMs: number;
  readonly checksum?: Checksum;
  readonly multipart: boolean;
}

export type NewVersion = Pick<Version, 'key' | 'size' | 'etag' | 'modifiedMs' | 'multipart'> &
  Partial<Pick<Version, 'checksum'>> & { readonly draft: Draft; readonly parts: readonly StoredPart[] };

const EMPTY_DRAFT: Draft = {
  headers: {},
  metadata: {},
  storageClass: 'STANDARD',
  encryption: { algorithm: 'AES256' },
  tags: [],
  lock: {},
};

export function latestVersion(store: Store, bucket: string, key: string): Version | undefined {
  const row = store.first('SELECT * FROM versions WHERE bucket = ? AND key = ? AND latest = 1', bucket, key);
  return row === undefined ? undefined : versionOf(row);
}

/** @throws AwsError `InvalidArgument` (no version id at all), `NoSuchVersion` */
export function versionNamed(store: Store, bucket: string, key: string, versionId: string): Version {
  const version = findVersion(store, bucket, key, versionId);
  if (version === undefined) {
    throw new AwsError(404, 'NoSuchVersion', 'The specified version does not exist.', {
      Key: key,
      VersionId: versionId,
    });
  }
  return version;
}

/** @throws AwsError `InvalidArgument` */
export function findVersion(
  store: Store,
  bucket: string,
  key: string,
  versionId: string,
): Version | undefined {
  if (versionId !== 'null' && sequenceOf(versionId) === undefined) {
    throw new AwsError(400, 'InvalidArgument', 'Invalid version id specified', {
      ArgumentName: 'versionId',
      ArgumentValue: versionId,
    });
  }
  const row = store.first(
    'SELECT * FROM versions WHERE bucket = ? AND key = ? AND version_id = ?',
    bucket,
    key,
    versionId,
  );
  return row === undefined ? undefined : versionOf(row);
}

/** Where a version id stands in the order of writing, even if the version is gone. */
export function sequenceOf(versionId: string): number | undefined {
  return /^[0-9a-f]{12}[A-Za-z0-9_-]{20}$/.test(versionId)
    ? Number.parseInt(versionId.slice(0, 12), 16)
    : undefined;
}

export const partsOf = (store: Store, seq: number): readonly StoredPart[] =>
  store.all('SELECT * FROM version_parts WHERE seq = ? ORDER BY number', seq).map((row) => ({
    number: Number(row.number),
    body: String(row.body),
    size: Number(row.size),
    ...(row.checksum === null ? {} : { checksum: String(row.checksum) }),
  }));

/**
 * Makes a version the latest of its key; where the bucket keeps none, it takes the place of the one before.
 * To be called inside a transaction.
 * @returns the version, and the bodies that nothing refers to any more
 */
export function insertVersion(
  store: Store,
  bucket: Bucket,
  version: NewVersion & { readonly deleteMarker?: boolean },
): { readonly version: Version; readonly freed: readonly string[] } {
  const seq = nextSequence(store);
  const keeps = bucket.settings.versioning === 'Enabled';
  const versionId = keeps
    ? `${seq.toString(16).padStart(12, '0')}${randomBytes(15).toString('base64url')}`
    : 'null';
  const replaced = keeps ? undefined : findVersion(store, bucket.name, version.key, 'null');
  const freed = replaced === undefined ? [] : deleteRows(store, replaced.seq);
  const { headers, metadata, storageClass, encryption, tags, lock } = version.draft;
  const { checksum, multipart } = version;
  store.run(
    'UPDATE versions SET latest = 0 WHERE bucket = ? AND key = ? AND latest = 1',
    bucket.name,
    version.key,
  );
  store.run(
    'INSERT INTO versions VALUES (?, ?, ?, ?, 1, ?, ?, ?, ?, ?, ?, ?)',
    ...[seq, bucket.name, version.key, versionId, version.deleteMarker === true ? 1 : 0],
    ...[version.size, version.etag, version.modifiedMs],
    JSON.stringify({ headers, metadata, storageClass, encryption, checksum, multipart }),
    JSON.stringify(tags),
    JSON.stringify(lock),
  );
  for (const part of version.parts) {
    store.run(
      'INSERT INTO version_parts VALUES (?, ?, ?, ?, ?)',
      ...[seq, part.number, part.body, part.size, part.checksum ?? null],
    );
  }
  return { version: versionNamed(store, bucket.name, version.key, versionId), freed };
}

/** Makes a delete marker the latest of its key. To be called inside a transaction. */
export function insertDeleteMarker(store: Store, bucket: Bucket, key: string, nowMs: number) {
  const nothing = { size: 0, etag: '', multipart: false, draft: EMPTY_DRAFT, parts: [] };
  return insertVersion(store, bucket, { key, modifiedMs: nowMs, ...nothing, deleteMarker: true });
}

/** Removes a version for good. To be called inside a transaction. @returns the bodies to remove after it */
export function deleteVersion(store: Store, version: Version): readonly string[] {
  const freed = deleteRows(store, version.seq);
  store.run(
    'UPDATE versions SET latest = 1 WHERE seq = (SELECT max(seq) FROM versions WHERE bucket = ? AND key = ?)',
    version.bucket,
    version.key,
  );
  return freed;
}

export function setTags(store: Store, version: Version, tags: Tags): void {
  store.run('UPDATE versions SET tags = ? WHERE seq = ?', JSON.stringify(tags), version.seq);
}

export function setLock(store: Store, version: Version, lock: Lock): void {
  store.run('UPDATE versions SET lock = ? WHERE seq = ?', JSON.stringify(lock), version.seq);
}

function deleteRows(store: Store, seq: number): readonly string[] {
  const bodies = partsOf(store, seq).map((part) => part.body);
  store.run('DELETE FROM version_parts WHERE seq = ?', seq);
  store.run('DELETE FROM versions WHERE seq = ?', seq);
  return bodies;
}

// The JSON columns were written by insertVersion, setTags and setLock alone.
export const versionOf = (row: Row): Version => ({
  ...(JSON.parse(String(row.properties)) as Omit<Draft, 'tags' | 'lock'> &
    Pick<Version, 'checksum' | 'multipart'>),
  tags: JSON.parse(String(row.tags)) as Tags,
  lock: JSON.parse(String(row.lock)) as Lock,
  seq: Number(row.seq),
  bucket: String(row.bucket),
  key: String(row.key),
  versionId: String(row.version_id),
  latest: row.latest === 1,
  deleteMarker: row.delete_marker === 1,
  size: Number(row.size),
  etag: String(row.etag),
  modifiedMs: Number(row.modified_ms),
});
