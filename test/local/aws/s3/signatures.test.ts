import { GetObjectCommand, HeadObjectCommand, PutObjectCommand, S3Client } from '@aws-sdk/client-s3';
import { getSignedUrl } from '@aws-sdk/s3-request-presigner';
import { sendRaw, sendSignedChunks } from './raw-request.ts';
import { failureOf, KEY, type LocalS3, startLocal } from './s3-fixture.ts';

let s3: LocalS3;
beforeAll(async () => {
  s3 = await startLocal();
  s3.s3.createBucket('signed', { versioned: false, objectLock: false, policies: [], lifecycleRules: [] });
});
afterAll(() => s3.stop());

const Bucket = 'signed';
const put = (Key: string, Body: string) => s3.client.send(new PutObjectCommand({ Bucket, Key, Body }));
const exists = async (Key: string) =>
  (await failureOf(s3.client.send(new HeadObjectCommand({ Bucket, Key })))) === 'no failure';
const text = async (Key: string) =>
  (await s3.client.send(new GetObjectCommand({ Bucket, Key }))).Body?.transformToString();
const codeOf = (body: string) => /<Code>(\w+)<\/Code>/.exec(body)?.[1];

describe('a request', () => {
  it('with a wrong secret or an unknown key gets nothing', async () => {
    const as = (credentials: typeof KEY) =>
      new S3Client({
        endpoint: s3.url,
        region: 'us-east-1',
        credentials,
        maxAttempts: 1,
        forcePathStyle: true,
      });
    const call = (client: S3Client) => failureOf(client.send(new GetObjectCommand({ Bucket, Key: 'k' })));
    expect(await call(as({ ...KEY, secretAccessKey: 'guessed' }))).toBe('SignatureDoesNotMatch 403');
    expect(await call(as({ ...KEY, accessKeyId: 'AKIAOTHER' }))).toBe('InvalidAccessKeyId 403');
    const unsigned = await fetch(`${s3.url}/${Bucket}/k`);
    expect([unsigned.status, codeOf(await unsigned.text())]).toEqual([403, 'AccessDenied']);
  });

  it('whose body is not the one that was signed stores nothing', async () => {
    const payloadHash = 'a'.repeat(64);
    const answer = await sendRaw(s3.url, { method: 'PUT', path: '/signed/forged', payloadHash }, 'body');
    expect([answer.status, codeOf(answer.text)]).toEqual([400, 'XAmzContentSHA256Mismatch']);
    expect(await exists('forged')).toBe(false);
  });
});

describe('a presigned address', () => {
  it('reads one version under the name it gives, and nothing else', async () => {
    await put('download', 'bytes');
    const command = new GetObjectCommand({
      Bucket,
      Key: 'download',
      ResponseContentDisposition: 'attachment; filename="shop.sql.zst"',
    });
    const url = await getSignedUrl(s3.client, command, { expiresIn: 60 });
    const answer = await fetch(url);
    expect([answer.status, await answer.text()]).toEqual([200, 'bytes']);
    expect(answer.headers.get('content-disposition')).toBe('attachment; filename="shop.sql.zst"');
    for (const forged of [
      url.replace('download', 'other'),
      url.replace('shop', 'evil'),
      url.replace('=60', '=600'),
    ]) {
      expect((await fetch(forged)).status).toBe(403);
    }
    expect((await fetch(url, { method: 'DELETE' })).status).toBe(403);
  });

  it('ends', async () => {
    await put('ended', 'x');
    const signingDate = new Date(Date.now() - 120_000);
    const url = await getSignedUrl(s3.client, new GetObjectCommand({ Bucket, Key: 'ended' }), {
      expiresIn: 60,
      signingDate,
    });
    const answer = await fetch(url);
    expect([answer.status, codeOf(await answer.text())]).toEqual([403, 'AccessDenied']);
  });

  it('writes, with what it says about the object, whatever checksum the signer made of no body', async () => {
    const command = new PutObjectCommand({ Bucket, Key: 'upload', Metadata: { a: 'b' } });
    const url = await getSignedUrl(s3.client, command, { expiresIn: 60 });
    expect(url).toContain('x-amz-checksum-crc32');
    expect((await fetch(url, { method: 'PUT', body: 'presigned' })).status).toBe(200);
    expect(await text('upload')).toBe('presigned');
    const head = await s3.client.send(new HeadObjectCommand({ Bucket, Key: 'upload' }));
    expect(head.Metadata).toEqual({ a: 'b' });
  });
});

describe('a body in signed chunks', () => {
  const chunks = ['first chunk, ', 'second chunk'];
  const trailer = ['x-amz-checksum-crc32', 'oS8hTg=='] as const;

  it('is stored without its coding', async () => {
    const answer = await sendSignedChunks(s3.url, '/signed/chunks', chunks, {});
    expect(answer.text).toBe('');
    expect(await text('chunks')).toBe(chunks.join(''));
  });

  it('is stored where its trailer holds', async () => {
    const { ChecksumCRC32 = '' } = await put('sum', chunks.join(''));
    const answer = await sendSignedChunks(s3.url, '/signed/trailer', chunks, {
      trailer: [trailer[0], ChecksumCRC32],
    });
    expect(answer.text).toBe('');
    expect(await text('trailer')).toBe(chunks.join(''));
    const wrong = await sendSignedChunks(s3.url, '/signed/wrong-sum', chunks, { trailer });
    expect([wrong.status, codeOf(wrong.text)]).toEqual([400, 'BadDigest']);
    expect(await exists('wrong-sum')).toBe(false);
  });

  it.each<[string, string, (body: string) => string]>([
    ['a changed byte', 'SignatureDoesNotMatch', (body) => body.replace('first', 'worst')],
    [
      'a changed signature',
      'SignatureDoesNotMatch',
      (body) => body.replace(/signature=./, (found) => (found.endsWith('0') ? 'signature=1' : 'signature=0')),
    ],
    ['chunks in another order', 'SignatureDoesNotMatch', (body) => swapFirstTwo(body)],
    ['a missing chunk', 'SignatureDoesNotMatch', (body) => body.slice(body.indexOf('\r\nc;') + 2)],
    ['a missing end', 'IncompleteBody', (body) => body.slice(0, body.indexOf('\r\n0;') + 2)],
    ['a chunk without signature', 'InvalidRequest', (body) => body.replace(/;chunk-signature=\w+/, '')],
    ['something after its end', 'InvalidRequest', (body) => `${body}1\r\nx\r\n`],
    ['no coding at all', 'InvalidRequest', () => 'plain bytes, as they are\r\n'],
  ])('with %s is refused', async (_case, code, tamper) => {
    const answer = await sendSignedChunks(s3.url, '/signed/tampered', chunks, { tamper });
    expect(codeOf(answer.text)).toBe(code);
    expect(await exists('tampered')).toBe(false);
  });

  it('with a changed trailer is refused', async () => {
    const { ChecksumCRC32 = '' } = await put('sum', chunks.join(''));
    const answer = await sendSignedChunks(s3.url, '/signed/tampered', chunks, {
      trailer: [trailer[0], ChecksumCRC32],
      tamper: (body) => body.replace(ChecksumCRC32, 'AAAAAA=='),
    });
    expect(codeOf(answer.text)).toBe('SignatureDoesNotMatch');
    expect(await exists('tampered')).toBe(false);
  });
});

/** The two chunks, header and bytes, change places. */
function swapFirstTwo(body: string): string {
  const [first, second, ...rest] = body.split(/(?<=\r\n)(?=[0-9a-f]+;)/);
  return [second, first, ...rest].join('');
}
