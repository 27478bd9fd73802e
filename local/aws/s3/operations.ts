/** Every operation that this endpoint has, and how a request is known to mean it; any other answers 501. */
import { bucketArn, type Use } from './access.ts';
import * as settings from './bucket-settings.ts';
import { createBucket, deleteBucket, headBucket, listBuckets } from './buckets.ts';
import type { BucketCall, Call, Run } from './call.ts';
import { completeMultipartUpload } from './complete-upload.ts';
import { copyObject } from './copy-object.ts';
import { deleteObject, deleteObjects } from './delete-object.ts';
import { listObjectsV2, listObjectVersions } from './listing.ts';
import { abortMultipartUpload, createMultipartUpload, uploadPart } from './multipart.ts';
import { getObjectAttributes } from './object-attributes.ts';
import * as object from './object-settings.ts';
import * as policy from './policy-settings.ts';
import { putObject } from './put-object.ts';
import { getObject, headObject, RESPONSE_PARAMETERS } from './read-object.ts';
import { notImplemented, type S3Request } from './request.ts';
import { listMultipartUploads, listParts } from './upload-listing.ts';
import { bypassUse, objectUses } from './uses.ts';

export type Operation = {
  /** What the caller must be allowed. */
  readonly uses: (request: S3Request) => readonly Use[];
} & (
  | { readonly needsBucket: true; readonly run: Run<BucketCall> }
  | { readonly needsBucket: false; readonly run: Run<Call> }
);

interface Route {
  /** Method and target: `PUT object`. */
  readonly at: string;
  /** Parameters of the query that tell the operation, all of which must be there. */
  readonly by: readonly string[];
  /** Parameters that it takes besides. */
  readonly takes: readonly string[];
  readonly operation: Operation;
}

/** Parameters that carry a signature or a hint of the SDK, and mean nothing to any operation. */
const IGNORED = new Set(
  'Algorithm Content-Sha256 Credential Date Expires Signature SignedHeaders Security-Token'
    .split(' ')
    .map((name) => `X-Amz-${name}`)
    .concat('x-id'),
);
const COPY_SOURCE = 'x-amz-copy-source';
const words = (text: string): string[] => text.split(' ').filter(Boolean);

const LIST = ['prefix', 'delimiter', 'max-keys', 'encoding-type'];
const UPLOADS = ['prefix', 'encoding-type', 'max-uploads', 'key-marker', 'upload-id-marker'];
const READ = ['versionId', 'partNumber', ...Object.keys(RESPONSE_PARAMETERS)];
const onNothing = (at: string, run: Run<Call>, use: (request: S3Request) => Use): Route => ({
  at,
  by: [],
  takes: [],
  operation: { needsBucket: false, run, uses: (request) => [use(request)] },
});
const onBucket = (
  method: string,
  by: string,
  action: string,
  run: Run<BucketCall>,
  takes: readonly string[] = [],
): Route => ({
  at: `${method} bucket`,
  by: words(by),
  takes,
  operation: {
    needsBucket: true,
    run,
    uses: ({ bucket }) => [{ action: `s3:${action}`, resource: bucketArn(bucket) }],
  },
});
const onObject = (
  method: string,
  by: string,
  action: string,
  run: Run<BucketCall>,
  takes: readonly string[] = [],
): Route => ({
  at: `${method} object`,
  by: words(by),
  takes,
  operation: { needsBucket: true, run, uses: (request) => objectUses(request, action) },
});
/** What s3:PutObject allows: whole objects, or parts of one to come. */
const creating = (method: string, by: string, run: Run<BucketCall>, creates: boolean): Route => ({
  at: `${method} object`,
  by: words(by),
  takes: [],
  operation: { needsBucket: true, run, uses: (request) => objectUses(request, 'PutObject', creates) },
});
/** A setting of a bucket. Removing one needs the right to set it; only policies have an action of their own. */
const onSetting = (
  query: string,
  action: string,
  get: Run<BucketCall>,
  put: Run<BucketCall>,
  remove?: Run<BucketCall>,
): Route[] => [
  onBucket('GET', query, `Get${action}`, get),
  onBucket('PUT', query, `Put${action}`, put),
  ...(remove === undefined
    ? []
    : [onBucket('DELETE', query, query === 'policy' ? `Delete${action}` : `Put${action}`, remove)]),
];

const ROUTES: readonly Route[] = [
  onNothing('GET service', listBuckets, () => ({ action: 's3:ListAllMyBuckets', resource: '*' })),
  onNothing('PUT bucket', createBucket, ({ bucket }) => ({
    action: 's3:CreateBucket',
    resource: bucketArn(bucket),
  })),
  onBucket('HEAD', '', 'ListBucket', headBucket),
  onBucket('DELETE', '', 'DeleteBucket', deleteBucket),
  onBucket('GET', 'list-type', 'ListBucket', listObjectsV2, [...LIST, 'continuation-token', 'start-after']),
  onBucket('GET', 'versions', 'ListBucketVersions', listObjectVersions, [
    ...LIST,
    'key-marker',
    'version-id-marker',
  ]),
  onBucket('GET', 'uploads', 'ListBucketMultipartUploads', listMultipartUploads, UPLOADS),
  // Each key is asked about alone.
  {
    at: 'POST bucket',
    by: ['delete'],
    takes: [],
    operation: { needsBucket: true, run: deleteObjects, uses: bypassUse },
  },
  ...onSetting('versioning', 'BucketVersioning', settings.getVersioning, settings.putVersioning),
  ...onSetting(
    'object-lock',
    'BucketObjectLockConfiguration',
    settings.getObjectLock,
    settings.putObjectLock,
  ),
  ...onSetting('policy', 'BucketPolicy', policy.getPolicy, policy.putPolicy, policy.deletePolicy),
  ...onSetting(
    'lifecycle',
    'LifecycleConfiguration',
    settings.getLifecycle,
    settings.putLifecycle,
    settings.deleteLifecycle,
  ),
  ...onSetting(
    'encryption',
    'EncryptionConfiguration',
    settings.getEncryption,
    settings.putEncryption,
    settings.deleteEncryption,
  ),
  ...onSetting(
    'publicAccessBlock',
    'BucketPublicAccessBlock',
    settings.getPublicAccessBlock,
    settings.putPublicAccessBlock,
    settings.deletePublicAccessBlock,
  ),
  creating('PUT', '', putObject, true),
  creating('PUT', COPY_SOURCE, copyObject, true),
  creating('POST', 'uploads', createMultipartUpload, false),
  creating('PUT', 'partNumber uploadId', uploadPart, false),
  creating('POST', 'uploadId', completeMultipartUpload, true),
  onObject('DELETE', 'uploadId', 'AbortMultipartUpload', abortMultipartUpload),
  onObject('GET', 'uploadId', 'ListMultipartUploadParts', listParts, ['max-parts', 'part-number-marker']),
  onObject('GET', '', 'GetObject', getObject, READ),
  onObject('HEAD', '', 'GetObject', headObject, READ),
  onObject('GET', 'attributes', 'GetObjectAttributes', getObjectAttributes, ['versionId']),
  onObject('DELETE', '', 'DeleteObject', deleteObject, ['versionId']),
  onObject('GET', 'tagging', 'GetObjectTagging', object.getObjectTagging, ['versionId']),
  onObject('PUT', 'tagging', 'PutObjectTagging', object.putObjectTagging, ['versionId']),
  onObject('DELETE', 'tagging', 'DeleteObjectTagging', object.deleteObjectTagging, ['versionId']),
  onObject('GET', 'retention', 'GetObjectRetention', object.getObjectRetention, ['versionId']),
  onObject('PUT', 'retention', 'PutObjectRetention', object.putObjectRetention, ['versionId']),
  onObject('GET', 'legal-hold', 'GetObjectLegalHold', object.getObjectLegalHold, ['versionId']),
  onObject('PUT', 'legal-hold', 'PutObjectLegalHold', object.putObjectLegalHold, ['versionId']),
];

/** @throws AwsError `NotImplemented` where the request means none, or asks for more than one of them does */
export function operationOf(request: S3Request): Operation {
  const at = `${request.method} ${request.target}`;
  const given = [...request.query.keys()].filter(
    (name) => !IGNORED.has(name) && !(request.presigned && name.startsWith('x-amz-')),
  );
  if (request.headers.has(COPY_SOURCE)) given.push(COPY_SOURCE);
  const route = ROUTES.filter((one) => one.at === at && one.by.every((name) => given.includes(name)))
    .filter((one) => given.every((name) => one.by.includes(name) || one.takes.includes(name)))
    .reduce<Route | undefined>(
      (best, one) => (best !== undefined && best.by.length >= one.by.length ? best : one),
      undefined,
    );
  if (route === undefined)
    throw notImplemented(`${at}${given.length === 0 ? '' : ` with ${given.join(', ')}`}`);
  return route.operation;
}
