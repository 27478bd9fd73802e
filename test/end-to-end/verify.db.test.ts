/** The life of a verification: it begins by itself, keeps its backup, and survives the death of its worker. */
import { obtainEngine } from '../../local/engines/obtain-engine.ts';
import { type RunningServer, startServer } from '../../local/engines/start-server.ts';
import { temporaryFolder } from '../local/temporary-folder.ts';
import { isAlive, waitUntil } from '../local/wait-until.ts';
import { type Laptop, startLaptop } from './laptop.ts';
import { SHORT_LEASE } from './scene.ts';
import { verificationEnded, verificationIs } from './verification-ended.ts';

const START_MS = 240_000;
const TEST_MS = 120_000;
/** What a worker has left of its lease, at least, whenever it dies. */
const LEASE_LEFT_MS = Number(SHORT_LEASE.LEASE_MS) - 2 * Number(SHORT_LEASE.HEARTBEAT_MS);
/** Rows of a kilobyte that nothing compresses: enough that a verification can be met while it reads. */
const ROWS = 30_000;

let laptop: Laptop;
let server: RunningServer;
let databaseId: string;

beforeAll(async () => {
  // Every backup is too large to be read back by its own worker.
  laptop = await startLaptop({ settings: { ...SHORT_LEASE, REREAD_LIMIT_BYTES: '0' } });
  server = await startServer({ engine: await obtainEngine('mariadb-11.8'), dataFolder: temporaryFolder() });
  const root = await server.connect();
  await root.query('CREATE DATABASE shop');
  await root.query('CREATE TABLE shop.items (id INT PRIMARY KEY, picture BLOB)');
  await root.query(`INSERT INTO shop.items SELECT seq, RANDOM_BYTES(1024) FROM shop.seq_1_to_${ROWS}`);
  await root.end();
  databaseId = await laptop.register(server, ['shop']);
}, START_MS);
afterAll(async () => {
  await laptop?.cloud.stop();
  await server?.kill();
});

const swept = () => laptop.cloud.invoke('sweep', {});

/** A new backup whose verification has a worker that reads. */
async function underVerification() {
  const { id } = await laptop.backUp(databaseId);
  await verificationIs(laptop, id, ['running']);
  const busy = laptop.cloud.workers().filter((worker) => worker.functionId === 'verify' && worker.busy);
  const [{ pid } = { pid: 0 }, ...others] = busy;
  if (pid === 0 || others.length > 0) throw new Error(`${busy.length} workers verify`);
  return { id: String(id), pid };
}

const NOT_FINISHED = {
  state: 'failed',
  failure: {
    code: 'worker_lost',
    reason: expect.stringMatching(/was not finished/),
    hint: expect.stringMatching(/No damage was found/),
  },
};

it(
  'begins with the end of the backup, by itself, and passes',
  async () => {
    const made = await laptop.backUp(databaseId);
    expect(made).toMatchObject({
      state: 'completed',
      reread: false,
      verification: { requestedBy: 'backup', state: expect.stringMatching(/^(queued|running|passed)$/) },
    });
    expect(await verificationEnded(laptop, made.id)).toMatchObject({
      state: 'completed',
      verification: {
        state: 'passed',
        requestedBy: 'backup',
        endedAt: expect.any(String),
        bytesRead: made.sizeBytes,
        bytesToRead: made.sizeBytes,
      },
    });
    expect(await swept()).toMatchObject({ verificationsStarted: 0, verificationsRefused: 0 });
  },
  TEST_MS,
);

it(
  'keeps the backup from being deleted and from being verified twice at once, and not from being restored',
  async () => {
    const { id } = await underVerification();
    for (const [method, path] of [
      ['POST', `/backup/${id}/verify`],
      ['DELETE', `/backup/${id}`],
    ] as const) {
      const { status, body } = await laptop.api(method, path);
      expect({ status, code: body.code }).toEqual({ status: 409, code: 'verify_active' });
    }
    const order = { databaseId, schemas: { shop: 'copy' } };
    expect(await laptop.restore(id, order)).toMatchObject({ state: 'completed' });
    expect(await verificationEnded(laptop, id)).toMatchObject({ verification: { state: 'passed' } });
    expect((await laptop.api('DELETE', `/backup/${id}`)).status).toBe(202);
    expect((await laptop.api('POST', `/backup/${id}/verify`)).body).toMatchObject({ code: 'wrong_state' });
  },
  TEST_MS,
);

it(
  'ends at once as not finished when its worker is killed, and the sweeper tries again',
  async () => {
    const { id, pid } = await underVerification();
    process.kill(pid, 'SIGKILL');
    const killedAt = Date.now();
    const killed = await verificationEnded(laptop, id);
    expect(killed).toMatchObject({ state: 'completed', verification: NOT_FINISHED });
    // By its lease alone it would have ended when that ran out.
    expect(Date.parse(killed.verification.endedAt)).toBeLessThan(killedAt + LEASE_LEFT_MS);
    expect(await swept()).toMatchObject({ verificationsStarted: 1 });
    expect(await verificationEnded(laptop, id)).toMatchObject({
      verification: { state: 'passed', requestedBy: 'sweep' },
    });
    expect(await swept()).toMatchObject({ verificationsStarted: 0 });
  },
  TEST_MS,
);

it(
  'is lost when its worker sleeps beyond its lease, and what that writes when it wakes is refused',
  async () => {
    const { id, pid } = await underVerification();
    process.kill(pid, 'SIGSTOP');
    try {
      expect(await verificationEnded(laptop, id)).toMatchObject({ verification: NOT_FINISHED });
      const { status } = await laptop.api('POST', `/backup/${id}/verify`);
      expect(status).toBe(202);
      const passed = await verificationEnded(laptop, id);
      expect(passed).toMatchObject({ verification: { state: 'passed' } });
      process.kill(pid, 'SIGCONT');
      const isBusy = () => laptop.cloud.workers().some((worker) => worker.pid === pid && worker.busy);
      await waitUntil(() => !isAlive(pid) || !isBusy(), 'the sleeper has ended');
      expect((await laptop.api('GET', `/backup/${id}`)).body).toEqual(passed);
    } finally {
      if (isAlive(pid)) process.kill(pid, 'SIGCONT');
    }
  },
  TEST_MS,
);

it(
  'is refused for what is no backup',
  async () => {
    const unreachable = await laptop.api('POST', '/databases', {
      name: 'gone',
      host: 'localhost',
      port: 1,
      schemas: ['shop'],
      backupCredentials: { username: 'nobody', password: 'nothing' },
    });
    const failed = await laptop.backUp(unreachable.body.id);
    expect(failed).toMatchObject({ state: 'failed' });
    const { status, body } = await laptop.api('POST', `/backup/${failed.id}/verify`);
    expect({ status, ...body }).toMatchObject({
      status: 409,
      code: 'wrong_state',
      hint: 'Only a completed backup can be verified.',
    });
    expect(failed).not.toHaveProperty('verification');
  },
  TEST_MS,
);
