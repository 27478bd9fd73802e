/** Which permissions a request about an object needs. */
import { objectArn, type Use } from './access.ts';
import type { S3Request } from './request.ts';

/** Naming a version is a permission of its own for these. */
const VERSIONED = [
  'GetObject',
  'DeleteObject',
  'GetObjectAttributes',
  'GetObjectTagging',
  'PutObjectTagging',
  'DeleteObjectTagging',
];

/** @param creates for PutObject: whether an object comes to be, or only a part of one */
export function objectUses(request: S3Request, action: string, creates?: boolean): readonly Use[] {
  const resource = objectArn(request.bucket, request.key);
  const versioned = request.query.has('versionId') && VERSIONED.includes(action);
  const name = versioned ? action.replace('Object', 'ObjectVersion') : action;
  const asks = (header: string, extra: string): Use[] =>
    request.headers.has(header) ? [{ action: `s3:${extra}`, resource }] : [];
  return [
    { action: `s3:${name}`, resource, ...(creates !== undefined && { creates }) },
    ...asks('x-amz-tagging', 'PutObjectTagging'),
    ...asks('x-amz-object-lock-mode', 'PutObjectRetention'),
    ...asks('x-amz-object-lock-legal-hold', 'PutObjectLegalHold'),
    ...bypassUse(request),
  ];
}

/** Passing over a GOVERNANCE retention. */
export const bypassUse = ({ headers, bucket, key }: S3Request): readonly Use[] =>
  headers.get('x-amz-bypass-governance-retention') === 'true'
    ? [{ action: 's3:BypassGovernanceRetention', resource: objectArn(bucket, key === '' ? '*' : key) }]
    : [];
