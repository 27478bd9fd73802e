import { AbortMultipartUploadCommand, ListMultipartUploadsCommand } from '@aws-sdk/client-s3';
import type { UnfinishedUpload } from '../core/ports.ts';
import { type Bucket, briefly, s3ErrorName, s3Failure } from './s3-errors.ts';

/** Parts in flight may outlive an abort, which then has to be repeated. A part takes seconds, so that this is enough. */
const MAX_ABORTS = 5;
/** In all: whoever cancelled a run waits for this. What is left then is for the next sweep, or a rule of the bucket. */
const ABORT_MS = 4_000;

/** @see ObjectStore.listUploads */
export async function* listUploads(bucket: Bucket, prefix: string): AsyncGenerator<UnfinishedUpload> {
  let marker: { readonly KeyMarker?: string | undefined; readonly UploadIdMarker?: string | undefined } = {};
  for (;;) {
    const page = await bucket.s3
      .send(new ListMultipartUploadsCommand({ Bucket: bucket.name, Prefix: prefix, ...marker }), briefly())
      .catch((error: unknown) => {
        throw s3Failure('unavailable', `list uploads under ${prefix}`, error);
      });
    for (const { Key: key, UploadId: uploadId } of page.Uploads ?? []) {
      if (key !== undefined && uploadId !== undefined) yield { key, uploadId };
    }
    if (!page.IsTruncated) return;
    marker = { KeyMarker: page.NextKeyMarker, UploadIdMarker: page.NextUploadIdMarker };
  }
}

/**
 * Aborts until S3 no longer knows the upload: a part that S3 was still receiving may arrive after an abort. An attempt
 * that fails is followed by the next one as well.
 * @see ObjectStore.abortUpload
 * @see https://docs.aws.amazon.com/AmazonS3/latest/API/API_AbortMultipartUpload.html
 */
export async function abortUpload(bucket: Bucket, { key, uploadId }: UnfinishedUpload): Promise<void> {
  const abortSignal = AbortSignal.timeout(ABORT_MS);
  let failure: unknown;
  for (let aborts = 0; aborts < MAX_ABORTS && !abortSignal.aborted; aborts += 1) {
    failure = undefined;
    try {
      await bucket.s3.send(
        new AbortMultipartUploadCommand({ Bucket: bucket.name, Key: key, UploadId: uploadId }),
        { abortSignal },
      );
    } catch (error) {
      if (s3ErrorName(error) === 'NoSuchUpload') return;
      failure = error;
    }
  }
  if (failure !== undefined) throw s3Failure('unavailable', `abort ${key}`, failure);
}
