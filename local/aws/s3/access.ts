/** May this caller do this: the bucket's policy, and whoever evaluates IAM. */
import { AwsError } from '../aws-error.ts';
import type { Bucket } from './bucket-records.ts';
import { type AccessQuestion, decide } from './policy.ts';
import type { S3Request } from './request.ts';

/** One use of a permission by the holder of an access key. */
export interface AuthorizedCall extends AccessQuestion {
  readonly accessKeyId: string;
  /** What the bucket's policy says; a denial is never asked about. */
  readonly bucketPolicy: 'Allow' | undefined;
}
/** Evaluates IAM. @throws AwsError with status 403 where the call is not allowed */
export type Authorize = (call: AuthorizedCall) => void | Promise<void>;

export interface Gate {
  readonly authorize: Authorize;
  readonly nowMs: number;
}

/** A permission that an operation needs. */
export interface Use {
  readonly action: string;
  readonly resource: string;
  /** Set for s3:PutObject: whether an object comes to be, or only a part of one. */
  readonly creates?: boolean;
}

/** @throws AwsError `AccessDenied` */
export async function checkAccess(
  gate: Gate,
  request: S3Request,
  bucket: Bucket | undefined,
  use: Use,
): Promise<void> {
  if (!(await mayUse(gate, request, bucket, use))) throw denied(use);
}

export const denied = ({ action, resource }: Use) =>
  new AwsError(
    403,
    'AccessDenied',
    `User is not authorized to perform: ${action} on resource: "${resource}"`,
  );

export async function mayUse(
  gate: Gate,
  request: S3Request,
  bucket: Bucket | undefined,
  use: Use,
): Promise<boolean> {
  const conditionKeys = conditionKeysOf(request, use.creates, gate.nowMs);
  const question = { action: use.action, resource: use.resource, conditionKeys };
  const policy = bucket?.settings.policy;
  const said = policy === undefined ? undefined : decide(policy, question);
  if (said === 'Deny') return false;
  try {
    await gate.authorize({ ...question, accessKeyId: request.signature.accessKeyId, bucketPolicy: said });
    return true;
  } catch (error) {
    if (error instanceof AwsError && error.status === 403) return false;
    throw error;
  }
}

export const bucketArn = (name: string): string => `arn:aws:s3:::${name}`;
export const objectArn = (bucket: string, key: string): string => `${bucketArn(bucket)}/${key}`;

/** @param creates whether an object comes to be (true), or only a part of one (false); undefined for all else */
function conditionKeysOf(
  { headers, query, presigned }: S3Request,
  creates: boolean | undefined,
  nowMs: number,
): AccessQuestion['conditionKeys'] {
  const encryption = 'x-amz-server-side-encryption';
  return {
    // A loopback address is as good as TLS, and there is no other way in.
    'aws:SecureTransport': 'true',
    's3:TlsVersion': '1.3',
    'aws:CurrentTime': new Date(nowMs).toISOString(),
    's3:authType': presigned ? 'REST-QUERY-STRING' : 'REST-HEADER',
    's3:if-match': headers.get('if-match'),
    's3:if-none-match': headers.get('if-none-match'),
    's3:ObjectCreationOperation': creates === undefined ? undefined : String(creates),
    's3:VersionId': query.get('versionId'),
    's3:prefix': query.get('prefix'),
    's3:delimiter': query.get('delimiter'),
    's3:max-keys': query.get('max-keys'),
    's3:object-lock-mode': headers.get('x-amz-object-lock-mode'),
    's3:object-lock-retain-until-date': headers.get('x-amz-object-lock-retain-until-date'),
    's3:object-lock-legal-hold': headers.get('x-amz-object-lock-legal-hold'),
    [`s3:${encryption}`]: headers.get(encryption),
    [`s3:${encryption}-aws-kms-key-id`]: headers.get(`${encryption}-aws-kms-key-id`),
    's3:x-amz-storage-class': headers.get('x-amz-storage-class'),
  };
}
