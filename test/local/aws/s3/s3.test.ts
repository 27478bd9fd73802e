import { readdirSync, statSync, unlinkSync } from 'node:fs';
import { join } from 'node:path';
import {
  CompleteMultipartUploadCommand,
  CreateMultipartUploadCommand,
  DeleteObjectCommand,
  GetObjectCommand,
  ListObjectsV2Command,
  PutObjectCommand,
  type S3Client,
  UploadPartCommand,
} from '@aws-sdk/client-s3';
import { AwsError } from '../../../../local/aws/aws-error.ts';
import type { AuthorizedCall } from '../../../../local/aws/s3/access.ts';
import { temporaryFolder } from '../../temporary-folder.ts';
import { waitUntil } from '../../wait-until.ts';
import { answerTo, openRaw, sendRaw } from './raw-request.ts';
import { startChild } from './s3-child.ts';
import { clientOf, failureOf, KEY, startLocal } from './s3-fixture.ts';

const PLAIN = { versioned: false, objectLock: false, policies: [], lifecycleRules: [] };
const bodiesIn = (folder: string) =>
  readdirSync(join(folder, 'bodies'), { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name));
const read = async (client: S3Client, Bucket: string, Key: string) =>
  (await client.send(new GetObjectCommand({ Bucket, Key }))).Body?.transformToString();

describe('the state', () => {
  it('outlives a restart: objects, uploads under way and settings', async () => {
    const first = await startLocal();
    first.s3.createBucket('kept', { ...PLAIN, versioned: true, kmsKeyArn: 'arn:aws:kms:us-east-1:1:key/k' });
    const about = { Bucket: 'kept', Key: 'k' };
    await first.client.send(new PutObjectCommand({ ...about, Body: 'kept bytes' }));
    const { UploadId } = await first.client.send(
      new CreateMultipartUploadCommand({ Bucket: 'kept', Key: 'm' }),
    );
    const upload = { Bucket: 'kept', Key: 'm', UploadId };
    const { ETag } = await first.client.send(
      new UploadPartCommand({ ...upload, PartNumber: 1, Body: 'part' }),
    );
    await first.stop();

    const second = await startLocal({ folder: first.folder });
    expect(await read(second.client, 'kept', 'k')).toBe('kept bytes');
    const Parts = [{ PartNumber: 1, ETag }];
    await second.client.send(new CompleteMultipartUploadCommand({ ...upload, MultipartUpload: { Parts } }));
    expect(await read(second.client, 'kept', 'm')).toBe('part');
    const written = await second.client.send(new PutObjectCommand({ ...about, Body: 'new' }));
    expect(written).toMatchObject({
      SSEKMSKeyId: 'arn:aws:kms:us-east-1:1:key/k',
      ServerSideEncryption: 'aws:kms',
    });
    await second.stop();
  });

  it('is nobody else’s: private, and of one process at a time', async () => {
    const s3 = await startLocal();
    expect(statSync(s3.folder).mode & 0o777).toBe(0o700);
    await expect(startLocal({ folder: s3.folder })).rejects.toThrow('does another process serve it?');
    await s3.stop();
  });

  it('is not taken for litter where its metadata is lost', async () => {
    const s3 = await startLocal();
    await s3.stop();
    unlinkSync(join(s3.folder, 'metadata.sqlite'));
    await expect(startLocal({ folder: s3.folder })).rejects.toThrow('metadata.sqlite is missing');
  });

  it('gives bodies back: replaced, deleted, aborted ones leave no file', async () => {
    const s3 = await startLocal();
    s3.s3.createBucket('tidy', PLAIN);
    const about = { Bucket: 'tidy', Key: 'k' };
    for (const Body of ['one', 'two']) await s3.client.send(new PutObjectCommand({ ...about, Body }));
    expect(bodiesIn(s3.folder)).toHaveLength(1);
    expect(
      await failureOf(s3.client.send(new PutObjectCommand({ ...about, Body: 'x', IfNoneMatch: '*' }))),
    ).toBe('PreconditionFailed 412');
    expect(bodiesIn(s3.folder)).toHaveLength(1);
    await s3.client.send(new DeleteObjectCommand(about));
    expect(bodiesIn(s3.folder)).toEqual([]);
    await s3.stop();
  });

  it('never passes off a lost body as a short object', async () => {
    const s3 = await startLocal();
    s3.s3.createBucket('damaged', PLAIN);
    await s3.client.send(new PutObjectCommand({ Bucket: 'damaged', Key: 'k', Body: 'x' }));
    for (const file of bodiesIn(s3.folder)) unlinkSync(file);
    await expect(read(s3.client, 'damaged', 'k')).rejects.toThrow();
    expect(s3.log.join()).toContain('ENOENT');
    await s3.stop();
  });
});

describe('an upload that ends early', () => {
  it('by the client leaves neither object nor file', async () => {
    const s3 = await startLocal();
    s3.s3.createBucket('early', PLAIN);
    const upload = openRaw(s3.url, {
      method: 'PUT',
      path: '/early/k',
      headers: { 'content-length': '1000000' },
    });
    const ended = answerTo(upload).catch(() => 'cut');
    upload.write(Buffer.alloc(500_000));
    await waitUntil(
      () => bodiesIn(s3.folder).some((file) => statSync(file).size > 0),
      'half a body was written',
    );
    upload.destroy();
    await ended;
    await waitUntil(() => bodiesIn(s3.folder).length === 0, 'the half body was removed');
    expect(await failureOf(read(s3.client, 'early', 'k'))).toBe('NoSuchKey 404');
    await s3.stop();
  });

  it('by kill -9 of the endpoint leaves the old object, and the next start cleans up', async () => {
    const folder = temporaryFolder();
    const child = await startChild(folder);
    const client = clientOf(child.url);
    await client.send(new PutObjectCommand({ Bucket: 'durable', Key: 'k', Body: 'old' }));
    const { UploadId } = await client.send(new CreateMultipartUploadCommand({ Bucket: 'durable', Key: 'm' }));
    const upload = { Bucket: 'durable', Key: 'm', UploadId };
    const { ETag } = await client.send(new UploadPartCommand({ ...upload, PartNumber: 1, Body: 'part' }));
    const known = bodiesIn(folder).length;
    const half = openRaw(child.url, {
      method: 'PUT',
      path: '/durable/k',
      headers: { 'content-length': '1000000' },
    });
    const cut = answerTo(half).catch(() => 'cut');
    half.write(Buffer.alloc(500_000));
    await waitUntil(() => bodiesIn(folder).length > known, 'the endpoint began to write');
    await child.kill();
    expect(await cut).toBe('cut');

    const s3 = await startLocal({ folder });
    expect(bodiesIn(folder)).toHaveLength(known);
    expect(await read(s3.client, 'durable', 'k')).toBe('old');
    const Parts = [{ PartNumber: 1, ETag }];
    await s3.client.send(new CompleteMultipartUploadCommand({ ...upload, MultipartUpload: { Parts } }));
    expect(await read(s3.client, 'durable', 'm')).toBe('part');
    await s3.stop();
  });
});

describe('what is not emulated', () => {
  it.each([
    ['GET', '/b', '', {}],
    ['GET', '/b/k', 'acl=', {}],
    ['PUT', '/b/k', 'partNumber=1&uploadId=u', { 'x-amz-copy-source': 'b/k' }],
    ['POST', '/b/k', 'select=&select-type=2', {}],
    ['PUT', '/b', 'notification=', {}],
    ['PATCH', '/b/k', '', {}],
    ['PUT', '/b/k', '', { 'x-amz-website-redirect-location': '/x' }],
    ['PUT', '/b/k', '', { 'x-amz-acl': 'public-read' }],
    ['PUT', '/b/k', '', { 'x-amz-storage-class': 'GLACIER' }],
    ['GET', '/b/k', '', { range: 'bytes=0-1,3-4' }],
  ])('%s %s?%s %j answers 501', async (method, path, query, headers) => {
    const s3 = await startLocal();
    s3.s3.createBucket('b-b', PLAIN);
    const bucket = path.replace('/b', '/b-b');
    await s3.client.send(new PutObjectCommand({ Bucket: 'b-b', Key: 'k', Body: 'untouched' }));
    const answer = await sendRaw(s3.url, { method, path: bucket, query, headers });
    expect([answer.status, answer.text]).toEqual([
      501,
      expect.stringContaining('<Code>NotImplemented</Code>'),
    ]);
    expect(await read(s3.client, 'b-b', 'k')).toBe('untouched');
    await s3.stop();
  });
});

describe('authorize', () => {
  it('is asked for each permission with what policies may ask, and its refusal is AccessDenied', async () => {
    const asked: AuthorizedCall[] = [];
    const s3 = await startLocal({
      authorize: (call) => {
        asked.push(call);
        if (call.action === 's3:ListBucket') throw new AwsError(403, 'AccessDeniedException', 'no');
      },
    });
    s3.s3.createBucket('asked', PLAIN);
    await s3.client.send(
      new PutObjectCommand({ Bucket: 'asked', Key: 'k', Body: 'x', Tagging: 'a=b', IfNoneMatch: '*' }),
    );
    expect(asked.map(({ action, resource }) => `${action} ${resource}`)).toEqual([
      's3:PutObject arn:aws:s3:::asked/k',
      's3:PutObjectTagging arn:aws:s3:::asked/k',
    ]);
    expect(asked[0]).toMatchObject({
      accessKeyId: KEY.accessKeyId,
      conditionKeys: {
        's3:if-none-match': '*',
        's3:ObjectCreationOperation': 'true',
        'aws:SecureTransport': 'true',
      },
    });
    const list = s3.client.send(new ListObjectsV2Command({ Bucket: 'asked', Prefix: 'p/' }));
    expect(await failureOf(list)).toBe('AccessDenied 403');
    expect(asked.at(-1)?.conditionKeys['s3:prefix']).toBe('p/');
    // Who may not list is not told what is missing either.
    expect(await failureOf(read(s3.client, 'asked', 'missing'))).toBe('AccessDenied 403');
    await s3.stop();
  });
});

describe('a bucket of the template', () => {
  it('keeps its objects while its settings follow the template', async () => {
    const s3 = await startLocal();
    const everything = { AWS: '*' };
    const deny = {
      Effect: 'Deny',
      Principal: everything,
      Action: 's3:GetObject',
      Resource: 'arn:aws:s3:::stack/*',
    };
    s3.s3.createBucket('stack', { ...PLAIN, versioned: true, objectLock: true });
    await s3.client.send(new PutObjectCommand({ Bucket: 'stack', Key: 'k', Body: 'x' }));
    s3.s3.createBucket('stack', {
      ...PLAIN,
      versioned: true,
      objectLock: true,
      policies: [{ Statement: deny }],
    });
    expect(await failureOf(read(s3.client, 'stack', 'k'))).toBe('AccessDenied 403');
    s3.s3.createBucket('stack', { ...PLAIN, versioned: true, objectLock: true });
    expect(await read(s3.client, 'stack', 'k')).toBe('x');
    expect(() => s3.s3.createBucket('stack', { ...PLAIN, versioned: true })).toThrow('cannot be turned off');
    await s3.stop();
  });

  it('is refused where its policy or rules hold what is not known', async () => {
    const s3 = await startLocal();
    const policy = {
      Statement: { Effect: 'Deny', Principal: '*', Action: '*', Resource: '*', Condition: { IpAddress: {} } },
    };
    expect(() => s3.s3.createBucket('unknown', { ...PLAIN, policies: [policy] })).toThrow(
      'Condition.IpAddress',
    );
    const rule = { Status: 'Enabled', Transitions: [] };
    expect(() => s3.s3.createBucket('unknown', { ...PLAIN, lifecycleRules: [rule] })).toThrow('Transitions');
    await s3.stop();
  });
});
