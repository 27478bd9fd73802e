/** Contract of versions, deletions and listings: this holds on AWS and on the laptop. */
import {
  CopyObjectCommand,
  DeleteObjectCommand,
  DeleteObjectsCommand,
  GetObjectCommand,
  HeadObjectCommand,
  ListObjectsV2Command,
  type ListObjectsV2CommandInput,
  ListObjectVersionsCommand,
  type ListObjectVersionsCommandInput,
  PutBucketVersioningCommand,
  PutObjectCommand,
  paginateListObjectsV2,
} from '@aws-sdk/client-s3';
import { failureOf, type S3Fixture, startS3 } from './s3-fixture.ts';

let s3: S3Fixture;
beforeAll(async () => {
  s3 = await startS3();
});
afterAll(() => s3.stop());

const put = async (Key: string, Body = Key, Bucket = s3.locked) =>
  (await s3.client.send(new PutObjectCommand({ Bucket, Key, Body }))).VersionId;
const read = async (Key: string, VersionId?: string, Bucket = s3.locked) =>
  (await s3.client.send(new GetObjectCommand({ Bucket, Key, VersionId }))).Body?.transformToString();
const remove = (Key: string, VersionId?: string, Bucket = s3.locked) =>
  s3.client.send(new DeleteObjectCommand({ Bucket, Key, VersionId }));
const list = (more: Partial<ListObjectsV2CommandInput>) =>
  s3.client.send(new ListObjectsV2Command({ Bucket: s3.locked, ...more }));
const versions = (more: Partial<ListObjectVersionsCommandInput>) =>
  s3.client.send(new ListObjectVersionsCommand({ Bucket: s3.locked, ...more }));

describe('a version', () => {
  it('is read by its id after it was replaced and after its key was deleted', async () => {
    const [first, second] = [await put('v', 'one'), await put('v', 'two')];
    expect(first).not.toBe(second);
    const deletion = await remove('v');
    expect(deletion.DeleteMarker).toBe(true);
    expect(await failureOf(read('v'))).toBe('NoSuchKey 404');
    expect([await read('v', first), await read('v', second)]).toEqual(['one', 'two']);
    const marker = new HeadObjectCommand({ Bucket: s3.locked, Key: 'v', VersionId: deletion.VersionId });
    expect(await failureOf(s3.client.send(marker))).toMatch(/ 405$/);

    await remove('v', deletion.VersionId);
    expect(await read('v')).toBe('two');
    await remove('v', second);
    expect(await read('v')).toBe('one');
    expect(await failureOf(read('v', second))).toBe('NoSuchVersion 404');
    expect(await failureOf(read('v', 'no version id'))).toBe('InvalidArgument 400');
  });

  it('is what a copy may begin from', async () => {
    const first = await put('copied', 'one');
    await put('copied', 'two');
    const CopySource = `${s3.locked}/copied?versionId=${first}`;
    await s3.client.send(new CopyObjectCommand({ Bucket: s3.locked, Key: 'copied', CopySource }));
    expect(await read('copied')).toBe('one');
  });

  it('is not kept where versions are not, and is called null once they are', async () => {
    const before = { Bucket: s3.plain, Key: 'p' };
    expect(await put('p', 'one', s3.plain)).toBeUndefined();
    await put('p', 'two', s3.plain);
    await s3.client.send(
      new PutBucketVersioningCommand({ Bucket: s3.plain, VersioningConfiguration: { Status: 'Enabled' } }),
    );
    await put('p', 'three', s3.plain);
    expect(await read('p', 'null', s3.plain)).toBe('two');
    await s3.client.send(
      new PutBucketVersioningCommand({ Bucket: s3.plain, VersioningConfiguration: { Status: 'Suspended' } }),
    );
    expect(await put('p', 'four', s3.plain)).toBe('null');
    const found = await versions({ Bucket: s3.plain, Prefix: 'p' });
    expect(found.Versions).toHaveLength(2);
    expect(await read('p', undefined, s3.plain)).toBe('four');
    await s3.client.send(new DeleteObjectCommand(before));
    expect((await versions({ Bucket: s3.plain, Prefix: 'p' })).Versions).toHaveLength(1);
  });
});

describe('many deletions at once', () => {
  it('tell each result, or only failures when quiet', async () => {
    const id = await put('many/a');
    await put('many/ü & <b>');
    const send = (objects: { Key: string; VersionId?: string | undefined }[], Quiet = false) =>
      s3.client.send(new DeleteObjectsCommand({ Bucket: s3.locked, Delete: { Objects: objects, Quiet } }));
    const loud = await send([
      { Key: 'many/a', VersionId: id },
      { Key: 'many/ü & <b>' },
      { Key: 'many/none' },
    ]);
    expect(loud.Deleted?.map(({ Key }) => Key)).toEqual(['many/a', 'many/ü & <b>', 'many/none']);
    expect(loud.Deleted?.map(({ DeleteMarker }) => DeleteMarker ?? false)).toEqual([false, true, true]);
    const quiet = await send([{ Key: 'many/none' }, { Key: 'many/a', VersionId: 'no version id' }], true);
    expect(quiet.Deleted ?? []).toEqual([]);
    expect(quiet.Errors).toHaveLength(1);
    expect((await list({ Prefix: 'many/' })).KeyCount).toBe(0);
  });
});

describe('a listing', () => {
  const keys = ['l/a', 'l/a-b', 'l/a/1', 'l/a/2', 'l/b', 'l/c/x/1', 'l/c/x/2', 'l/z\u{ffff}', 'l/z😀'];
  beforeAll(async () => {
    for (const key of keys) await put(key);
    await put('l/gone');
    await remove('l/gone');
  });

  it('is in the order of UTF-8 bytes, and leaves deleted keys out', async () => {
    const found = await list({ Prefix: 'l/' });
    expect(found.Contents?.map(({ Key }) => Key)).toEqual(keys);
    expect(found).toMatchObject({ KeyCount: keys.length, IsTruncated: false });
  });

  it('groups at a delimiter', async () => {
    const found = await list({ Prefix: 'l/', Delimiter: '/' });
    expect(found.CommonPrefixes?.map(({ Prefix }) => Prefix)).toEqual(['l/a/', 'l/c/']);
    expect(found.Contents?.map(({ Key }) => Key)).toEqual(keys.filter((key) => key.split('/').length === 2));
    expect(found.KeyCount).toBe(7);
  });

  it.each([
    ['', keys],
    ['/', ['l/a', 'l/a-b', 'l/a/', 'l/b', 'l/c/', 'l/z\u{ffff}', 'l/z😀']],
  ])('gives the same in pages of one, delimiter %j', async (Delimiter, expected) => {
    const found: (string | undefined)[] = [];
    const pages = paginateListObjectsV2(
      { client: s3.client, pageSize: 1 },
      { Bucket: s3.locked, Prefix: 'l/', Delimiter },
    );
    for await (const page of pages) {
      expect(page.KeyCount).toBe(1);
      found.push(
        ...(page.Contents ?? []).map(({ Key }) => Key),
        ...(page.CommonPrefixes ?? []).map(({ Prefix }) => Prefix),
      );
    }
    expect(found).toEqual(expected);
  });

  it('starts where it is told', async () => {
    expect((await list({ Prefix: 'l/', StartAfter: 'l/b' })).Contents?.[0]?.Key).toBe('l/c/x/1');
    expect(await failureOf(list({ ContinuationToken: 'forged' }))).toBe('InvalidArgument 400');
    expect((await list({ MaxKeys: 0 })).KeyCount ?? 0).toBe(0);
  });

  it('of versions is newest first, and goes on where a page ended, though what ended it is gone', async () => {
    const ids = [await put('w/a', '1'), await put('w/a', '2'), await put('w/a', '3')];
    const marker = (await remove('w/a')).VersionId;
    const other = await put('w/b');
    const first = await versions({ Prefix: 'w/', MaxKeys: 2 });
    expect(first.DeleteMarkers).toMatchObject([{ Key: 'w/a', VersionId: marker, IsLatest: true }]);
    expect(first.Versions).toMatchObject([{ VersionId: ids[2], IsLatest: false }]);
    expect(first.IsTruncated).toBe(true);
    await remove('w/a', ids[2]);
    const rest = await versions({
      Prefix: 'w/',
      KeyMarker: first.NextKeyMarker,
      VersionIdMarker: first.NextVersionIdMarker,
    });
    expect(rest.Versions?.map(({ VersionId }) => VersionId)).toEqual([ids[1], ids[0], other]);
    expect(rest.IsTruncated).toBe(false);
  });

  it('of versions groups at a delimiter, in pages', async () => {
    for (const key of ['x/a/1', 'x/a/2', 'x/b', 'x/c/1']) await put(key);
    const first = await versions({ Prefix: 'x/', Delimiter: '/', MaxKeys: 1 });
    expect(first.CommonPrefixes).toEqual([{ Prefix: 'x/a/' }]);
    const rest = await versions({ Prefix: 'x/', Delimiter: '/', KeyMarker: first.NextKeyMarker });
    expect(rest.Versions?.map(({ Key }) => Key)).toEqual(['x/b']);
    expect(rest.CommonPrefixes).toEqual([{ Prefix: 'x/c/' }]);
  });
});
