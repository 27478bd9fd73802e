/** S3 stops answering in the middle of a body: who cancels then does not wait for it. */
import type { RunKind } from './kills.ts';
import { type PausingProxy, startPausingProxy } from './pausing-proxy.ts';
import { openScene, type Scene } from './scene.ts';
import { overwriting } from './strike-in.ts';

const START_MS = 240_000;
const TEST_MS = 120_000;
/** The workers' clock as in functions/config.ts: a cancel is heard of within 3 s. */
const DEPLOYED = { LEASE_MS: '60000', HEARTBEAT_MS: '3000' };
const END_MS = 5_000;
/** More than any answer but that to the reading of a dump. */
const AMID_DUMP_BYTES = 100_000;

let scene: Scene;
let s3: PausingProxy;
let good: string;
beforeAll(async () => {
  s3 = await startPausingProxy(0);
  const settings = { ...DEPLOYED, AWS_ENDPOINT_URL_S3: `http://127.0.0.1:${s3.port}` };
  scene = await openScene('mariadb-11.8', { settings });
  s3.lead(Number(new URL(scene.laptop.cloud.awsUrl).port));
  const backup = await scene.laptop.backUp(scene.databaseId);
  expect(backup.failure).toBeUndefined();
  good = backup.id;
}, START_MS);
afterAll(async () => {
  s3?.close();
  await scene?.close();
});

const start = (kind: RunKind) =>
  kind === 'backup'
    ? scene.laptop.api('POST', '/backup', { databaseId: scene.databaseId })
    : scene.laptop.api('POST', `/restore/${good}`, overwriting(scene.databaseId));

it.each(['backup', 'restore'] as const)(
  'a %s whose reading of a dump stalls is cancelled within seconds, and the next one works',
  async (kind) => {
    // Connections that are open already would not be held.
    s3.cut();
    const held = s3.holdAfter('from-server', AMID_DUMP_BYTES);
    const { status, body } = await start(kind);
    expect(status).toBe(202);
    const path = `/${kind}/${body.id}`;
    const early = await Promise.race([held, scene.laptop.ended(path)]);
    expect(early).toBeUndefined();
    const asked = Date.now();
    expect((await scene.laptop.api('POST', `${path}/cancel`)).status).toBe(202);
    const ended = await scene.laptop.ended(path);
    const endedInMs = Date.now() - asked;
    s3.release();
    expect([ended.state, ended.failure]).toEqual(['cancelled', undefined]);
    expect(endedInMs).toBeLessThan(END_MS);
    const next = await start(kind);
    expect(await scene.laptop.ended(`/${kind}/${next.body.id}`)).toMatchObject({ state: 'completed' });
  },
  TEST_MS,
);
