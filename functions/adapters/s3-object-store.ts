import { createHash } from 'node:crypto';
import { PutObjectCommand } from '@aws-sdk/client-s3';
import type { ObjectStore, WrittenObject } from '../core/ports.ts';
import { type Bucket, s3Failure } from './s3-errors.ts';
import { listNewest } from './s3-list.ts';
import { readObject } from './s3-read.ts';
import { removeAll } from './s3-remove.ts';
import { findStored } from './s3-stored.ts';
import { abortUpload, listUploads } from './s3-unfinished.ts';
import { uploadParts } from './s3-upload.ts';

/** Objects in one versioned bucket, whose default encryption applies. */
export const s3ObjectStore = (bucket: Bucket): ObjectStore => ({
  writeParts: (key, parts, signal) => uploadParts(bucket, key, parts, signal),
  writeOnce: (key, body, contentType) => writeOnce(bucket, key, body, contentType),
  read: (key, versionId, range) => readObject(bucket, key, versionId, range),
  list: (prefix, after) => listNewest(bucket, prefix, after),
  listUploads: (prefix) => listUploads(bucket, prefix),
  abortUpload: (upload) => abortUpload(bucket, upload),
  removeAll: (prefix) => removeAll(bucket, prefix),
});

async function writeOnce(
  bucket: Bucket,
  key: string,
  body: Buffer,
  contentType: string,
): Promise<WrittenObject> {
  const checksum = createHash('sha256').update(body).digest('base64');
  try {
    const { VersionId: versionId } = await bucket.s3.send(
      new PutObjectCommand({
        Bucket: bucket.name,
        Key: key,
        Body: body,
        ContentType: contentType,
        ChecksumSHA256: checksum,
        IfNoneMatch: '*',
      }),
    );
    if (versionId !== undefined) return { versionId };
    throw new Error('the bucket keeps no versions');
  } catch (error) {
    // The answer may have been lost and the repetition refused: what counts is whether our bytes lie there.
    const stored = await findStored(bucket, key, checksum);
    if (stored !== undefined) return stored;
    throw s3Failure('upload_failed', `write ${key}`, error);
  }
}
