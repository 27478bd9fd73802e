import { HeadObjectCommand } from '@aws-sdk/client-s3';
import type { WrittenObject } from '../core/ports.ts';
import type { Bucket } from './s3-errors.ts';

/** How long a look may take once the time of the write is over: whoever cancelled waits for it. */
const LATE_LOOK_MS = 1_500;

/**
 * The object that a write left behind whose answer we did not get.
 * @param checksum S3's SHA-256 of it: base64, for multipart objects composite with `-<parts>` at its end
 * @param signal of the write; where it has aborted, there are some moments left to look
 * @returns nothing where there is none, where it is not ours, or where that cannot be found out
 */
export async function findStored(
  bucket: Bucket,
  key: string,
  checksum: string,
  signal: AbortSignal,
): Promise<WrittenObject | undefined> {
  const abortSignal = signal.aborted ? AbortSignal.timeout(LATE_LOOK_MS) : signal;
  try {
    const head = await bucket.s3.send(
      new HeadObjectCommand({ Bucket: bucket.name, Key: key, ChecksumMode: 'ENABLED' }),
      { abortSignal },
    );
    if (head.ChecksumSHA256 !== checksum || head.VersionId === undefined) return undefined;
    return { versionId: head.VersionId };
  } catch {
    // The error of the write itself is the one to tell.
    return undefined;
  }
}
