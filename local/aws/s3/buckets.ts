/** Buckets themselves: CreateBucket, HeadBucket, DeleteBucket, ListBuckets. */
import { AwsError } from '../aws-error.ts';
import type { Answer } from './answer.ts';
import { allBuckets, type BucketSettings, findBucket, removeBucket, saveBucket } from './bucket-records.ts';
import type { BucketCall, Call } from './call.ts';
import { receiveText } from './intake.ts';
import { onlyKnown, parseXml, textOf } from './xml.ts';

const MAX_BODY_BYTES = 64 * 1024;

export async function createBucket(call: Call): Promise<Answer> {
  const { request, store, region, nowMs } = call;
  const name = request.bucket;
  checkBucketName(name);
  const text = await receiveText(request, MAX_BODY_BYTES);
  if (text !== '') {
    const document = parseXml(text, 'CreateBucketConfiguration');
    onlyKnown(document, ['LocationConstraint']);
    const wanted = textOf(document, 'LocationConstraint') ?? region;
    if (wanted !== region) {
      throw new AwsError(
        400,
        'IllegalLocationConstraintException',
        `The ${wanted} location constraint is incompatible for the region specific endpoint this request was sent to.`,
      );
    }
  }
  if (findBucket(store, name) === undefined)
    saveBucket(store, { name, createdMs: nowMs, settings: newSettings(call) });
  // The oldest region alone answers its owner as if nothing were there yet.
  else if (region !== 'us-east-1') {
    throw new AwsError(
      409,
      'BucketAlreadyOwnedByYou',
      'Your previous request to create the named bucket succeeded and you already own it.',
      { BucketName: name },
    );
  }
  return { headers: { Location: `/${name}` } };
}

export const headBucket = ({ region }: BucketCall): Answer => ({
  headers: { 'x-amz-bucket-region': region },
});

export function deleteBucket({ store, bucket }: BucketCall): Answer {
  removeBucket(store, bucket.name);
  return { status: 204 };
}

export function listBuckets({ store, accountId }: Call): Answer {
  const buckets = allBuckets(store).map(({ name, createdMs }) => ({
    Name: name,
    CreationDate: new Date(createdMs).toISOString(),
  }));
  return { xml: ['ListAllMyBucketsResult', { Owner: { ID: accountId }, Buckets: { Bucket: buckets } }] };
}

/** @see https://docs.aws.amazon.com/AmazonS3/latest/userguide/bucketnamingrules.html */
export function checkBucketName(name: string): void {
  const fits =
    /^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$/.test(name) && !name.includes('..') && !/^\d+(\.\d+){3}$/.test(name);
  if (!fits)
    throw new AwsError(400, 'InvalidBucketName', 'The specified bucket is not valid.', { BucketName: name });
}

/** Where the request does not say whether it wants Object Lock, the endpoint's own setting decides. */
function newSettings({ request, lockNewBuckets }: Call): BucketSettings {
  const asked = request.headers.get('x-amz-bucket-object-lock-enabled');
  const lock = asked === undefined ? lockNewBuckets : asked.toLowerCase() === 'true';
  return lock ? { versioning: 'Enabled', objectLock: {} } : {};
}
