import { createHash } from 'node:crypto';
import { Readable } from 'node:stream';
import {
  AbortMultipartUploadCommand,
  type AbortMultipartUploadCommandInput,
  CompleteMultipartUploadCommand,
  CreateMultipartUploadCommand,
  DeleteObjectCommand,
  GetObjectCommand,
  HeadObjectCommand,
  ListObjectVersionsCommand,
  ListPartsCommand,
  PutObjectCommand,
  S3ServiceException,
  UploadPartCommand,
} from '@aws-sdk/client-s3';
import { mockClient } from 'aws-sdk-client-mock';
import { s3Client } from '../../../functions/adapters/aws-clients.ts';
import { s3ObjectStore } from '../../../functions/adapters/s3-object-store.ts';
import type { UnfinishedUpload } from '../../../functions/core/ports.ts';
import { bytesOf, objectStoreContract } from '../../contracts/object-store.ts';
import { aPart, sourceOf } from '../../fixtures/parts.ts';
import { startBucket } from '../../fixtures/s3-bucket.ts';

let place: Awaited<ReturnType<typeof startBucket>>;
beforeAll(async () => {
  place = await startBucket();
});
afterAll(() => place.stop());

const named = (name: string, status: number): S3ServiceException =>
  new S3ServiceException({ name, $fault: 'client', $metadata: { httpStatusCode: status } });

/** The same bucket through a client that does what each test says, and else what S3 does. */
function disturbed() {
  const client = s3Client();
  const mock = mockClient(client);
  for (const command of [
    AbortMultipartUploadCommand,
    CompleteMultipartUploadCommand,
    CreateMultipartUploadCommand,
    GetObjectCommand,
    HeadObjectCommand,
    ListPartsCommand,
    PutObjectCommand,
    UploadPartCommand,
  ]) {
    // biome-ignore lint/suspicious/noExplicitAny: each command takes the input of its own kind.
    mock.on(command as any).callsFake((input) => place.bucket.s3.send(new (command as any)(input)));
  }
  return { mock, store: s3ObjectStore({ s3: client, name: place.bucket.name }) };
}

describe('objects in S3', () => {
  objectStoreContract(() => s3ObjectStore(place.bucket));

  it('leaves no upload behind when the source or a part fails', async () => {
    const store = s3ObjectStore(place.bucket);
    const wrong = { ...aPart(2), sha256: aPart(1).sha256 };
    await expect(store.writeParts('h/wrong', sourceOf(aPart(1), wrong, aPart(3)))).rejects.toMatchObject({
      code: 'upload_failed',
    });
    await expect(store.writeParts('h/broken', sourceOf(aPart(1), new Error('x')))).rejects.toThrow('x');
    expect(await place.openUploads()).toEqual([]);
  });

  it('removes versions, delete markers and unfinished uploads', async () => {
    const { s3, name } = place.bucket;
    for (const body of ['1', '2'])
      await s3.send(new PutObjectCommand({ Bucket: name, Key: 'i/x/y', Body: body }));
    await s3.send(new DeleteObjectCommand({ Bucket: name, Key: 'i/x/y' }));
    await s3.send(new CreateMultipartUploadCommand({ Bucket: name, Key: 'i/x/z' }));
    await s3ObjectStore(place.bucket).removeAll('i/x/');
    const left = await s3.send(new ListObjectVersionsCommand({ Bucket: name, Prefix: 'i/' }));
    expect([left.Versions ?? [], left.DeleteMarkers ?? []]).toEqual([[], []]);
    expect(await place.openUploads()).toEqual([]);
  });

  it('removes more objects than one answer names, and none of a neighbour', async () => {
    const { s3, name } = place.bucket;
    const store = s3ObjectStore(place.bucket);
    const prefixes = ['many/bk_1/', 'many/bk_10/'];
    for (const prefix of prefixes) {
      for (let from = 0; from < (prefix === 'many/bk_1/' ? 1_001 : 1); from += 50) {
        const keys = Array.from({ length: 50 }, (_, place) => `${prefix}rows/${from + place}/0.tsv.zst`);
        await Promise.all(keys.map((Key) => s3.send(new PutObjectCommand({ Bucket: name, Key, Body: 'x' }))));
      }
    }
    await store.removeAll('many/bk_1/');
    const left: string[] = [];
    for await (const { key } of store.list('many/')) left.push(key);
    expect(left).toHaveLength(50);
    expect(left.every((key) => key.startsWith('many/bk_10/'))).toBe(true);
    await store.removeAll('many/bk_10/');
  });

  it('lists unfinished uploads over all pages, and aborts each with its parts', async () => {
    const { s3, name } = place.bucket;
    const store = s3ObjectStore(place.bucket);
    const keys = ['j/1', 'j/2', 'jj'];
    for (const Key of keys) {
      const { UploadId } = await s3.send(new CreateMultipartUploadCommand({ Bucket: name, Key }));
      await s3.send(new UploadPartCommand({ Bucket: name, Key, UploadId, PartNumber: 1, Body: 'x' }));
    }
    const found: UnfinishedUpload[] = [];
    for await (const upload of store.listUploads('j/')) found.push(upload);
    expect(found.map(({ key }) => key)).toEqual(['j/1', 'j/2']);
    for (const upload of [...found, ...found]) await store.abortUpload(upload);
    expect(await place.openUploads()).toEqual(['jj']);
    for await (const upload of store.listUploads('jj')) await store.abortUpload(upload);
    expect(await place.openUploads()).toEqual([]);
  });

  it.each(['', '/', 'a', 'databases'])('refuses to remove under %p', async (prefix) => {
    await expect(s3ObjectStore(place.bucket).removeAll(prefix)).rejects.toMatchObject({ code: 'internal' });
  });
});

describe('when S3 disturbs', () => {
  it('counts a completion whose answer was lost, if our bytes lie there', async () => {
    const { mock, store } = disturbed();
    mock.on(CompleteMultipartUploadCommand).callsFake(async (input) => {
      await place.bucket.s3.send(new CompleteMultipartUploadCommand(input));
      throw named('NoSuchUpload', 404);
    });
    const { versionId } = await store.writeParts('j/lost', sourceOf(aPart(1), aPart(2, 7)));
    expect(await bytesOf(store.read('j/lost', versionId))).toHaveLength(aPart(1).body.length + 7);
  });

  it('counts a small write whose answer was lost, if our bytes lie there', async () => {
    const { mock, store } = disturbed();
    mock.on(PutObjectCommand).callsFake(async (input) => {
      await place.bucket.s3.send(new PutObjectCommand(input));
      throw named('PreconditionFailed', 412);
    });
    const { versionId } = await store.writeOnce('j/small', Buffer.from('x'), 'text/plain');
    expect(String(await bytesOf(store.read('j/small', versionId)))).toBe('x');
  });

  it.each([
    ['a refusal of the only attempt', { httpStatusCode: 403, attempts: 1 }, true],
    ['a refusal after an attempt without an answer', { httpStatusCode: 403, attempts: 2 }, false],
    ['a failure of S3', { httpStatusCode: 500, attempts: 1 }, false],
  ])('tells of a small write whether %s leaves open if it was done', async (name, $metadata, refused) => {
    const { mock, store } = disturbed();
    mock.on(PutObjectCommand).rejects(new S3ServiceException({ name, $fault: 'client', $metadata }));
    const writing = store.writeOnce('j/refused', Buffer.from('x'), 'text/plain');
    await expect(writing).rejects.toMatchObject({ code: 'upload_failed', details: { refused } });
  });

  it('takes what S3 itself refuses for a refusal', async () => {
    const store = s3ObjectStore(place.bucket);
    await store.writeOnce('j/taken', Buffer.from('x'), 'text/plain');
    const writing = store.writeOnce('j/taken', Buffer.from('y'), 'text/plain');
    await expect(writing).rejects.toMatchObject({ code: 'upload_failed', details: { refused: true } });
  });

  it('lets S3 refuse other bytes than those whose hash is known', async () => {
    const store = s3ObjectStore(place.bucket);
    const sha256 = createHash('sha256').update('x').digest('hex');
    const writing = store.writeOnce('j/other', Buffer.from('y'), 'text/plain', undefined, sha256);
    await expect(writing).rejects.toMatchObject({ code: 'upload_failed', details: { refused: true } });
    const { versionId } = await store.writeOnce('j/other', Buffer.from('x'), 'text/plain', undefined, sha256);
    expect(String(await bytesOf(store.read('j/other', versionId)))).toBe('x');
  });

  it('takes no lost connection for a refusal', async () => {
    const { mock, store } = disturbed();
    mock.on(PutObjectCommand).rejects(new Error('socket hang up'));
    const writing = store.writeOnce('j/cut', Buffer.from('x'), 'text/plain');
    await expect(writing).rejects.toMatchObject({ code: 'upload_failed', details: { refused: false } });
  });

  it.each([
    ['no object', async () => undefined],
    [
      'the object of another',
      async () => {
        await s3ObjectStore(place.bucket).writeParts('k/unsure', sourceOf(aPart(1, 3)));
      },
    ],
  ])('fails where a completion breaks off and there is %s', async (_, before) => {
    await before();
    const { mock, store } = disturbed();
    mock
      .on(CompleteMultipartUploadCommand)
      .rejects(Object.assign(new Error('socket hang up'), { code: 'ECONNRESET' }));
    await expect(store.writeParts('k/unsure', sourceOf(aPart(1, 9)))).rejects.toMatchObject({
      code: 'upload_failed',
    });
    expect(await place.openUploads()).toEqual([]);
  });

  it('fails where S3 answers a completion with another checksum', async () => {
    const { mock, store } = disturbed();
    mock.on(CompleteMultipartUploadCommand).resolves({ ChecksumSHA256: 'AAAA-1', VersionId: 'v' });
    await expect(store.writeParts('k/checksum', sourceOf(aPart(1, 9)))).rejects.toMatchObject({
      code: 'upload_failed',
    });
  });

  it('ends source and upload when parts are slowed down for too long', async () => {
    const { mock, store } = disturbed();
    mock.on(UploadPartCommand).rejects(named('SlowDown', 503));
    let closed = false;
    const source = async function* () {
      try {
        for (let number = 1; ; number += 1) yield aPart(number, 10);
      } finally {
        closed = true;
      }
    };
    await expect(store.writeParts('l/slow', source())).rejects.toMatchObject({
      code: 'upload_failed',
      message: 'could not send part 1 of l/slow (SlowDown)',
    });
    expect(closed).toBe(true);
    expect(await place.openUploads()).toEqual([]);
  });

  it('aborts again while parts that were under way turn up', async () => {
    const { mock, store } = disturbed();
    const abort = (input: AbortMultipartUploadCommandInput) =>
      place.bucket.s3.send(new AbortMultipartUploadCommand(input));
    // The first abort finds one part, the second another that was still on its way.
    mock.on(AbortMultipartUploadCommand).resolvesOnce({}).resolvesOnce({}).callsFake(abort);
    await expect(store.writeParts('m/late', sourceOf(aPart(1), new Error('x')))).rejects.toThrow('x');
    // The last one is told that there is no such upload any more.
    expect(mock.commandCalls(AbortMultipartUploadCommand)).toHaveLength(4);
    expect(await place.openUploads()).toEqual([]);
  });

  it('aborts again after an attempt that failed', async () => {
    const { mock, store } = disturbed();
    const { s3, name } = place.bucket;
    const key = 'm/again';
    const begun = await s3.send(new CreateMultipartUploadCommand({ Bucket: name, Key: key }));
    const abort = (input: AbortMultipartUploadCommandInput) =>
      s3.send(new AbortMultipartUploadCommand(input));
    mock.on(AbortMultipartUploadCommand).rejectsOnce(named('SlowDown', 503)).callsFake(abort);
    await store.abortUpload({ key, uploadId: begun.UploadId ?? '' });
    expect(await place.openUploads()).toEqual([]);
  });

  it('says which upload cannot be aborted', async () => {
    const { mock, store } = disturbed();
    mock.on(AbortMultipartUploadCommand).resolvesOnce({}).rejects(named('SlowDown', 503));
    await expect(store.abortUpload({ key: 'm/kept', uploadId: 'u' })).rejects.toMatchObject({
      code: 'unavailable',
      message: 'could not abort m/kept (SlowDown)',
    });
  });

  it('tells the failure of the source although nothing can be aborted', async () => {
    const { mock, store } = disturbed();
    mock.on(AbortMultipartUploadCommand).rejects(named('SlowDown', 503));
    await expect(store.writeParts('m/stuck', sourceOf(aPart(1), new Error('x')))).rejects.toThrow('x');
    await s3ObjectStore(place.bucket).removeAll('m/');
  });

  it('goes on where a body ended early', async () => {
    const { versionId } = await s3ObjectStore(place.bucket).writeParts('n/early', sourceOf(aPart(1, 1_000)));
    const { mock, store } = disturbed();
    const early = { Body: Readable.from([aPart(1, 1_000).body.subarray(0, 300)]), ContentLength: 1_000 };
    mock.on(GetObjectCommand, { Range: undefined }).resolvesOnce(early as never);
    expect(await bytesOf(store.read('n/early', versionId))).toEqual(aPart(1, 1_000).body);
    expect(mock.commandCalls(GetObjectCommand).map(({ args }) => args[0].input.Range)).toEqual([
      undefined,
      'bytes=300-999',
    ]);
  });

  it('tells a key that is disabled, and calls nothing damaged by it', async () => {
    const { mock, store } = disturbed();
    const disabled = named('KMS.DisabledException', 400);
    for (const command of [CreateMultipartUploadCommand, GetObjectCommand])
      mock.on(command).rejects(disabled);
    await expect(store.writeParts('k/new', sourceOf(aPart(1)))).rejects.toMatchObject({
      code: 'upload_failed',
      message: expect.stringContaining('KMS.DisabledException'),
    });
    await expect(bytesOf(store.read('k/old', 'v'))).rejects.toMatchObject({
      code: 'unavailable',
      message: expect.stringContaining('KMS.DisabledException'),
    });
  });

  it('calls nothing damaged because the bucket has another name', async () => {
    const { mock, store } = disturbed();
    mock.on(GetObjectCommand).rejects(named('NoSuchBucket', 404));
    await expect(bytesOf(store.read('k/old', 'v'))).rejects.toMatchObject({
      code: 'unavailable',
      message: expect.stringContaining('NoSuchBucket'),
    });
  });

  it('gives up on bodies that bring nothing, and never gives too much', async () => {
    const { mock, store } = disturbed();
    mock.on(GetObjectCommand).callsFake(async () => ({ Body: Readable.from([]), ContentLength: 10 }));
    await expect(bytesOf(store.read('n/none', 'v'))).rejects.toMatchObject({ code: 'unavailable' });
    expect(mock.commandCalls(GetObjectCommand)).toHaveLength(5);
    mock
      .on(GetObjectCommand)
      .callsFake(async () => ({ Body: Readable.from([Buffer.alloc(11)]), ContentLength: 10 }));
    await expect(bytesOf(store.read('n/long', 'v'))).rejects.toMatchObject({ code: 'backup_damaged' });
  });
});
