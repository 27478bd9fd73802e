/**
 * Object Lock: what protects a version, and who may change it.
 * @see https://docs.aws.amazon.com/AmazonS3/latest/userguide/object-lock.html
 */
import { AwsError } from '../aws-error.ts';
import type { Bucket, LockMode } from './bucket-records.ts';
import type { Lock, Version } from './version-records.ts';

const DAY_MS = 24 * 3600 * 1000;
const invalid = (message: string) => new AwsError(400, 'InvalidArgument', message);
const refused = () =>
  new AwsError(403, 'AccessDenied', 'Access Denied because object protected by object lock.');

/** The lock of a new version: what its upload asks for, else the bucket's default. */
export function readLockHeaders(headers: ReadonlyMap<string, string>, bucket: Bucket, nowMs: number): Lock {
  const mode = headers.get('x-amz-object-lock-mode');
  const until = headers.get('x-amz-object-lock-retain-until-date');
  const hold = headers.get('x-amz-object-lock-legal-hold');
  if (mode === undefined && until === undefined && hold === undefined) return defaultLock(bucket, nowMs);
  requireLockBucket(bucket);
  if ((mode === undefined) !== (until === undefined)) {
    throw invalid('x-amz-object-lock-retain-until-date and x-amz-object-lock-mode must both be supplied');
  }
  if (hold !== undefined && hold !== 'ON' && hold !== 'OFF')
    throw invalid('Legal Hold must be either of "ON" or "OFF"');
  const retention =
    mode === undefined || until === undefined
      ? defaultLock(bucket, nowMs)
      : readRetention(mode, until, nowMs);
  return { ...retention, ...(hold === undefined ? {} : { legalHold: hold === 'ON' }) };
}

/** @throws AwsError `InvalidArgument` where mode or date are not valid or the date is past */
export function readRetention(mode: string, until: string, nowMs: number): Required<Omit<Lock, 'legalHold'>> {
  if (!isLockMode(mode)) throw invalid('Unknown wormMode directive');
  const retainUntilMs = Date.parse(until);
  if (Number.isNaN(retainUntilMs)) throw invalid('The retain until date must be provided in ISO 8601 format');
  if (retainUntilMs <= nowMs) throw invalid('The retain until date must be in the future!');
  return { mode, retainUntilMs };
}

export const isLockMode = (mode: string): mode is LockMode => mode === 'GOVERNANCE' || mode === 'COMPLIANCE';

/** @throws AwsError `InvalidRequest`, as AWS where Object Lock was never turned on */
export function requireLockBucket(bucket: Bucket): void {
  if (bucket.settings.objectLock === undefined) {
    throw new AwsError(400, 'InvalidRequest', 'Bucket is missing Object Lock Configuration');
  }
}

/** @param bypass whether the caller asked, and may, pass over GOVERNANCE. @throws AwsError `AccessDenied` */
export function checkRemovable({ lock }: Version, bypass: boolean, nowMs: number): void {
  if (lock.legalHold === true) throw refused();
  if (isRetained(lock, nowMs) && !(lock.mode === 'GOVERNANCE' && bypass)) throw refused();
}

/** A retention may be lengthened by anyone who may set one; shortened or softened only under GOVERNANCE, by bypass. */
export function checkRetentionChange(
  { lock }: Version,
  next: Omit<Lock, 'legalHold'>,
  bypass: boolean,
  nowMs: number,
): void {
  if (!isRetained(lock, nowMs)) return;
  const softer = lock.mode === 'COMPLIANCE' && next.mode !== 'COMPLIANCE';
  const shorter = (next.retainUntilMs ?? 0) < (lock.retainUntilMs ?? 0);
  if ((softer || shorter) && !(lock.mode === 'GOVERNANCE' && bypass)) throw refused();
}

const isRetained = (lock: Lock, nowMs: number): boolean => (lock.retainUntilMs ?? 0) > nowMs;

function defaultLock(bucket: Bucket, nowMs: number): Lock {
  const { mode, days } = bucket.settings.objectLock ?? {};
  return mode === undefined || days === undefined ? {} : { mode, retainUntilMs: nowMs + days * DAY_MS };
}
