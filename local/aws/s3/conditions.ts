/** If-Match and its like, for writes and for reads. */
import { AwsError } from '../aws-error.ts';
import { notImplemented } from './request.ts';
import type { Version } from './version-records.ts';

type Headers = ReadonlyMap<string, string>;

const failed = (condition: string) =>
  new AwsError(412, 'PreconditionFailed', 'At least one of the pre-conditions you specified did not hold', {
    Condition: condition,
  });
const unquoted = (etag: string): string => etag.trim().replace(/^(?:W\/)?"(.*)"$/, '$1');
const names = (list: string, etag: string): boolean =>
  list.trim() === '*' || list.split(',').some((one) => unquoted(one) === etag);

export const isConditional = (headers: Headers): boolean =>
  headers.has('if-none-match') || headers.has('if-match');

/**
 * Whether a write may take place over what is there now.
 * @param latest the newest version, delete marker or not
 * @throws AwsError `PreconditionFailed`, `NoSuchKey` (If-Match where there is nothing), `NotImplemented`
 */
export function checkWrite(headers: Headers, latest: Version | undefined): void {
  const current = latest?.deleteMarker === true ? undefined : latest;
  const noneMatch = headers.get('if-none-match');
  if (noneMatch !== undefined) {
    if (noneMatch !== '*') throw notImplemented('If-None-Match with an ETag');
    if (current !== undefined) throw failed('If-None-Match');
  }
  const match = headers.get('if-match');
  if (match === undefined) return;
  if (current === undefined) throw new AwsError(404, 'NoSuchKey', 'The specified key does not exist.');
  if (!names(match, current.etag)) throw failed('If-Match');
}

/**
 * Whether a read gives the version.
 * @returns 304 where the reader has it already
 * @throws AwsError `PreconditionFailed`
 */
export function checkRead(headers: Headers, version: Version): 200 | 304 {
  const match = headers.get('if-match');
  const noneMatch = headers.get('if-none-match');
  const modifiedSince = Date.parse(headers.get('if-modified-since') ?? '');
  const unmodifiedSince = Date.parse(headers.get('if-unmodified-since') ?? '');
  const modified = Math.floor(version.modifiedMs / 1000) * 1000;
  if (match !== undefined) {
    if (!names(match, version.etag)) throw failed('If-Match');
  } else if (modified > unmodifiedSince) throw failed('If-Unmodified-Since');
  if (noneMatch !== undefined) return names(noneMatch, version.etag) ? 304 : 200;
  return modified <= modifiedSince ? 304 : 200;
}
