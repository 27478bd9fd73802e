import { GetObjectCommand } from '@aws-sdk/client-s3';
import { getSignedUrl } from '@aws-sdk/s3-request-presigner';
import type { DownloadLinks } from '../core/ports.ts';
import { type Bucket, s3Failure } from './s3-errors.ts';

/** Presigned GETs of one version each: signing asks nobody, so that a link is no proof that the object is there. */
export const s3DownloadLinks = (bucket: Bucket): DownloadLinks => ({
  sign: ({ key, versionId, fileName }, expiresInSeconds) =>
    getSignedUrl(
      bucket.s3,
      new GetObjectCommand({
        Bucket: bucket.name,
        Key: key,
        VersionId: versionId,
        ResponseContentDisposition: attachment(fileName),
      }),
      { expiresIn: expiresInSeconds },
    ).catch((error: unknown) => {
      throw s3Failure('unavailable', `sign a download of ${key}`, error);
    }),
});

/** The name in both forms of RFC 6266: plain for old clients, and encoded whole. */
function attachment(fileName: string): string {
  const plain = fileName.replaceAll(/[^\w.-]/g, '_');
  const encoded = encodeURIComponent(fileName).replaceAll(
    /['()*]/g,
    (sign) => `%${sign.charCodeAt(0).toString(16).toUpperCase()}`,
  );
  return `attachment; filename="${plain}"; filename*=UTF-8''${encoded}`;
}
