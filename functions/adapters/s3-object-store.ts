import { createHash } from 'node:crypto';
import { PutObjectCommand } from '@aws-sdk/client-s3';
import type { ObjectStore, WrittenObject } from '../core/ports.ts';
import { throwIfOver } from '../engine/deadline.ts';
import { knownBodyHash } from './s3-body-hash.ts';
import { type Bucket, isPlainRefusal, s3Failure } from './s3-errors.ts';
import { listNewest } from './s3-list.ts';
import { readObject } from './s3-read.ts';
import { removeAll } from './s3-remove.ts';
import { findStored } from './s3-stored.ts';
import { abortUpload, listUploads } from './s3-unfinished.ts';
import { uploadParts } from './s3-upload.ts';

/** Objects in one versioned bucket, whose default encryption applies. */
export const s3ObjectStore = (bucket: Bucket): ObjectStore => ({
  writeParts: (key, parts, signal) => uploadParts(bucket, key, parts, signal),
  writeOnce: (key, body, contentType, signal, sha256 = sha256Of(body)) =>
    writeOnce(bucket, { key, body, contentType, sha256 }, signal),
  read: (key, versionId, range, signal) => readObject(bucket, { key, versionId, range }, signal),
  list: (prefix, after) => listNewest(bucket, prefix, after),
  listUploads: (prefix) => listUploads(bucket, prefix),
  abortUpload: (upload) => abortUpload(bucket, upload),
  removeAll: (prefix) => removeAll(bucket, prefix),
});

const sha256Of = (body: Buffer): string => createHash('sha256').update(body).digest('hex');

/** What is asked for without a signal is small, and somebody waits for it. */
const WRITE_MS = 20_000;

interface SmallObject {
  readonly key: string;
  readonly body: Buffer;
  readonly contentType: string;
  /** Hex. */
  readonly sha256: string;
}

async function writeOnce(
  bucket: Bucket,
  { key, body, contentType, sha256 }: SmallObject,
  signal?: AbortSignal,
): Promise<WrittenObject> {
  if (signal !== undefined) throwIfOver(signal);
  const abortSignal = signal ?? AbortSignal.timeout(WRITE_MS);
  const checksum = Buffer.from(sha256, 'hex').toString('base64');
  try {
    const command = new PutObjectCommand({
      Bucket: bucket.name,
      Key: key,
      Body: body,
      ContentType: contentType,
      ChecksumSHA256: checksum,
      IfNoneMatch: '*',
    });
    command.middlewareStack.add(knownBodyHash(sha256), { step: 'build' });
    const { VersionId: versionId } = await bucket.s3.send(command, { abortSignal });
    if (versionId !== undefined) return { versionId };
    throw new Error('the bucket keeps no versions');
  } catch (error) {
    // The answer may have been lost and the repetition refused: what counts is whether our bytes lie there.
    const stored = await findStored(bucket, key, checksum, abortSignal);
    if (stored !== undefined) return stored;
    if (signal !== undefined) throwIfOver(signal);
    throw s3Failure('upload_failed', `write ${key}`, error, { refused: isPlainRefusal(error) });
  }
}
