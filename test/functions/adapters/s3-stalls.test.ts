import { once } from 'node:events';
import { type AddressInfo, createServer, type Server, type Socket } from 'node:net';
import {
  CreateMultipartUploadCommand,
  GetObjectCommand,
  HeadObjectCommand,
  ListMultipartUploadsCommand,
  ListObjectVersionsCommand,
  PutObjectCommand,
} from '@aws-sdk/client-s3';
import { mockClient } from 'aws-sdk-client-mock';
import { s3Client } from '../../../functions/adapters/aws-clients.ts';
import { s3ObjectStore } from '../../../functions/adapters/s3-object-store.ts';
import type { ObjectStore } from '../../../functions/core/ports.ts';
import { SafeBaseError } from '../../../functions/errors.ts';
import { bytesOf } from '../../contracts/object-store.ts';
import { type PausingProxy, startPausingProxy } from '../../end-to-end/pausing-proxy.ts';
import { aPart, sourceOf } from '../../fixtures/parts.ts';
import { startBucket, useEndpoint } from '../../fixtures/s3-bucket.ts';

/** What a cancel leaves a worker to end in, after it has heard of it with its next sign of life. */
const END_MS = 2_500;
/** How long an abort is tried. */
const ABORT_MS = 4_000;
const SIZE_BYTES = 8_000_000;

let place: Awaited<ReturnType<typeof startBucket>>;
let proxy: PausingProxy;
let deaf: Server;
let restore: () => void;
const unheard = new Set<Socket>();
let versionId: string;
beforeAll(async () => {
  place = await startBucket();
  ({ versionId } = await s3ObjectStore(place.bucket).writeParts('a/stored', sourceOf(aPart(1, SIZE_BYTES))));
  proxy = await startPausingProxy(place.port);
  restore = useEndpoint(`http://127.0.0.1:${proxy.port}`);
  // Takes every connection and every byte, and says nothing.
  deaf = createServer((socket) => {
    unheard.add(socket.resume());
    socket.on('error', () => {});
  }).listen(0, '127.0.0.1');
  await once(deaf, 'listening');
});
afterAll(async () => {
  proxy.close();
  for (const socket of unheard) socket.destroy();
  deaf.close();
  restore();
  await place.stop();
});

/** The bucket behind the proxy, by a client without open connections. */
const store = (): ObjectStore => s3ObjectStore({ s3: s3Client(), name: place.bucket.name });
const cancelled = new SafeBaseError('cancelled', 'bk_1 was cancelled');

/** Lets `work` stand still, cancels it, and gives what it threw and how long it went on. */
async function cancelAmid(
  work: (signal: AbortSignal) => Promise<unknown>,
  isAmid: () => Promise<unknown>,
): Promise<{ readonly thrown: unknown; readonly endedInMs: number }> {
  const cancel = new AbortController();
  const ended = work(cancel.signal).then(
    () => 'nothing',
    (error: unknown) => error,
  );
  await isAmid();
  const at = Date.now();
  cancel.abort(cancelled);
  return { thrown: await ended, endedInMs: Date.now() - at };
}

/** Until somebody's request has come where nobody answers. */
async function whileDeaf<T>(work: (isAmid: () => Promise<unknown>) => Promise<T>): Promise<T> {
  proxy.lead((deaf.address() as AddressInfo).port);
  try {
    return await work(async () => {
      const [socket] = (await once(deaf, 'connection')) as [Socket];
      if (socket.bytesRead === 0) await once(socket, 'data');
    });
  } finally {
    proxy.lead(place.port);
    proxy.cut();
  }
}

describe('what S3 does not answer', () => {
  it.each([
    [
      'a read',
      (s: ObjectStore, signal: AbortSignal) => bytesOf(s.read('a/stored', versionId, undefined, signal)),
    ],
    [
      'a read of a range',
      (s: ObjectStore, signal: AbortSignal) =>
        bytesOf(s.read('a/stored', versionId, { first: 5, last: 9 }, signal)),
    ],
    [
      'a small write, and the look whether it is there',
      (s: ObjectStore, signal: AbortSignal) => s.writeOnce('a/small', Buffer.from('x'), 'text/plain', signal),
    ],
  ])('%s ends with its signal', async (_, work) => {
    const { thrown, endedInMs } = await whileDeaf((isAmid) =>
      cancelAmid((signal) => work(store(), signal), isAmid),
    );
    expect(thrown).toBe(cancelled);
    expect(endedInMs).toBeLessThan(END_MS);
  });

  it('an upload ends with its signal, and with what its removal may take', async () => {
    const first = Promise.withResolvers<void>();
    async function* parts() {
      yield aPart(1, 5_000_000);
      yield aPart(2, 5_000_000);
      first.resolve();
      await once(cancel.signal, 'abort');
      throw cancelled;
    }
    const cancel = new AbortController();
    const ended = store().writeParts('a/cut-off', parts(), cancel.signal);
    await first.promise;
    await whileDeaf(async () => {
      proxy.cut();
      const at = Date.now();
      cancel.abort(cancelled);
      await expect(ended).rejects.toBe(cancelled);
      expect(Date.now() - at).toBeLessThan(ABORT_MS + 1_000);
    });
  });

  it('an abort gives up within seconds', async () => {
    const begun = Date.now();
    await whileDeaf(() =>
      expect(store().abortUpload({ key: 'a/x', uploadId: 'u' })).rejects.toMatchObject({
        code: 'unavailable',
      }),
    );
    expect(Date.now() - begun).toBeLessThan(ABORT_MS + 1_000);
  });

  it('a body that stalls in the middle ends with its signal', async () => {
    const isHeld = proxy.holdAfter('from-server', SIZE_BYTES / 4);
    const { thrown, endedInMs } = await cancelAmid(
      (signal) => bytesOf(store().read('a/stored', versionId, undefined, signal)),
      () => isHeld,
    );
    proxy.release();
    expect(thrown).toBe(cancelled);
    expect(endedInMs).toBeLessThan(END_MS);
  });

  it('begins no other attempt after its signal', async () => {
    const cancel = new AbortController();
    const client = s3Client();
    const mock = mockClient(client);
    mock.on(GetObjectCommand).callsFake(async () => {
      cancel.abort(cancelled);
      return { ContentLength: 10 };
    });
    const late = s3ObjectStore({ s3: client, name: place.bucket.name });
    await expect(bytesOf(late.read('a/stored', 'v', undefined, cancel.signal))).rejects.toBe(cancelled);
    expect(mock.calls()).toHaveLength(1);
  });

  it('begins nothing after its signal', async () => {
    const over = AbortSignal.abort(cancelled);
    await expect(bytesOf(store().read('a/stored', versionId, undefined, over))).rejects.toBe(cancelled);
    await expect(store().writeOnce('a/late', Buffer.from('x'), 'text/plain', over)).rejects.toBe(cancelled);
    const found: string[] = [];
    for await (const { key } of s3ObjectStore(place.bucket).list('a/late')) found.push(key);
    expect(found).toEqual([]);
  });

  it('says that the time is over where the signal gives no reason of ours', async () => {
    const over = AbortSignal.timeout(0);
    await once(over, 'abort');
    await expect(bytesOf(store().read('a/stored', versionId, undefined, over))).rejects.toMatchObject({
      code: 'deadline_exceeded',
    });
  });
});

it('asks S3 for nothing without an end', async () => {
  const client = s3Client();
  const mock = mockClient(client);
  const found = { Versions: [{ Key: 'a/k', VersionId: 'v' }] };
  mock.onAnyCommand().resolves({});
  mock.on(ListObjectVersionsCommand).resolvesOnce(found).resolvesOnce(found).resolves({});
  mock
    .on(ListMultipartUploadsCommand)
    .resolvesOnce({ Uploads: [{ Key: 'a/k', UploadId: 'u' }] })
    .resolves({});
  mock.on(CreateMultipartUploadCommand).resolves({ UploadId: 'u' });
  const all = s3ObjectStore({ s3: client, name: place.bucket.name });
  for await (const _ of all.list('a/'));
  await all.removeAll('a/');
  await all.writeOnce('a/k', Buffer.from('x'), 'text/plain').catch(() => {});
  await all.writeParts('a/k', sourceOf(aPart(1, 10))).catch(() => {});
  const asked = mock.calls().map(({ args }) => {
    const [, options]: readonly unknown[] = args;
    const { abortSignal } = (options ?? {}) as { abortSignal?: AbortSignal };
    return [args[0].constructor.name, abortSignal instanceof AbortSignal];
  });
  const names = asked.map(([name]) => name);
  for (const name of ['DeleteObjects', 'AbortMultipartUpload', 'HeadObject', 'PutObject', 'UploadPart']) {
    expect(names).toContain(`${name}Command`);
  }
  expect(asked).toEqual(names.map((name) => [name, true]));
});

it('counts a small write that its signal cut off, if our bytes lie there', async () => {
  const cancel = new AbortController();
  const client = s3Client();
  const mock = mockClient(client);
  mock.on(PutObjectCommand).callsFake(async (input) => {
    await place.bucket.s3.send(new PutObjectCommand(input));
    cancel.abort(cancelled);
    throw Object.assign(new Error('Request aborted'), { name: 'AbortError' });
  });
  mock.on(HeadObjectCommand).callsFake((input) => place.bucket.s3.send(new HeadObjectCommand(input)));
  const cut = s3ObjectStore({ s3: client, name: place.bucket.name });
  const written = await cut.writeOnce('a/cut', Buffer.from('x'), 'text/plain', cancel.signal);
  expect(String(await bytesOf(store().read('a/cut', written.versionId)))).toBe('x');
});
