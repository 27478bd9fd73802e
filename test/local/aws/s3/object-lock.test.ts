/** Contract of Object Lock: this holds on AWS and on the laptop. Locks are GOVERNANCE, so that AWS lets tests end. */
import {
  DeleteObjectCommand,
  DeleteObjectsCommand,
  GetObjectLegalHoldCommand,
  GetObjectRetentionCommand,
  HeadObjectCommand,
  type ObjectLockRetentionMode,
  PutBucketVersioningCommand,
  PutObjectCommand,
  type PutObjectCommandInput,
  PutObjectLegalHoldCommand,
  PutObjectRetentionCommand,
} from '@aws-sdk/client-s3';
import { describeLocal, failureOf, type S3Fixture, startS3 } from './s3-fixture.ts';

let s3: S3Fixture;
beforeAll(async () => {
  s3 = await startS3();
});
afterAll(() => s3.stop());

const inDays = (days: number) => new Date(Math.floor(Date.now() / 1000) * 1000 + days * 86_400_000);
const put = async (Key: string, more: Partial<PutObjectCommandInput> = {}) =>
  (await s3.client.send(new PutObjectCommand({ Bucket: s3.locked, Key, Body: 'x', ...more }))).VersionId;
const remove = (Key: string, VersionId?: string, BypassGovernanceRetention?: boolean) =>
  s3.client.send(new DeleteObjectCommand({ Bucket: s3.locked, Key, VersionId, BypassGovernanceRetention }));
const retain = (
  Key: string,
  Mode: ObjectLockRetentionMode,
  days: number,
  BypassGovernanceRetention?: boolean,
) =>
  s3.client.send(
    new PutObjectRetentionCommand({
      Bucket: s3.locked,
      Key,
      Retention: { Mode, RetainUntilDate: inDays(days) },
      BypassGovernanceRetention,
    }),
  );

describe('a retention', () => {
  it('keeps a version from removal, but not from a delete marker', async () => {
    const RetainUntilDate = inDays(1);
    const id = await put('kept', {
      ObjectLockMode: 'GOVERNANCE',
      ObjectLockRetainUntilDate: RetainUntilDate,
    });
    const about = { Bucket: s3.locked, Key: 'kept' };
    expect(await s3.client.send(new HeadObjectCommand(about))).toMatchObject({
      ObjectLockMode: 'GOVERNANCE',
    });
    expect((await s3.client.send(new GetObjectRetentionCommand(about))).Retention).toEqual({
      Mode: 'GOVERNANCE',
      RetainUntilDate,
    });
    expect(await failureOf(remove('kept', id))).toBe('AccessDenied 403');
    const many = await s3.client.send(
      new DeleteObjectsCommand({ Bucket: s3.locked, Delete: { Objects: [{ Key: 'kept', VersionId: id }] } }),
    );
    expect(many.Errors).toMatchObject([{ Code: 'AccessDenied', VersionId: id }]);
    expect((await remove('kept')).DeleteMarker).toBe(true);
    await remove('kept', id, true);
  });

  it('may be set later and lengthened, and shortened under GOVERNANCE by bypass only', async () => {
    const id = await put('longer');
    expect(
      await failureOf(s3.client.send(new GetObjectRetentionCommand({ Bucket: s3.locked, Key: 'longer' }))),
    ).toBe('NoSuchObjectLockConfiguration 404');
    await retain('longer', 'GOVERNANCE', 1);
    await retain('longer', 'GOVERNANCE', 2);
    expect(await failureOf(retain('longer', 'GOVERNANCE', 1))).toBe('AccessDenied 403');
    await retain('longer', 'GOVERNANCE', 1, true);
    await remove('longer', id, true);
  });

  it('needs a day to come and a known mode', async () => {
    await put('wrong');
    expect(await failureOf(retain('wrong', 'GOVERNANCE', -1))).toBe('InvalidArgument 400');
  });

  it('is refused where the bucket has no Object Lock', async () => {
    const more = { ObjectLockMode: 'GOVERNANCE' as const, ObjectLockRetainUntilDate: inDays(1) };
    const write = new PutObjectCommand({ Bucket: s3.plain, Key: 'k', Body: 'x', ...more });
    expect(await failureOf(s3.client.send(write))).toBe('InvalidRequest 400');
    const versioning = { Bucket: s3.locked, VersioningConfiguration: { Status: 'Suspended' as const } };
    expect(await failureOf(s3.client.send(new PutBucketVersioningCommand(versioning)))).toBe(
      'InvalidBucketState 409',
    );
  });
});

describe('a legal hold', () => {
  it('keeps a version from everyone until it is taken away', async () => {
    const id = await put('held', { ObjectLockLegalHoldStatus: 'ON' });
    expect(await failureOf(remove('held', id, true))).toBe('AccessDenied 403');
    const about = { Bucket: s3.locked, Key: 'held', VersionId: id };
    expect((await s3.client.send(new GetObjectLegalHoldCommand(about))).LegalHold).toEqual({ Status: 'ON' });
    await s3.client.send(new PutObjectLegalHoldCommand({ ...about, LegalHold: { Status: 'OFF' } }));
    await remove('held', id);
  });
});

// On AWS nobody could clean up after these for a day.
describeLocal('COMPLIANCE', () => {
  it('bends to nobody', async () => {
    const id = await put('strict', { ObjectLockMode: 'COMPLIANCE', ObjectLockRetainUntilDate: inDays(2) });
    expect(await failureOf(remove('strict', id, true))).toBe('AccessDenied 403');
    expect(await failureOf(retain('strict', 'COMPLIANCE', 1, true))).toBe('AccessDenied 403');
    expect(await failureOf(retain('strict', 'GOVERNANCE', 3, true))).toBe('AccessDenied 403');
    await retain('strict', 'COMPLIANCE', 3);
  });
});
