/** Contract of buckets and their settings: this holds on AWS and on the laptop. */
import {
  CreateBucketCommand,
  DeleteBucketCommand,
  DeleteBucketPolicyCommand,
  DeletePublicAccessBlockCommand,
  GetBucketEncryptionCommand,
  GetBucketLifecycleConfigurationCommand,
  GetBucketPolicyCommand,
  GetBucketVersioningCommand,
  GetObjectLockConfigurationCommand,
  GetPublicAccessBlockCommand,
  PutBucketEncryptionCommand,
  PutBucketLifecycleConfigurationCommand,
  PutBucketPolicyCommand,
  PutObjectCommand,
  PutPublicAccessBlockCommand,
} from '@aws-sdk/client-s3';
import { failureOf, type S3Fixture, startS3 } from './s3-fixture.ts';

let s3: S3Fixture;
beforeAll(async () => {
  s3 = await startS3();
});
afterAll(() => s3.stop());

describe('a bucket', () => {
  it('of Object Lock keeps versions from its begin', async () => {
    const [locked, plain] = [{ Bucket: s3.locked }, { Bucket: s3.plain }];
    expect((await s3.client.send(new GetBucketVersioningCommand(locked))).Status).toBe('Enabled');
    expect((await s3.client.send(new GetBucketVersioningCommand(plain))).Status).toBeUndefined();
    const lock = await s3.client.send(new GetObjectLockConfigurationCommand(locked));
    expect(lock.ObjectLockConfiguration?.ObjectLockEnabled).toBe('Enabled');
    expect(await failureOf(s3.client.send(new GetObjectLockConfigurationCommand(plain)))).toBe(
      'ObjectLockConfigurationNotFoundError 404',
    );
  });

  it('is made twice without harm, as in us-east-1, and needs a proper name', async () => {
    await s3.client.send(new PutObjectCommand({ Bucket: s3.plain, Key: 'stays', Body: 'x' }));
    await s3.client.send(new CreateBucketCommand({ Bucket: s3.plain }));
    expect(await failureOf(s3.client.send(new DeleteBucketCommand({ Bucket: s3.plain })))).toBe(
      'BucketNotEmpty 409',
    );
    expect(await failureOf(s3.client.send(new CreateBucketCommand({ Bucket: 'No_Bucket' })))).toBe(
      'InvalidBucketName 400',
    );
  });

  it('encrypts with AES256 until told otherwise, and says so of its objects', async () => {
    const about = { Bucket: s3.plain };
    const before = await s3.client.send(new GetBucketEncryptionCommand(about));
    expect(before.ServerSideEncryptionConfiguration?.Rules?.[0]).toMatchObject({
      ApplyServerSideEncryptionByDefault: { SSEAlgorithm: 'AES256' },
    });
    const rule = {
      ApplyServerSideEncryptionByDefault: { SSEAlgorithm: 'aws:kms' as const },
      BucketKeyEnabled: true,
    };
    await s3.client.send(
      new PutBucketEncryptionCommand({ ...about, ServerSideEncryptionConfiguration: { Rules: [rule] } }),
    );
    const written = await s3.client.send(new PutObjectCommand({ ...about, Key: 'k', Body: 'abc' }));
    expect(written).toMatchObject({ ServerSideEncryption: 'aws:kms', BucketKeyEnabled: true });
    expect(written.SSEKMSKeyId).toMatch(/^arn:aws:kms:/);
    // Under KMS an ETag is no MD5.
    expect(written.ETag).toMatch(/^"[0-9a-f]{32}"$/);
    expect(written.ETag).not.toBe('"900150983cd24fb0d6963f7d28e17f72"');
  });

  it('keeps its lifecycle', async () => {
    const about = { Bucket: s3.locked };
    expect(await failureOf(s3.client.send(new GetBucketLifecycleConfigurationCommand(about)))).toBe(
      'NoSuchLifecycleConfiguration 404',
    );
    const rule = {
      ID: 'litter',
      Status: 'Enabled' as const,
      Filter: { Prefix: 'databases/' },
      AbortIncompleteMultipartUpload: { DaysAfterInitiation: 1 },
      NoncurrentVersionExpiration: { NoncurrentDays: 30 },
    };
    await s3.client.send(
      new PutBucketLifecycleConfigurationCommand({ ...about, LifecycleConfiguration: { Rules: [rule] } }),
    );
    expect((await s3.client.send(new GetBucketLifecycleConfigurationCommand(about))).Rules).toEqual([rule]);
  });

  it('keeps its blocks of public access', async () => {
    const about = { Bucket: s3.plain };
    const blocks = {
      BlockPublicAcls: true,
      IgnorePublicAcls: false,
      BlockPublicPolicy: true,
      RestrictPublicBuckets: false,
    };
    await s3.client.send(
      new PutPublicAccessBlockCommand({ ...about, PublicAccessBlockConfiguration: blocks }),
    );
    const found = await s3.client.send(new GetPublicAccessBlockCommand(about));
    expect(found.PublicAccessBlockConfiguration).toEqual(blocks);
    await s3.client.send(new DeletePublicAccessBlockCommand(about));
    expect(await failureOf(s3.client.send(new GetPublicAccessBlockCommand(about)))).toBe(
      'NoSuchPublicAccessBlockConfiguration 404',
    );
  });

  it('obeys a policy that demands If-None-Match, and parts are exempt', async () => {
    const about = { Bucket: s3.locked };
    const policy = {
      Version: '2012-10-17',
      Statement: [
        {
          Sid: 'DemandIfNoneMatch',
          Effect: 'Deny',
          Principal: { AWS: '*' },
          Action: 's3:PutObject',
          Resource: [`arn:aws:s3:::${s3.locked}/audit/*`, `arn:aws:s3:::${s3.locked}/*/manifest.json`],
          Condition: { Null: { 's3:if-none-match': 'true' }, Bool: { 's3:ObjectCreationOperation': 'true' } },
        },
      ],
    };
    await s3.client.send(new PutBucketPolicyCommand({ ...about, Policy: JSON.stringify(policy) }));
    const found = await s3.client.send(new GetBucketPolicyCommand(about));
    expect(JSON.parse(found.Policy ?? '')).toMatchObject({
      Statement: [{ Sid: 'DemandIfNoneMatch', Effect: 'Deny' }],
    });
    const write = (Key: string, IfNoneMatch?: string) =>
      failureOf(s3.client.send(new PutObjectCommand({ ...about, Key, Body: 'x', IfNoneMatch })));
    expect(await write('audit/1')).toBe('AccessDenied 403');
    expect(await write('a/b/manifest.json')).toBe('AccessDenied 403');
    expect(await write('audit/1', '*')).toBe('no failure');
    expect(await write('elsewhere')).toBe('no failure');
    await s3.client.send(new DeleteBucketPolicyCommand(about));
    expect(await failureOf(s3.client.send(new GetBucketPolicyCommand(about)))).toBe('NoSuchBucketPolicy 404');
  });
});
