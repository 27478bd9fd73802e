/** What every way of writing an object ends with: conditions and the new version, in one transaction. */
import { randomBytes } from 'node:crypto';
import { bucketNamed } from './bucket-records.ts';
import type { BucketCall, Watch } from './call.ts';
import { type Checksum, headerOf } from './checksums.ts';
import { checkWrite, isConditional } from './conditions.ts';
import { insertVersion, latestVersion, type NewVersion, type Version } from './version-records.ts';

interface Steps<T> {
  /** Brings bytes to the disk. */
  readonly receive: () => Promise<T>;
  /** Describes the object; runs inside the transaction, so that it may change what else belongs to the write. */
  readonly make: (received: T) => NewVersion;
  /** Takes the bytes away again, where the write failed. */
  readonly discard: (received: T) => Promise<void>;
}

/**
 * Writes an object if the request's conditions hold at the end.
 * @throws AwsError `PreconditionFailed`, `ConditionalRequestConflict`, `NoSuchBucket` (removed meanwhile)
 */
export async function writeObject<T>(call: BucketCall, steps: Steps<T>): Promise<Version> {
  const watch = call.conflicts.watch(call.bucket.name, call.request.key);
  try {
    const received = await steps.receive();
    const { version, freed } = await commit(call, steps, received, watch);
    await call.store.bodies.remove(freed);
    return version;
  } finally {
    watch.end();
  }
}

async function commit<T>(call: BucketCall, steps: Steps<T>, received: T, watch: Watch) {
  const { request, store } = call;
  try {
    return store.transact(() => {
      const bucket = bucketNamed(store, call.bucket.name);
      if (isConditional(request.headers)) watch.check();
      checkWrite(request.headers, latestVersion(store, bucket.name, request.key));
      return insertVersion(store, bucket, steps.make(received));
    });
  } catch (error) {
    await steps.discard(received);
    throw error;
  }
}

/** As long as an MD5, and as AWS says of KMS, not one. */
export const opaqueETag = (): string => randomBytes(16).toString('hex');

/** Only a bucket that keeps versions, or kept them once, speaks of them. */
export const versionHeader = ({ bucket }: BucketCall, { versionId }: Version): string | undefined =>
  bucket.settings.versioning === undefined ? undefined : versionId;

export const checksumHeaders = (checksum: Checksum | undefined): Record<string, string> =>
  checksum === undefined
    ? {}
    : { [headerOf(checksum.algorithm)]: checksum.value, 'x-amz-checksum-type': checksum.type };
