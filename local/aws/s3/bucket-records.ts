/** Buckets and their settings as they are stored. */
import { AwsError } from '../aws-error.ts';
import type { BucketPolicy } from './policy.ts';
import type { Row, Store } from './store.ts';

export type LockMode = 'GOVERNANCE' | 'COMPLIANCE';

export interface Encryption {
  readonly algorithm: 'AES256' | 'aws:kms';
  /** Id, alias or ARN; absent for the key that AWS manages. */
  readonly keyId?: string;
  readonly bucketKey?: boolean;
}

export interface LifecycleRule {
  readonly id: string;
  readonly enabled: boolean;
  readonly prefix: string;
  readonly expirationDays?: number;
  readonly removeLoneMarkers?: boolean;
  readonly noncurrentDays?: number;
  readonly abortUploadDays?: number;
}

export interface BucketSettings {
  /** Absent: never enabled. */
  readonly versioning?: 'Enabled' | 'Suspended';
  /** Needs versioning, and stays once it is on. */
  readonly objectLock?: { readonly mode?: LockMode; readonly days?: number };
  /** What uploads get that ask for nothing. @default AES256, as on AWS */
  readonly encryption?: Encryption;
  readonly policy?: BucketPolicy;
  readonly lifecycle?: readonly LifecycleRule[];
  /** Which of the four blocks are on. */
  readonly publicAccessBlock?: Readonly<Record<string, boolean>>;
}

export interface Bucket {
  readonly name: string;
  readonly createdMs: number;
  readonly settings: BucketSettings;
}

export function findBucket(store: Store, name: string): Bucket | undefined {
  const row = store.first('SELECT * FROM buckets WHERE name = ?', name);
  return row === undefined ? undefined : bucketOf(row);
}

/** @throws AwsError `NoSuchBucket` */
export function bucketNamed(store: Store, name: string): Bucket {
  const bucket = findBucket(store, name);
  if (bucket === undefined) {
    throw new AwsError(404, 'NoSuchBucket', 'The specified bucket does not exist', { BucketName: name });
  }
  return bucket;
}

export const allBuckets = (store: Store): readonly Bucket[] =>
  store.all('SELECT * FROM buckets ORDER BY name').map(bucketOf);

export function saveBucket(store: Store, bucket: Bucket): void {
  store.run(
    'INSERT INTO buckets (name, created_ms, settings) VALUES (?, ?, ?) ON CONFLICT (name) DO UPDATE SET settings = excluded.settings',
    bucket.name,
    bucket.createdMs,
    JSON.stringify(bucket.settings),
  );
}

/** @throws AwsError `BucketNotEmpty` */
export function removeBucket(store: Store, name: string): void {
  const used = store.first(
    'SELECT 1 FROM versions WHERE bucket = ?1 UNION ALL SELECT 1 FROM uploads WHERE bucket = ?1 LIMIT 1',
    name,
  );
  if (used !== undefined) {
    throw new AwsError(
      409,
      'BucketNotEmpty',
      'The bucket you tried to delete is not empty. You must delete all versions in the bucket.',
    );
  }
  store.run('DELETE FROM buckets WHERE name = ?', name);
}

// The settings were written by saveBucket alone.
const bucketOf = (row: Row): Bucket => ({
  name: String(row.name),
  createdMs: Number(row.created_ms),
  settings: JSON.parse(String(row.settings)) as BucketSettings,
});
