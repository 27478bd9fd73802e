/** Cancelling, with the clock of a deployed worker: it hears of the wish by itself, and leaves nothing behind. */
import type { Connection } from 'mysql2/promise';
import { waitUntil } from '../local/wait-until.ts';
import type { RunKind } from './kills.ts';
import { openScene, type Scene } from './scene.ts';
import { holdRunIn, overwriting } from './strike-in.ts';

const START_MS = 240_000;
const TEST_MS = 120_000;
/** A dump behind its first part, a load amid its rows. */
const MIDDLE = { backup: 19_000_000, restore: 1_500_000 };
const END_MS = 10_000;
/** As in functions/config.ts. */
const DEPLOYED = { LEASE_MS: '60000', HEARTBEAT_MS: '3000' };

const CASES = [
  ['mariadb-11.8', 'sql'],
  ['mysql-9.7', 'parallel'],
  ['mysql-9.7', 'sql'],
  ['mariadb-11.8', 'parallel'],
] as const;

describe.each(CASES.slice(0, process.env.SAFEBASE_FULL === '1' ? 4 : 2))(
  'a run on %s in format %s that is cancelled',
  (engine, format) => {
    let scene: Scene;
    let root: Connection;
    let good: string;
    beforeAll(async () => {
      scene = await openScene(engine, { settings: DEPLOYED });
      root = await scene.server().connect();
      good = (await scene.laptop.backUp(scene.databaseId, { format })).id;
    }, START_MS);
    afterAll(async () => {
      await root?.end();
      await scene?.close();
    });

    /** What our account has open on the server. */
    const connections = async (): Promise<readonly unknown[]> => {
      const [rows] = await root.query(
        'SELECT id, db, command, state, info FROM information_schema.PROCESSLIST WHERE user = ?',
        [scene.server().admin.user],
      );
      return rows as unknown[];
    };
    const until = (what: string, is: () => Promise<boolean>): Promise<true> =>
      waitUntil(is, what, { withinMs: 30_000, everyMs: 50 });
    const start = async (kind: RunKind): Promise<string> => {
      const { laptop, databaseId } = scene;
      const { status, body } = await (kind === 'backup'
        ? laptop.api('POST', '/backup', { databaseId, format })
        : laptop.api('POST', `/restore/${good}`, overwriting(databaseId)));
      expect(status).toBe(202);
      return `/${kind}/${body.id}`;
    };
    /** Asks twice, as an impatient user does, and waits for the end. */
    const cancel = async (path: string) => {
      const asked = Date.now();
      const [first, second] = [
        await scene.laptop.api('POST', `${path}/cancel`),
        await scene.laptop.api('POST', `${path}/cancel`),
      ];
      expect(first).toMatchObject({ status: 202, body: { state: 'running', cancel: {} } });
      expect(second).toMatchObject({ status: 202, body: { cancel: first.body.cancel } });
      const ended = await scene.laptop.ended(path);
      expect([ended.state, ended.failure]).toEqual(['cancelled', undefined]);
      expect(ended.cancel).toEqual(first.body.cancel);
      expect(Date.now() - asked).toBeLessThan(END_MS);
      expect(ended).not.toHaveProperty('progress');
      const third = await scene.laptop.api('POST', `${path}/cancel`);
      expect(third).toMatchObject({ status: 409, body: { code: 'wrong_state', state: 'cancelled' } });
      return ended;
    };
    /** Waits until a run tells this of itself. */
    const tells = (path: string, progress: object): Promise<true> =>
      until('it tells how far it is', async () => {
        const { body } = await scene.laptop.api('GET', path);
        return expect.objectContaining(progress).asymmetricMatch(body.progress);
      });
    /** Another session holds a table, so that who wants it stands still on the server, deaf to its own end. */
    const whileLocked = async <T>(table: string, work: () => Promise<T>): Promise<T> => {
      await root.query(`LOCK TABLES ${table} WRITE`);
      try {
        return await work();
      } finally {
        await root.query('UNLOCK TABLES');
      }
    };

    it(
      'a backup in the middle leaves no query, no upload and no lock, and the next one works',
      async () => {
        const { laptop, databaseId, proxy } = scene;
        const path = await holdRunIn(scene, { kind: 'backup', bytes: MIDDLE.backup, format });
        try {
          await until('something of it lies there', async () => {
            const { objects, uploads } = await scene.stored(path.split('/').at(-1) ?? '');
            return (format === 'sql' ? uploads : objects).length > 0;
          });
          await tells(path, {
            phase: 'dump',
            bytesDone: expect.any(Number),
            bytesPerSecond: expect.any(Number),
            bytesEstimated: expect.any(Number),
            tablesDone: expect.any(Number),
            tablesTotal: expect.any(Number),
            rowsDone: expect.any(Number),
          });
          const ended = await cancel(path);
          expect(await connections()).toEqual([]);
          const { objects, uploads } = await scene.stored(ended.id);
          expect(uploads).toEqual([]);
          // What was whole by then lies there until the backup is deleted, and is none.
          if (format === 'sql') expect(objects).toEqual([]);
          expect(objects.filter((key) => key.includes('manifest'))).toEqual([]);
        } finally {
          proxy.release();
        }
        const next = await laptop.backUp(databaseId, { format });
        expect(next.failure).toBeUndefined();
        expect(next).toMatchObject({ state: 'completed', reread: true });
        const { items } = (await laptop.api('GET', `/backup?databaseId=${databaseId}&state=cancelled`)).body;
        expect(`/backup/${items[0].id}`).toBe(path);
        expect((await laptop.api('DELETE', path)).status).toBe(202);
        await until('it is deleted', async () => (await laptop.api('GET', path)).body.state === 'deleted');
        expect(await scene.stored(items[0].id)).toEqual({ objects: [], uploads: [] });
        expect(await scene.differences()).toEqual([]);
      },
      TEST_MS,
    );

    it(
      'a backup that waits for a lock of the server does not go on waiting there',
      async () => {
        await whileLocked('noise.noise', async () => {
          const path = await start('backup');
          await until('it waits', async () =>
            JSON.stringify(await connections()).includes('Waiting for table metadata lock'),
          );
          if (format === 'sql') {
            // Until the worker knows the connection of its program: for that, it looks with one more.
            await until('it looks', async () => (await connections()).length === 2);
            await until('it has looked', async () => (await connections()).length === 1);
          }
          const ended = await cancel(path);
          expect(await connections()).toEqual([]);
          expect(await scene.stored(ended.id)).toEqual({ objects: [], uploads: [] });
        });
        expect(await scene.laptop.backUp(scene.databaseId, { format })).toMatchObject({ state: 'completed' });
      },
      TEST_MS,
    );

    it(
      'a restore in the middle says what stands on the target, and the next one works',
      async () => {
        const { laptop, databaseId, proxy } = scene;
        const path = await holdRunIn(scene, { kind: 'restore', bytes: MIDDLE.restore, backupId: good });
        try {
          await tells(path, { phase: 'load', bytesDone: expect.any(Number) });
          const ended = await cancel(path);
          expect(await connections()).toEqual([]);
          expect(ended.restored).toMatchObject([
            { target: 'shop', state: 'partial' },
            { target: 'warehouse', state: 'untouched' },
          ]);
        } finally {
          proxy.release();
        }
        const next = await laptop.restore(good, overwriting(databaseId));
        expect(next.failure).toBeUndefined();
        expect(next).toMatchObject({ state: 'completed' });
        expect(await scene.differences()).toEqual([]);
      },
      TEST_MS,
    );

    it(
      'a restore that waits for a lock of the server does not go on waiting there',
      async () => {
        await whileLocked('shop.orders', async () => {
          const path = await start('restore');
          await until('it waits', async () => JSON.stringify(await connections()).includes('metadata lock'));
          const ended = await cancel(path);
          expect(await connections()).toEqual([]);
          expect(ended.restored).toMatchObject([{ state: 'partial' }, { state: 'untouched' }]);
        });
        const next = await scene.laptop.restore(good, overwriting(scene.databaseId));
        expect(next).toMatchObject({ state: 'completed' });
        expect(await scene.differences()).toEqual([]);
      },
      TEST_MS,
    );

    if (format === 'parallel') {
      it(
        'a restore that is read back says that nothing is proved, and the next one works',
        async () => {
          const { laptop, databaseId, proxy } = scene;
          const middle = {
            kind: 'restore',
            bytes: 1_500_000,
            direction: 'from-server',
            backupId: good,
          } as const;
          const path = await holdRunIn(scene, middle);
          try {
            await tells(path, {
              phase: 'compare',
              bytesDone: expect.any(Number),
              bytesEstimated: expect.any(Number),
              rowsDone: expect.any(Number),
            });
            const ended = await cancel(path);
            expect(await connections()).toEqual([]);
            expect(ended.restored).toMatchObject([{ state: 'partial' }, { state: 'partial' }]);
          } finally {
            proxy.release();
          }
          expect(await laptop.restore(good, overwriting(databaseId))).toMatchObject({ state: 'completed' });
          expect(await scene.differences()).toEqual([]);
        },
        TEST_MS,
      );
      // The others know no format.
      return;
    }

    it(
      'a queued backup ends at once, its lock is free, and the worker that comes late leaves it alone',
      async () => {
        const { laptop, databaseId } = scene;
        const sleepers = laptop.cloud.workers().filter(({ functionId }) => functionId === 'backup-public');
        expect(sleepers).not.toEqual([]);
        for (const { pid } of sleepers) process.kill(pid, 'SIGSTOP');
        try {
          const path = await start('backup');
          expect((await laptop.api('GET', path)).body.state).toBe('queued');
          const { status, body } = await laptop.api('POST', `${path}/cancel`);
          expect([status, body.state, body.cancel]).toEqual([202, 'cancelled', expect.any(Object)]);
          expect((await laptop.api('POST', `${path}/cancel`)).status).toBe(409);
          expect(await laptop.backUp(databaseId)).toMatchObject({ state: 'completed' });
          for (const { pid } of sleepers) process.kill(pid, 'SIGCONT');
          await until('the late worker has ended', async () => {
            const pids = new Set(sleepers.map(({ pid }) => pid));
            return laptop.cloud.workers().every(({ pid, busy }) => !busy || !pids.has(pid));
          });
          expect((await laptop.api('GET', path)).body).toEqual(body);
        } finally {
          for (const { pid } of sleepers) process.kill(pid, 'SIGCONT');
        }
      },
      TEST_MS,
    );

    it(
      'cannot be cancelled after it has completed, and can be deleted once it is cancelled',
      async () => {
        const { laptop } = scene;
        const done = await laptop.api('POST', `/backup/${good}/cancel`);
        expect(done).toMatchObject({ status: 409, body: { code: 'wrong_state', state: 'completed' } });
        const [cancelled] = (await laptop.api('GET', '/backup?state=cancelled')).body.items;
        expect((await laptop.api('DELETE', `/backup/${cancelled.id}`)).status).toBe(202);
        await until('it is deleted', async () => {
          const { body } = await laptop.api('GET', `/backup/${cancelled.id}`);
          return body.state === 'deleted';
        });
      },
      TEST_MS,
    );
  },
);
