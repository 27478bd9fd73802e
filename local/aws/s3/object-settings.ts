/** What can change about a version that is there: its tags, its retention, its legal hold. */
import { AwsError } from '../aws-error.ts';
import type { Answer } from './answer.ts';
import type { BucketCall, Run } from './call.ts';
import { checkTags } from './draft.ts';
import { receiveText } from './intake.ts';
import { checkRetentionChange, readRetention, requireLockBucket } from './object-lock.ts';
import { readableVersion } from './read-object.ts';
import { setLock, setTags, type Tags, type Version } from './version-records.ts';
import { versionHeader } from './write-object.ts';
import { childrenOf, malformed, onlyKnown, parseXml, requiredText, textOf, type XmlElement } from './xml.ts';

const MAX_BODY_BYTES = 64 * 1024;

export const getObjectTagging: Run<BucketCall> = (call) => {
  const version = readableVersion(call);
  const tags = version.tags.map(([Key, Value]) => ({ Key, Value }));
  return { headers: aboutVersion(call, version), xml: ['Tagging', { TagSet: { Tag: tags } }] };
};

export async function putObjectTagging(call: BucketCall): Promise<Answer> {
  const document = parseXml(await receiveText(call.request, MAX_BODY_BYTES), 'Tagging');
  const tags = checkTags(readTags(document));
  const version = readableVersion(call);
  setTags(call.store, version, tags);
  return { headers: aboutVersion(call, version) };
}

export const deleteObjectTagging: Run<BucketCall> = (call) => {
  const version = readableVersion(call);
  setTags(call.store, version, []);
  return { status: 204, headers: aboutVersion(call, version) };
};

export const getObjectRetention: Run<BucketCall> = (call) => {
  requireLockBucket(call.bucket);
  const { mode, retainUntilMs } = readableVersion(call).lock;
  if (mode === undefined || retainUntilMs === undefined) throw noLock();
  return { xml: ['Retention', { Mode: mode, RetainUntilDate: new Date(retainUntilMs).toISOString() }] };
};

export async function putObjectRetention(call: BucketCall): Promise<Answer> {
  const { request, bucket, store, nowMs } = call;
  requireLockBucket(bucket);
  const document = parseXml(await receiveText(request, MAX_BODY_BYTES), 'Retention');
  onlyKnown(document, ['Mode', 'RetainUntilDate']);
  const [mode, until] = [textOf(document, 'Mode'), textOf(document, 'RetainUntilDate')];
  if ((mode === undefined) !== (until === undefined)) throw malformed();
  const retention = mode === undefined || until === undefined ? {} : readRetention(mode, until, nowMs);
  const version = readableVersion(call);
  checkRetentionChange(
    version,
    retention,
    request.headers.get('x-amz-bypass-governance-retention') === 'true',
    nowMs,
  );
  const { legalHold } = version.lock;
  setLock(store, version, legalHold === undefined ? retention : { ...retention, legalHold });
  return {};
}

export const getObjectLegalHold: Run<BucketCall> = (call) => {
  requireLockBucket(call.bucket);
  const { legalHold } = readableVersion(call).lock;
  if (legalHold === undefined) throw noLock();
  return { xml: ['LegalHold', { Status: legalHold ? 'ON' : 'OFF' }] };
};

export async function putObjectLegalHold(call: BucketCall): Promise<Answer> {
  requireLockBucket(call.bucket);
  const document = parseXml(await receiveText(call.request, MAX_BODY_BYTES), 'LegalHold');
  onlyKnown(document, ['Status']);
  const status = requiredText(document, 'Status');
  if (status !== 'ON' && status !== 'OFF') throw malformed();
  const version = readableVersion(call);
  setLock(call.store, version, { ...version.lock, legalHold: status === 'ON' });
  return {};
}

function readTags(document: XmlElement): Tags {
  onlyKnown(document, ['TagSet']);
  const [set, ...others] = childrenOf(document, 'TagSet');
  if (set === undefined || others.length > 0) throw malformed();
  onlyKnown(set, ['Tag']);
  return set.children.map((tag) => [requiredText(tag, 'Key'), requiredText(tag, 'Value')] as const);
}

const aboutVersion = (call: BucketCall, version: Version) => ({
  'x-amz-version-id': versionHeader(call, version),
});

const noLock = () =>
  new AwsError(
    404,
    'NoSuchObjectLockConfiguration',
    'The specified object does not have a ObjectLock configuration',
  );
