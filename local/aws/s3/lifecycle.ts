/**
 * Lifecycle rules: read from requests and templates, and carried out. What a rule may ask beyond these is refused.
 * @see https://docs.aws.amazon.com/AmazonS3/latest/userguide/object-lifecycle-mgmt.html
 */
import { randomUUID } from 'node:crypto';
import { z } from 'zod';
import { allBuckets, type Bucket, type LifecycleRule } from './bucket-records.ts';
import { checkRemovable } from './object-lock.ts';
import type { Store } from './store.ts';
import { deleteUpload, uploadedParts, uploadOf } from './upload-records.ts';
import {
  deleteVersion,
  insertDeleteMarker,
  latestVersion,
  type Version,
  versionOf,
} from './version-records.ts';
import { childrenOf, malformed, onlyKnown, requiredText, textOf, type XmlElement } from './xml.ts';

const DAY_MS = 24 * 3600 * 1000;

const days = z.number().int().positive();
const templateRule = z
  .strictObject({
    Id: z.string().optional(),
    Status: z.enum(['Enabled', 'Disabled']),
    Prefix: z.string().optional(),
    AbortIncompleteMultipartUpload: z.strictObject({ DaysAfterInitiation: days }).optional(),
    ExpirationInDays: days.optional(),
    ExpiredObjectDeleteMarker: z.boolean().optional(),
    NoncurrentVersionExpiration: z.strictObject({ NoncurrentDays: days }).optional(),
  })
  .transform((rule): LifecycleRule => {
    const { AbortIncompleteMultipartUpload: abort, NoncurrentVersionExpiration: noncurrent } = rule;
    return {
      id: rule.Id ?? randomUUID(),
      enabled: rule.Status === 'Enabled',
      prefix: rule.Prefix ?? '',
      ...(rule.ExpirationInDays !== undefined && { expirationDays: rule.ExpirationInDays }),
      ...(rule.ExpiredObjectDeleteMarker !== undefined && {
        removeLoneMarkers: rule.ExpiredObjectDeleteMarker,
      }),
      ...(noncurrent !== undefined && { noncurrentDays: noncurrent.NoncurrentDays }),
      ...(abort !== undefined && { abortUploadDays: abort.DaysAfterInitiation }),
    };
  });

/** @param rules CloudFormation's `LifecycleConfiguration.Rules`. @throws Error naming what is not known */
export function readTemplateRules(rules: unknown): readonly LifecycleRule[] {
  const parsed = z.array(templateRule).safeParse(rules);
  if (!parsed.success) throw new Error(`lifecycle rules: ${z.prettifyError(parsed.error)}`);
  return parsed.data;
}

/** @throws AwsError `NotImplemented` naming an element that is not known */
export function readRules(document: XmlElement): readonly LifecycleRule[] {
  onlyKnown(document, ['Rule']);
  if (document.children.length === 0) throw malformed();
  return document.children.map((rule) => {
    onlyKnown(rule, [
      'ID',
      'Status',
      'Filter',
      'Prefix',
      'Expiration',
      'NoncurrentVersionExpiration',
      'AbortIncompleteMultipartUpload',
    ]);
    const [filter] = childrenOf(rule, 'Filter');
    if (filter !== undefined) onlyKnown(filter, ['Prefix']);
    const expirationDays = daysOf(rule, 'Expiration', 'Days', ['ExpiredObjectDeleteMarker']);
    const noncurrentDays = daysOf(rule, 'NoncurrentVersionExpiration', 'NoncurrentDays');
    const abortUploadDays = daysOf(rule, 'AbortIncompleteMultipartUpload', 'DaysAfterInitiation');
    const [expiration] = childrenOf(rule, 'Expiration');
    const removeLoneMarkers =
      expiration !== undefined && textOf(expiration, 'ExpiredObjectDeleteMarker') === 'true';
    return {
      id: textOf(rule, 'ID') ?? randomUUID(),
      enabled: requiredText(rule, 'Status') === 'Enabled',
      prefix: (filter === undefined ? undefined : textOf(filter, 'Prefix')) ?? textOf(rule, 'Prefix') ?? '',
      ...(expirationDays !== undefined && { expirationDays }),
      ...(removeLoneMarkers && { removeLoneMarkers }),
      ...(noncurrentDays !== undefined && { noncurrentDays }),
      ...(abortUploadDays !== undefined && { abortUploadDays }),
    };
  });
}

function daysOf(
  rule: XmlElement,
  name: string,
  unit: string,
  others: readonly string[] = [],
): number | undefined {
  const [element] = childrenOf(rule, name);
  if (element === undefined) return undefined;
  onlyKnown(element, [unit, ...others]);
  const text = textOf(element, unit);
  if (text === undefined) return undefined;
  const count = Number(text);
  if (!Number.isSafeInteger(count) || count <= 0) throw malformed();
  return count;
}

/** A rule as GetBucketLifecycleConfiguration gives it back. */
export const ruleContent = (rule: LifecycleRule) => ({
  ID: rule.id,
  Status: rule.enabled ? 'Enabled' : 'Disabled',
  Filter: { Prefix: rule.prefix },
  Expiration:
    rule.expirationDays === undefined && rule.removeLoneMarkers === undefined
      ? undefined
      : { Days: rule.expirationDays, ExpiredObjectDeleteMarker: rule.removeLoneMarkers },
  NoncurrentVersionExpiration:
    rule.noncurrentDays === undefined ? undefined : { NoncurrentDays: rule.noncurrentDays },
  AbortIncompleteMultipartUpload:
    rule.abortUploadDays === undefined ? undefined : { DaysAfterInitiation: rule.abortUploadDays },
});

/** Does what the rules of all buckets say is due; AWS does so about once a day. */
export async function carryOutLifecycle(store: Store, nowMs: number): Promise<void> {
  for (const bucket of allBuckets(store)) {
    for (const rule of bucket.settings.lifecycle ?? []) {
      if (rule.enabled) await store.bodies.remove(store.transact(() => carryOut(store, bucket, rule, nowMs)));
    }
  }
}

function carryOut(store: Store, bucket: Bucket, rule: LifecycleRule, nowMs: number): string[] {
  const freed: string[] = [];
  const due = (sinceMs: number, after: number | undefined) =>
    after !== undefined && nowMs - sinceMs >= after * DAY_MS;
  for (const upload of store.all('SELECT * FROM uploads WHERE bucket = ?', bucket.name).map(uploadOf)) {
    if (!upload.key.startsWith(rule.prefix) || !due(upload.initiatedMs, rule.abortUploadDays)) continue;
    freed.push(...uploadedParts(store, upload).map((part) => part.body));
    deleteUpload(store, upload);
  }
  let newer: Version | undefined;
  for (const row of store.all(
    'SELECT * FROM versions WHERE bucket = ? ORDER BY key, seq DESC',
    bucket.name,
  )) {
    const version = versionOf(row);
    // A version is noncurrent from the moment at which the next one came.
    const noncurrentSince = newer?.key === version.key ? newer.modifiedMs : undefined;
    newer = version;
    if (!version.key.startsWith(rule.prefix)) continue;
    if (noncurrentSince !== undefined) {
      if (due(noncurrentSince, rule.noncurrentDays) && isFree(version, nowMs))
        freed.push(...deleteVersion(store, version));
    } else if (!version.deleteMarker && due(version.modifiedMs, rule.expirationDays)) {
      freed.push(...expire(store, bucket, version, nowMs));
    }
  }
  return rule.removeLoneMarkers === true
    ? [...freed, ...removeLoneMarkers(store, bucket, rule.prefix)]
    : freed;
}

function expire(store: Store, bucket: Bucket, version: Version, nowMs: number): readonly string[] {
  if (bucket.settings.versioning === undefined) return deleteVersion(store, version);
  return insertDeleteMarker(store, bucket, version.key, nowMs).freed;
}

function removeLoneMarkers(store: Store, bucket: Bucket, prefix: string): readonly string[] {
  const lone = store.all(
    'SELECT key FROM versions WHERE bucket = ? GROUP BY key HAVING count(*) = 1 AND min(delete_marker) = 1',
    bucket.name,
  );
  return lone
    .map((row) => latestVersion(store, bucket.name, String(row.key)))
    .filter((version) => version?.key.startsWith(prefix))
    .flatMap((version) => (version === undefined ? [] : deleteVersion(store, version)));
}

/** A lifecycle rule never breaks a lock. */
function isFree(version: Version, nowMs: number): boolean {
  try {
    checkRemovable(version, false, nowMs);
    return true;
  } catch {
    return false;
  }
}
