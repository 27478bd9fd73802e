import { ListObjectVersionsCommand } from '@aws-sdk/client-s3';
import { type Bucket, briefly, s3Failure } from './s3-errors.ts';

/** The newest version of each object; delete markers are passed over. @see ObjectStore.list */
export async function* listNewest(
  bucket: Bucket,
  prefix: string,
  after?: string,
): AsyncGenerator<{ readonly key: string; readonly versionId: string }> {
  let marker: { readonly KeyMarker?: string | undefined; readonly VersionIdMarker?: string | undefined } = {
    KeyMarker: after,
  };
  // S3 lists the versions of one key together, the newest first, also over the border of two pages.
  let last = '';
  for (;;) {
    const page = await bucket.s3
      .send(new ListObjectVersionsCommand({ Bucket: bucket.name, Prefix: prefix, ...marker }), briefly())
      .catch((error: unknown) => {
        throw s3Failure('unavailable', `list ${prefix}`, error);
      });
    for (const { Key: key, VersionId: versionId } of page.Versions ?? []) {
      if (key === undefined || versionId === undefined || key === last) continue;
      last = key;
      yield { key, versionId };
    }
    if (!page.IsTruncated) return;
    marker = { KeyMarker: page.NextKeyMarker, VersionIdMarker: page.NextVersionIdMarker };
  }
}
