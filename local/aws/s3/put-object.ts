/** PutObject, and what every way of writing an object ends with. */
import { randomBytes } from 'node:crypto';
import { AwsError } from '../aws-error.ts';
import type { Answer } from './answer.ts';
import type { BucketCall } from './call.ts';
import { type Checksum, headerOf } from './checksums.ts';
import { readClaims } from './claims.ts';
import { checkWrite, isConditional } from './conditions.ts';
import { encryptionHeaders, readDraft } from './draft.ts';
import { receiveFile } from './intake.ts';
import { insertVersion, latestVersion, type NewVersion, type Version } from './version-records.ts';

export async function putObject(call: BucketCall): Promise<Answer> {
  const { request, bucket, store, nowMs } = call;
  const draft = readDraft(request.headers, bucket, nowMs);
  const claims = readClaims(request);
  if (draft.lock.mode !== undefined && claims.algorithm === undefined && claims.md5 === undefined) {
    throw new AwsError(
      400,
      'InvalidRequest',
      'Content-MD5 OR x-amz-checksum- HTTP header is required for Put Object requests with Object Lock parameters',
    );
  }
  call.keyArn(draft.encryption.keyId);
  const algorithm = claims.algorithm ?? 'CRC64NVME';
  const hashed = draft.encryption.algorithm === 'AES256';
  const version = await conditionally(call, async () => {
    const received = await receiveFile(
      request,
      claims,
      store.bodies,
      hashed ? [algorithm, 'MD5'] : [algorithm],
    );
    const value = received.digests.get(algorithm)?.toString('base64') ?? '';
    return {
      key: request.key,
      size: received.size,
      // With KMS an ETag is no MD5, only different for each upload; that spares hashing everything once more.
      etag: (hashed ? received.digests.get('MD5') : undefined)?.toString('hex') ?? opaqueETag(),
      modifiedMs: call.nowMs,
      checksum: { algorithm, type: 'FULL_OBJECT', value },
      multipart: false,
      draft,
      parts: [{ number: 1, body: received.body, size: received.size }],
    };
  });
  return {
    headers: {
      ETag: `"${version.etag}"`,
      'x-amz-version-id': versionHeader(call, version),
      ...encryptionHeaders(version.encryption, call.keyArn),
      ...checksumHeaders(version.checksum),
    },
  };
}

/**
 * Writes an object if the request's conditions hold at the end.
 * @param make brings the bytes to the disk; they are removed again where the condition fails
 */
export async function conditionally(
  call: BucketCall,
  make: () => Promise<NewVersion>,
  alongside: () => void = () => undefined,
): Promise<Version> {
  const { request, bucket, store } = call;
  const watch = call.conflicts.watch(bucket.name, request.key);
  const conditional = isConditional(request.headers);
  try {
    const made = await make();
    let written: ReturnType<typeof insertVersion>;
    try {
      written = store.transact(() => {
        if (conditional) watch.check();
        checkWrite(request.headers, latestVersion(store, bucket.name, request.key));
        alongside();
        return insertVersion(store, bucket, made);
      });
    } catch (error) {
      if (!made.multipart) await store.bodies.remove(made.parts.map((part) => part.body));
      throw error;
    }
    await store.bodies.remove(written.freed);
    return written.version;
  } finally {
    watch.end();
  }
}

/** As long as an MD5, and as AWS says, not one. */
export const opaqueETag = (): string => randomBytes(16).toString('hex');

/** Only a bucket that keeps versions, or kept them once, speaks of them. */
export const versionHeader = ({ bucket }: BucketCall, { versionId }: Version): string | undefined =>
  bucket.settings.versioning === undefined ? undefined : versionId;

export const checksumHeaders = (checksum: Checksum | undefined): Record<string, string> =>
  checksum === undefined
    ? {}
    : { [headerOf(checksum.algorithm)]: checksum.value, 'x-amz-checksum-type': checksum.type };
