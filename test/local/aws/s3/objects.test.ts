/** Contract of objects: this holds on AWS and on the laptop. */
import { createHash, randomBytes } from 'node:crypto';
import { Readable } from 'node:stream';
import {
  type ChecksumAlgorithm,
  CopyObjectCommand,
  GetObjectAttributesCommand,
  GetObjectCommand,
  type GetObjectCommandInput,
  GetObjectTaggingCommand,
  HeadBucketCommand,
  HeadObjectCommand,
  PutObjectCommand,
  type PutObjectCommandInput,
  PutObjectTaggingCommand,
} from '@aws-sdk/client-s3';
import { failureOf, type S3Fixture, startS3 } from './s3-fixture.ts';

let s3: S3Fixture;
beforeAll(async () => {
  s3 = await startS3();
});
afterAll(() => s3.stop());

const put = (Key: string, Body: string | Buffer | Readable, more: Partial<PutObjectCommandInput> = {}) =>
  s3.client.send(new PutObjectCommand({ Bucket: s3.plain, Key, Body, ...more }));
const get = (Key: string, more: Partial<GetObjectCommandInput> = {}) =>
  s3.client.send(new GetObjectCommand({ Bucket: s3.plain, Key, ...more }));
const head = (Key: string, more: Partial<GetObjectCommandInput> = {}) =>
  s3.client.send(new HeadObjectCommand({ Bucket: s3.plain, Key, ...more }));
const text = async (Key: string, more: Partial<GetObjectCommandInput> = {}) =>
  (await get(Key, more)).Body?.transformToString();

describe('an object', () => {
  it('comes back with its bytes and all that was said about it', async () => {
    const written = await put('described', 'some text', {
      ContentType: 'text/plain',
      ContentEncoding: 'identity',
      CacheControl: 'no-store',
      ContentDisposition: 'attachment; filename="a.txt"',
      Metadata: { run: 'bk_1', empty: '' },
      StorageClass: 'STANDARD_IA',
    });
    expect(written.ETag).toBe(`"${createHash('md5').update('some text').digest('hex')}"`);
    const read = await get('described');
    expect(await read.Body?.transformToString()).toBe('some text');
    expect(read).toMatchObject({
      ContentType: 'text/plain',
      ContentEncoding: 'identity',
      CacheControl: 'no-store',
      ContentDisposition: 'attachment; filename="a.txt"',
      ContentLength: 9,
      Metadata: { run: 'bk_1', empty: '' },
      StorageClass: 'STANDARD_IA',
      ServerSideEncryption: 'AES256',
      ETag: written.ETag,
    });
    expect(await head('described')).toMatchObject({
      ContentLength: 9,
      ContentType: 'text/plain',
      ETag: written.ETag,
    });
  });

  it.each([
    'a/b/c',
    'with space',
    'plus+and&and=',
    'ünï/cødé/😀',
    '../../up',
    'a//b',
    '%41',
    'quotes\'"<>',
    '.',
  ])('may be named %j', async (key) => {
    await put(key, key);
    expect(await text(key)).toBe(key);
  });

  it('is missing by name, and so is its bucket', async () => {
    expect(await failureOf(get('missing'))).toBe('NoSuchKey 404');
    expect(await failureOf(head('missing'))).toBe('NotFound 404');
    const nowhere = { Bucket: `${s3.plain}-not` };
    expect(await failureOf(s3.client.send(new HeadBucketCommand(nowhere)))).toBe('NotFound 404');
    expect(await failureOf(s3.client.send(new GetObjectCommand({ ...nowhere, Key: 'k' })))).toBe(
      'NoSuchBucket 404',
    );
  });

  it('may be empty', async () => {
    await put('empty', Buffer.alloc(0));
    expect(await head('empty')).toMatchObject({ ContentLength: 0 });
    expect(await text('empty')).toBe('');
    expect(await failureOf(get('empty', { Range: 'bytes=0-0' }))).toBe('InvalidRange 416');
  });

  it('is replaced whole: a reader that began before sees the old bytes to their end', async () => {
    await put('replaced', Buffer.alloc(6 << 20, 'a'));
    const reading = await get('replaced');
    await put('replaced', Buffer.alloc(6 << 20, 'b'));
    const bytes = await reading.Body?.transformToByteArray();
    expect(bytes?.length).toBe(6 << 20);
    expect(new Set(bytes)).toEqual(new Set([97]));
  });

  it('of a stream travels in chunks and is stored without them', async () => {
    const bytes = randomBytes(1_500_000);
    const parts = [bytes.subarray(0, 70_000), bytes.subarray(70_000)];
    const written = await put('streamed', Readable.from(parts), {
      ContentLength: bytes.length,
      ContentEncoding: 'zstd',
    });
    expect(written.ChecksumCRC32).toMatch(/^.{6}==$/);
    const read = await get('streamed');
    expect(read.ContentEncoding).toBe('zstd');
    expect(Buffer.from((await read.Body?.transformToByteArray()) ?? []).equals(bytes)).toBe(true);
  });
});

describe('a range', () => {
  it.each([
    ['bytes=2-4', '234', 'bytes 2-4/10'],
    ['bytes=0-0', '0', 'bytes 0-0/10'],
    ['bytes=7-', '789', 'bytes 7-9/10'],
    ['bytes=-3', '789', 'bytes 7-9/10'],
    ['bytes=-50', '0123456789', 'bytes 0-9/10'],
    ['bytes=8-99', '89', 'bytes 8-9/10'],
  ])('%s gives %s', async (Range, bytes, shown) => {
    await put('digits', '0123456789');
    const read = await get('digits', { Range });
    expect(await read.Body?.transformToString()).toBe(bytes);
    expect([read.ContentRange, read.$metadata.httpStatusCode]).toEqual([shown, 206]);
  });

  it('beyond the end is refused, and a senseless one is none', async () => {
    await put('digits', '0123456789');
    expect(await failureOf(get('digits', { Range: 'bytes=10-12' }))).toBe('InvalidRange 416');
    expect(await text('digits', { Range: 'bytes=4-2' })).toBe('0123456789');
  });
});

describe('a checksum', () => {
  // Those of "abc", by other programs.
  it.each<[ChecksumAlgorithm, string]>([
    ['CRC32', 'NSRBwg=='],
    ['CRC32C', 'Nks/tw=='],
    ['CRC64NVME', 'BeXKuz/B+us='],
    ['SHA1', 'qZk+NkcGgWq6PiVxeFDCbJzQ2J0='],
    ['SHA256', 'ungWv48Bz+pBQUDeXa4iI7ADYaOWF3qctBD/YfIAFa0='],
  ])('%s is kept and shown on demand', async (ChecksumAlgorithm, value) => {
    const name = `Checksum${ChecksumAlgorithm}`;
    expect(await put(`sum-${name}`, 'abc', { ChecksumAlgorithm })).toMatchObject({
      [name]: value,
      ChecksumType: 'FULL_OBJECT',
    });
    expect(await head(`sum-${name}`, { ChecksumMode: 'ENABLED' })).toMatchObject({ [name]: value });
    expect(await head(`sum-${name}`)).not.toHaveProperty(name);
  });

  it.each<[string, Partial<PutObjectCommandInput>]>([
    ['SHA-256', { ChecksumSHA256: createHash('sha256').update('other').digest('base64') }],
    ['MD5', { ContentMD5: createHash('md5').update('other').digest('base64') }],
    ['CRC32C', { ChecksumCRC32C: 'AAAAAA==' }],
  ])('that is wrong (%s) stores nothing', async (_name, claim) => {
    expect(await failureOf(put('wrong-sum', 'abc', claim))).toBe('BadDigest 400');
    expect(await failureOf(head('wrong-sum'))).toBe('NotFound 404');
  });
});

describe('a condition', () => {
  it('If-None-Match: * writes once', async () => {
    await put('once', 'first', { IfNoneMatch: '*' });
    expect(await failureOf(put('once', 'second', { IfNoneMatch: '*' }))).toBe('PreconditionFailed 412');
    expect(await text('once')).toBe('first');
  });

  it('If-None-Match: * lets exactly one of fifty win', async () => {
    const tries = Array.from({ length: 50 }, (_, number) =>
      failureOf(put('race', `${number}`, { IfNoneMatch: '*' })),
    );
    const results = await Promise.all(tries);
    const winners = results.flatMap((result, number) => (result === 'no failure' ? [`${number}`] : []));
    expect(winners).toHaveLength(1);
    expect(await text('race')).toBe(winners[0]);
    for (const result of results) {
      expect(['no failure', 'PreconditionFailed 412', 'ConditionalRequestConflict 409']).toContain(result);
    }
  });

  it('If-Match replaces only what was read', async () => {
    const { ETag } = await put('matched', 'one');
    await put('matched', 'two', { IfMatch: ETag });
    expect(await failureOf(put('matched', 'three', { IfMatch: ETag }))).toBe('PreconditionFailed 412');
    expect(await failureOf(put('matched-not', 'x', { IfMatch: ETag }))).toBe('NoSuchKey 404');
    expect(await text('matched')).toBe('two');
  });

  it('guards reads too', async () => {
    const { ETag } = await put('guarded', 'x');
    expect(await text('guarded', { IfMatch: ETag })).toBe('x');
    expect(await failureOf(get('guarded', { IfMatch: '"00"' }))).toBe('PreconditionFailed 412');
    expect(await failureOf(get('guarded', { IfNoneMatch: ETag }))).toMatch(/ 304$/);
    expect(await failureOf(get('guarded', { IfUnmodifiedSince: new Date(0) }))).toBe(
      'PreconditionFailed 412',
    );
  });
});

describe('a copy, tags and attributes', () => {
  it('copies bytes and description, or replaces the description', async () => {
    await put('from ä', 'copied', { ContentType: 'text/x-source', Metadata: { a: 'b' }, Tagging: 'k=v' });
    const CopySource = `${s3.plain}/${encodeURIComponent('from ä')}`;
    const copy = (more: object) =>
      s3.client.send(new CopyObjectCommand({ Bucket: s3.plain, Key: 'to', CopySource, ...more }));
    await copy({});
    expect(await head('to')).toMatchObject({
      ContentType: 'text/x-source',
      Metadata: { a: 'b' },
      ContentLength: 6,
    });
    await copy({ MetadataDirective: 'REPLACE', ContentType: 'text/x-copy' });
    expect(await head('to')).toMatchObject({ ContentType: 'text/x-copy', Metadata: {} });
    expect(await text('to')).toBe('copied');
  });

  it('keeps tags with the object and replaces them all', async () => {
    const tagged = { Bucket: s3.plain, Key: 'tagged' };
    const tags = async () => (await s3.client.send(new GetObjectTaggingCommand(tagged))).TagSet;
    await put('tagged', 'x', { Tagging: 'keep=7%20days&tier=a' });
    expect(await tags()).toEqual([
      { Key: 'keep', Value: '7 days' },
      { Key: 'tier', Value: 'a' },
    ]);
    await s3.client.send(
      new PutObjectTaggingCommand({ ...tagged, Tagging: { TagSet: [{ Key: 'new', Value: '1' }] } }),
    );
    expect(await tags()).toEqual([{ Key: 'new', Value: '1' }]);
    expect(await get('tagged')).toMatchObject({ TagCount: 1 });
  });

  it('tells attributes without the bytes', async () => {
    const { ETag } = await put('attributes', 'abc', { ChecksumAlgorithm: 'SHA256' });
    const attributes = await s3.client.send(
      new GetObjectAttributesCommand({
        Bucket: s3.plain,
        Key: 'attributes',
        ObjectAttributes: ['ETag', 'Checksum', 'ObjectSize', 'StorageClass'],
      }),
    );
    expect(attributes).toMatchObject({
      ETag: ETag?.replaceAll('"', ''),
      ObjectSize: 3,
      StorageClass: 'STANDARD',
      Checksum: {
        ChecksumSHA256: 'ungWv48Bz+pBQUDeXa4iI7ADYaOWF3qctBD/YfIAFa0=',
        ChecksumType: 'FULL_OBJECT',
      },
    });
  });
});
