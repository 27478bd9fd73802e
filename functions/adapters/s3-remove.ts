import { DeleteObjectsCommand, ListObjectVersionsCommand, type ObjectIdentifier } from '@aws-sdk/client-s3';
import { SafeBaseError } from '../errors.ts';
import { type Bucket, briefly, s3Failure } from './s3-errors.ts';
import { abortUpload, listUploads } from './s3-unfinished.ts';

/** As many as DeleteObjects takes. @see https://docs.aws.amazon.com/AmazonS3/latest/API/API_DeleteObjects.html */
const BATCH = 1_000;

/** Removes versions, delete markers and unfinished uploads. @see ObjectStore.removeAll */
export async function removeAll(bucket: Bucket, prefix: string): Promise<void> {
  // Without its slash a prefix would also match the neighbour whose id begins alike.
  if (!/[^/]\/$/.test(prefix)) throw new SafeBaseError('internal', `${prefix} is no folder to remove`);
  try {
    await removeUploads(bucket, prefix);
    await removeVersions(bucket, prefix);
  } catch (error) {
    throw s3Failure('unavailable', `remove ${prefix}`, error);
  }
}

/** The first page is read again after each deletion: it then holds what is left, also what came meanwhile. */
async function removeVersions(bucket: Bucket, prefix: string): Promise<void> {
  for (;;) {
    const page = await bucket.s3.send(
      new ListObjectVersionsCommand({ Bucket: bucket.name, Prefix: prefix, MaxKeys: BATCH }),
      briefly(),
    );
    const found = [...(page.Versions ?? []), ...(page.DeleteMarkers ?? [])];
    if (found.length === 0) return;
    const objects: ObjectIdentifier[] = found.map(({ Key, VersionId }) => ({ Key, VersionId }));
    const { Errors: refused = [] } = await bucket.s3.send(
      new DeleteObjectsCommand({ Bucket: bucket.name, Delete: { Objects: objects, Quiet: true } }),
      briefly(),
    );
    const [first] = refused;
    if (first !== undefined) {
      throw new SafeBaseError(
        'unavailable',
        `S3 keeps ${refused.length} of ${objects.length} objects under ${prefix} (${first.Code})`,
        { hint: 'Look whether a retention or legal hold lies on the objects, then delete again.' },
      );
    }
  }
}

/** Lists again until none is left, also of those that came meanwhile. */
async function removeUploads(bucket: Bucket, prefix: string): Promise<void> {
  for (let found = true; found; ) {
    found = false;
    for await (const upload of listUploads(bucket, prefix)) {
      found = true;
      await abortUpload(bucket, upload);
    }
  }
}
