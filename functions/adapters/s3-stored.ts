import { HeadObjectCommand } from '@aws-sdk/client-s3';
import type { WrittenObject } from '../core/ports.ts';
import type { Bucket } from './s3-errors.ts';

/**
 * The object that a write left behind whose answer we did not get.
 * @param checksum S3's SHA-256 of it: base64, for multipart objects composite with `-<parts>` at its end
 * @returns nothing where there is none, where it is not ours, or where that cannot be found out
 */
export async function findStored(
  bucket: Bucket,
  key: string,
  checksum: string,
): Promise<WrittenObject | undefined> {
  try {
    const head = await bucket.s3.send(
      new HeadObjectCommand({ Bucket: bucket.name, Key: key, ChecksumMode: 'ENABLED' }),
    );
    if (head.ChecksumSHA256 !== checksum || head.VersionId === undefined) return undefined;
    return { versionId: head.VersionId };
  } catch {
    // The error of the write itself is the one to tell.
    return undefined;
  }
}
