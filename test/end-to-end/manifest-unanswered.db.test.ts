/** S3 takes a manifest, and neither its answer nor any other about it comes back: the record tells the truth all the same. */
import { once } from 'node:events';
import { createServer, type RequestOptions, request, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { openScene, type Scene } from './scene.ts';

const START_MS = 240_000;
const TEST_MS = 180_000;
const SETTINGS = { LEASE_MS: '60000', HEARTBEAT_MS: '3000' };

/** Whether a manifest arrives of which the worker hears nothing; all else passes. */
type Fate = 'passes' | 'arrives' | 'is lost';

let scene: Scene;
let server: Server;
let fate: Fate = 'passes';
let s3Url: URL | undefined;

beforeAll(async () => {
  server = createServer((incoming, answer) => {
    incoming.on('error', () => {});
    answer.on('error', () => {});
    const isStruck = fate !== 'passes' && /\/manifest\.json(\?|$)/.test(incoming.url ?? '');
    const cut = (): void => void incoming.socket.resetAndDestroy();
    if (isStruck && (fate === 'is lost' || incoming.method !== 'PUT')) return cut();
    const target: RequestOptions = {
      host: '127.0.0.1',
      port: s3Url?.port,
      method: incoming.method,
      path: incoming.url,
      // The signature covers the name of the host that the caller knows.
      headers: incoming.headers,
      setHost: false,
    };
    const onward = request(target, (response) => {
      if (isStruck) return void response.resume().on('end', cut);
      answer.writeHead(response.statusCode ?? 500, response.statusMessage, response.rawHeaders);
      response.pipe(answer);
    });
    onward.on('error', () => answer.destroy());
    incoming.pipe(onward);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  scene = await openScene('mariadb-11.8', {
    settings: { ...SETTINGS, AWS_ENDPOINT_URL_S3: `http://127.0.0.1:${port}` },
  });
  s3Url = new URL(scene.laptop.cloud.awsUrl);
}, START_MS);
afterAll(async () => {
  server?.close();
  server?.closeAllConnections();
  await scene?.close();
});

it.each([
  ['arrives', 'completed', undefined],
  ['is lost', 'failed', 'upload_failed'],
] as const)(
  'a backup whose manifest %s unanswered is %s once the sweeper has looked, and the next one works',
  async (happens, state, code) => {
    const { laptop, databaseId } = scene;
    fate = happens;
    const { status, body } = await laptop.api('POST', '/backup', { databaseId });
    expect(status).toBe(202);
    const path = `/backup/${body.id}`;
    const shown = await laptop.ended(path);
    fate = 'passes';
    if (shown.state === 'failed') expect(shown.failure.code).toBe('upload_failed');
    await laptop.cloud.invoke('sweep', {});
    const ended = (await laptop.api('GET', path)).body;
    expect([ended.state, ended.failure?.code]).toEqual([state, code]);
    expect(await laptop.backUp(databaseId)).toMatchObject({ state: 'completed' });
  },
  TEST_MS,
);
