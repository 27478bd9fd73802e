/** A bucket's policy: it travels as JSON, and goes back as it was understood. */
import { AwsError } from '../aws-error.ts';
import type { Answer } from './answer.ts';
import { saveBucket } from './bucket-records.ts';
import { remover } from './bucket-settings.ts';
import type { BucketCall, Run } from './call.ts';
import { receiveText } from './intake.ts';
import { type BucketPolicy, parsePolicy } from './policy.ts';

/** @see https://docs.aws.amazon.com/AmazonS3/latest/userguide/bucket-policies.html */
const MAX_BODY_BYTES = 20 * 1024;

export const getPolicy: Run<BucketCall> = ({ bucket }) => {
  const { policy } = bucket.settings;
  if (policy === undefined) throw new AwsError(404, 'NoSuchBucketPolicy', 'The bucket policy does not exist');
  return { headers: { 'Content-Type': 'application/json' }, text: JSON.stringify(policy) };
};

export async function putPolicy(call: BucketCall): Promise<Answer> {
  const policy = readPolicy(await receiveText(call.request, MAX_BODY_BYTES));
  saveBucket(call.store, { ...call.bucket, settings: { ...call.bucket.settings, policy } });
  return { status: 204 };
}

export const deletePolicy = remover('policy');

function readPolicy(text: string): BucketPolicy {
  try {
    return parsePolicy(JSON.parse(text));
  } catch (error) {
    throw new AwsError(400, 'MalformedPolicy', error instanceof Error ? error.message : String(error));
  }
}
