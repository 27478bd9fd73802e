import type { WrittenObject } from '../core/ports.ts';
import { throwIfOver } from '../engine/deadline.ts';
import type { Part } from '../engine/part.ts';
import { SafeBaseError } from '../errors.ts';
import type { Bucket } from './s3-errors.ts';
import { MultipartUpload } from './s3-multipart-upload.ts';

/** Parts that are under way at once: with the one that is being made, three are in memory. */
const PARTS_IN_FLIGHT = 2;

/** Sends parts as one multipart upload. @see ObjectStore.writeParts, whose promises it keeps */
export async function uploadParts(
  bucket: Bucket,
  key: string,
  parts: AsyncIterable<Part>,
  signal: AbortSignal = new AbortController().signal,
): Promise<WrittenObject> {
  let upload: MultipartUpload | undefined;
  const inFlight = new Set<Promise<void>>();
  try {
    for await (const part of parts) {
      // Only now: a source that fails before its first part leaves nothing behind.
      upload ??= await MultipartUpload.begin(bucket, key, signal);
      const sending = upload.send(part).then(part.release);
      inFlight.add(sending);
      // A failure is thrown by the race or by the wait for all; here it must only not count as unhandled.
      sending.then(() => inFlight.delete(sending)).catch(() => undefined);
      if (inFlight.size >= PARTS_IN_FLIGHT) await Promise.race(inFlight);
    }
    await Promise.all(inFlight);
    if (upload === undefined) throw new SafeBaseError('upload_failed', `there is nothing to write to ${key}`);
    return await upload.complete();
  } catch (error) {
    upload?.cut();
    await Promise.allSettled(inFlight);
    await upload?.abandon();
    throwIfOver(signal);
    throw error;
  }
}
