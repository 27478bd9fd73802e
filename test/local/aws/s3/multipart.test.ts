/** Contract of multipart uploads: this holds on AWS and on the laptop. */
import { createHash, randomBytes } from 'node:crypto';
import {
  AbortMultipartUploadCommand,
  type CompletedPart,
  CompleteMultipartUploadCommand,
  type CompleteMultipartUploadCommandInput,
  CreateMultipartUploadCommand,
  type CreateMultipartUploadCommandInput,
  GetObjectAttributesCommand,
  GetObjectCommand,
  HeadObjectCommand,
  ListMultipartUploadsCommand,
  ListPartsCommand,
  PutObjectCommand,
  UploadPartCommand,
  type UploadPartCommandInput,
} from '@aws-sdk/client-s3';
import { failureOf, type S3Fixture, startS3 } from './s3-fixture.ts';

const MIB = 1024 * 1024;
let s3: S3Fixture;
beforeAll(async () => {
  s3 = await startS3();
});
afterAll(() => s3.stop());

const sha256 = (bytes: Buffer) => createHash('sha256').update(bytes).digest();
const base = (Key: string, UploadId: string | undefined) => ({ Bucket: s3.locked, Key, UploadId });
const begin = async (Key: string, more: Partial<CreateMultipartUploadCommandInput> = {}) =>
  (await s3.client.send(new CreateMultipartUploadCommand({ Bucket: s3.locked, Key, ...more }))).UploadId;
async function send(
  Key: string,
  id: string | undefined,
  PartNumber: number,
  Body: Buffer,
  more: Partial<UploadPartCommandInput> = {},
) {
  const part = await s3.client.send(new UploadPartCommand({ ...base(Key, id), PartNumber, Body, ...more }));
  const { ETag, ChecksumSHA256, ChecksumCRC32, ChecksumCRC64NVME } = part;
  return { PartNumber, ETag, ChecksumSHA256, ChecksumCRC32, ChecksumCRC64NVME } satisfies CompletedPart;
}
const complete = (
  Key: string,
  id: string | undefined,
  Parts: CompletedPart[],
  more: Partial<CompleteMultipartUploadCommandInput> = {},
) =>
  s3.client.send(
    new CompleteMultipartUploadCommand({ ...base(Key, id), MultipartUpload: { Parts }, ...more }),
  );
const read = async (Key: string, Range?: string) =>
  Buffer.from(
    (await (
      await s3.client.send(new GetObjectCommand({ Bucket: s3.locked, Key, Range }))
    ).Body?.transformToByteArray()) ?? [],
  );

describe('a multipart upload', () => {
  it('becomes an object with a composite SHA-256, readable whole, by range and by part', async () => {
    const bodies = [randomBytes(5 * MIB), randomBytes(5 * MIB + 1), randomBytes(7)];
    const whole = Buffer.concat(bodies);
    const id = await begin('sha', {
      ChecksumAlgorithm: 'SHA256',
      ContentType: 'application/zstd',
      Metadata: { a: 'b' },
    });
    const parts: CompletedPart[] = [];
    // Out of order and with gaps in the numbers, which is allowed.
    for (const index of [2, 0, 1])
      parts[index] = await send('sha', id, index * 3 + 1, bodies[index] ?? Buffer.alloc(0), {
        ChecksumAlgorithm: 'SHA256',
      });
    expect(parts[0]?.ChecksumSHA256).toBe(sha256(bodies[0] ?? Buffer.alloc(0)).toString('base64'));
    const composite = `${sha256(Buffer.concat(bodies.map(sha256))).toString('base64')}-3`;
    const done = await complete('sha', id, parts);
    expect(done).toMatchObject({ ChecksumSHA256: composite, ChecksumType: 'COMPOSITE' });
    expect(done.VersionId).toBeTruthy();

    expect((await read('sha')).equals(whole)).toBe(true);
    expect(
      (await read('sha', `bytes=${5 * MIB - 2}-${10 * MIB + 3}`)).equals(
        whole.subarray(5 * MIB - 2, 10 * MIB + 4),
      ),
    ).toBe(true);
    const second = await s3.client.send(
      new GetObjectCommand({ Bucket: s3.locked, Key: 'sha', PartNumber: 2 }),
    );
    expect(
      Buffer.from((await second.Body?.transformToByteArray()) ?? []).equals(bodies[1] ?? Buffer.alloc(0)),
    ).toBe(true);
    expect(second.PartsCount).toBe(3);
    const head = await s3.client.send(
      new HeadObjectCommand({ Bucket: s3.locked, Key: 'sha', ChecksumMode: 'ENABLED' }),
    );
    expect(head).toMatchObject({
      ChecksumSHA256: composite,
      ContentLength: whole.length,
      ContentType: 'application/zstd',
      ETag: done.ETag,
      Metadata: { a: 'b' },
    });
    expect(head.ETag).toMatch(/^"[0-9a-f]{32}-3"$/);
    const attributes = await s3.client.send(
      new GetObjectAttributesCommand({
        Bucket: s3.locked,
        Key: 'sha',
        ObjectAttributes: ['ObjectParts', 'Checksum'],
      }),
    );
    expect(attributes.Checksum?.ChecksumSHA256).toBe(composite.replace('-3', ''));
    expect(attributes.ObjectParts?.Parts?.map((part) => part.Size)).toEqual(
      bodies.map((body) => body.length),
    );
  });

  it.each(['CRC32', 'CRC64NVME'] as const)(
    'with a full-object %s has the checksum of its bytes',
    async (algorithm) => {
      const bodies = [randomBytes(5 * MIB), randomBytes(1234)];
      const id = await begin(`full-${algorithm}`, {
        ChecksumAlgorithm: algorithm,
        ChecksumType: 'FULL_OBJECT',
      });
      const parts: CompletedPart[] = [];
      for (const [index, body] of bodies.entries())
        parts.push(await send(`full-${algorithm}`, id, index + 1, body, { ChecksumAlgorithm: algorithm }));
      const done = await complete(`full-${algorithm}`, id, parts);
      const once = await s3.client.send(
        new PutObjectCommand({
          Bucket: s3.plain,
          Key: 'once',
          Body: Buffer.concat(bodies),
          ChecksumAlgorithm: algorithm,
        }),
      );
      const name = `Checksum${algorithm}` as const;
      expect([done[name], done.ChecksumType]).toEqual([once[name], 'FULL_OBJECT']);
    },
  );

  it('replaces a part that is sent again', async () => {
    const id = await begin('again');
    await send('again', id, 1, Buffer.from('old'));
    const part = await send('again', id, 1, Buffer.from('new'));
    await complete('again', id, [part]);
    expect((await read('again')).toString()).toBe('new');
  });

  it('leaves out parts that the completion does not name', async () => {
    const id = await begin('partly');
    const part = await send('partly', id, 1, Buffer.from('kept'));
    await send('partly', id, 2, Buffer.from('dropped'));
    await complete('partly', id, [part]);
    expect((await read('partly')).toString()).toBe('kept');
  });

  it('shows nothing before its completion, and is gone after it', async () => {
    const id = await begin('hidden');
    const part = await send('hidden', id, 1, Buffer.from('x'));
    expect(await failureOf(read('hidden'))).toBe('NoSuchKey 404');
    await complete('hidden', id, [part]);
    expect(await failureOf(send('hidden', id, 2, Buffer.from('y')))).toBe('NoSuchUpload 404');
  });

  it('completes under If-None-Match only where there is nothing, and stays usable', async () => {
    await s3.client.send(new PutObjectCommand({ Bucket: s3.locked, Key: 'taken', Body: 'before' }));
    const id = await begin('taken');
    const part = await send('taken', id, 1, Buffer.from('after'));
    expect(await failureOf(complete('taken', id, [part], { IfNoneMatch: '*' }))).toBe(
      'PreconditionFailed 412',
    );
    expect((await read('taken')).toString()).toBe('before');
    await complete('taken', id, [part]);
    expect((await read('taken')).toString()).toBe('after');
  });

  it('lets exactly one of ten completions win', async () => {
    const racers = await Promise.all(
      Array.from({ length: 10 }, async (_, number) => {
        const id = await begin('finish');
        return { id, part: await send('finish', id, 1, Buffer.from(`${number}`)) };
      }),
    );
    const results = await Promise.all(
      racers.map(({ id, part }) => failureOf(complete('finish', id, [part], { IfNoneMatch: '*' }))),
    );
    expect(results.filter((result) => result === 'no failure')).toHaveLength(1);
    expect((await read('finish')).toString()).toBe(String(results.indexOf('no failure')));
  });
});

describe('a completion is refused', () => {
  const wrong = `"${'0'.repeat(32)}"`;
  it.each<[string, string, (parts: CompletedPart[]) => CompletedPart[]]>([
    ['with a wrong ETag', 'InvalidPart 400', ([one]) => [{ ...one, ETag: wrong }]],
    ['with a part never sent', 'InvalidPart 400', ([one, two]) => [{ ...one }, { ...two, PartNumber: 9 }]],
    ['out of order', 'InvalidPartOrder 400', ([one, two]) => [{ ...two }, { ...one }]],
    ['with a small part in the middle', 'EntityTooSmall 400', (parts) => parts],
    [
      'without the checksum that was declared',
      'InvalidRequest 400',
      ([one]) => [{ ...one, ChecksumSHA256: undefined }],
    ],
  ])('%s', async (_case, failure, change) => {
    const id = await begin('refused', { ChecksumAlgorithm: 'SHA256' });
    const parts: CompletedPart[] = [];
    for (const number of [1, 2])
      parts.push(await send('refused', id, number, Buffer.from('small'), { ChecksumAlgorithm: 'SHA256' }));
    expect(await failureOf(complete('refused', id, change(parts)))).toBe(failure);
    expect(await failureOf(read('refused'))).toBe('NoSuchKey 404');
    await s3.client.send(new AbortMultipartUploadCommand(base('refused', id)));
  });

  it('where the whole is not what was announced', async () => {
    const id = await begin('announced', { ChecksumAlgorithm: 'SHA256' });
    const part = await send('announced', id, 1, Buffer.from('abc'), { ChecksumAlgorithm: 'SHA256' });
    const claims = { ChecksumSHA256: `${sha256(Buffer.from('other')).toString('base64')}-1` };
    expect(await failureOf(complete('announced', id, [part], claims))).toBe('BadDigest 400');
    expect(await failureOf(complete('announced', id, [part], { MpuObjectSize: 4 }))).toBe(
      'InvalidRequest 400',
    );
    await complete('announced', id, [part], { MpuObjectSize: 3 });
  });

  it('and a part with another checksum than declared, or a wrong one, is too', async () => {
    const id = await begin('mismatch', { ChecksumAlgorithm: 'SHA256' });
    expect(await failureOf(send('mismatch', id, 1, Buffer.from('abc'), { ChecksumAlgorithm: 'CRC32' }))).toBe(
      'InvalidRequest 400',
    );
    const claim = { ChecksumSHA256: sha256(Buffer.from('other')).toString('base64') };
    expect(await failureOf(send('mismatch', id, 1, Buffer.from('abc'), claim))).toBe('BadDigest 400');
    expect((await s3.client.send(new ListPartsCommand(base('mismatch', id)))).Parts ?? []).toEqual([]);
  });
});

describe('uploads that have not ended', () => {
  it('list their parts in pages', async () => {
    const id = await begin('paged');
    for (const number of [3, 1, 2]) await send('paged', id, number, Buffer.from(`${number}`));
    const first = await s3.client.send(new ListPartsCommand({ ...base('paged', id), MaxParts: 2 }));
    expect(first.Parts?.map((part) => part.PartNumber)).toEqual([1, 2]);
    expect(first.IsTruncated).toBe(true);
    const marker = { PartNumberMarker: first.NextPartNumberMarker };
    const second = await s3.client.send(new ListPartsCommand({ ...base('paged', id), ...marker }));
    expect(second.Parts?.map((part) => part.PartNumber)).toEqual([3]);
    expect(second.IsTruncated).toBe(false);
  });

  it('are listed in pages and end by abort', async () => {
    const ids = [await begin('open/a'), await begin('open/a'), await begin('open/b')];
    const list = (more: object) =>
      s3.client.send(new ListMultipartUploadsCommand({ Bucket: s3.locked, Prefix: 'open/', ...more }));
    const found: (string | undefined)[] = [];
    let page = await list({ MaxUploads: 1 });
    found.push(...(page.Uploads ?? []).map((upload) => upload.UploadId));
    while (page.IsTruncated) {
      page = await list({
        MaxUploads: 1,
        KeyMarker: page.NextKeyMarker,
        UploadIdMarker: page.NextUploadIdMarker,
      });
      found.push(...(page.Uploads ?? []).map((upload) => upload.UploadId));
    }
    expect([...found].sort()).toEqual([...ids].sort());
    for (const [index, id] of ids.entries()) {
      await s3.client.send(new AbortMultipartUploadCommand(base(index < 2 ? 'open/a' : 'open/b', id)));
    }
    expect((await list({})).Uploads ?? []).toEqual([]);
    expect(await failureOf(send('open/a', ids[0], 1, Buffer.from('x')))).toBe('NoSuchUpload 404');
    expect(await failureOf(send('open/a', 'bogus', 1, Buffer.from('x')))).toBe('NoSuchUpload 404');
  });
});
