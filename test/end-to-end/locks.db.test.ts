/** Runs that meet on one server, and a worker that sleeps through the end of its run. */

import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { everyday } from '../functions/engine-server.ts';
import { isAlive, waitUntil } from '../local/wait-until.ts';
import { openScene, type Scene } from './scene.ts';
import { holdRunIn, strikeIn } from './strike-in.ts';

const START_MS = 240_000;
const TEST_MS = 120_000;
const MIDDLE = 19_000_000;

describe.each(everyday('mariadb-11.8', 'mysql-9.7'))('on %s', (engine) => {
  let scene: Scene;
  /** The newest backup that is one. */
  let good: string;
  /** Another record of the same server, by another way: for these schemas. */
  const another = (schemas: readonly string[] | 'all') => scene.laptop.register(scene.server(), schemas);

  beforeAll(async () => {
    scene = await openScene(engine);
    good = (await scene.laptop.backUp(scene.databaseId)).id;
  }, START_MS);
  afterAll(() => scene?.close());

  it(
    'runs of two records of one server exclude each other where their schemas meet, and nowhere else',
    async () => {
      const { laptop, proxy } = scene;
      const [overlapping, all] = [await another(['shop']), await another('all')];
      const noise = await another(['noise']);
      const path = await holdRunIn(scene, { kind: 'backup', bytes: MIDDLE });
      const id = path.split('/').at(-1);
      const held = {
        state: 'failed',
        failure: {
          code: 'run_active',
          reason: expect.stringContaining(`${id}`),
          hint: expect.stringContaining(`${id}`),
        },
      };
      for (const databaseId of [overlapping, all, noise]) {
        const refused = await laptop.backUp(databaseId);
        expect(refused).toMatchObject(held);
        expect(await scene.stored(refused.id)).toEqual({ objects: [], uploads: [] });
      }
      const over = { schemas: { shop: 'shop' }, overwrite: true, confirm: 'shop' };
      const refused = await laptop.restore(good, { databaseId: overlapping, ...over });
      expect(refused).toMatchObject(held);
      expect(refused).not.toHaveProperty('restored');
      const beside = { databaseId: overlapping, schemas: { noise: 'beside' } };
      const restored = await laptop.restore(good, beside);
      expect(restored.failure).toBeUndefined();
      expect(restored).toMatchObject({ state: 'completed' });

      expect((await laptop.api('GET', path)).body).toMatchObject({ state: 'running' });
      proxy.release();
      expect(await laptop.ended(path)).toMatchObject({ state: 'completed' });
      expect(await laptop.backUp(overlapping)).toMatchObject({ state: 'completed' });
      expect(await laptop.backUp(all)).toMatchObject({ state: 'completed' });
      expect(await scene.differences()).toEqual([]);
    },
    TEST_MS,
  );

  it(
    'the worker of a backup that wakes after a sweep has ended it writes nothing more',
    async () => {
      const { laptop, databaseId } = scene;
      const other = await another(['noise']);
      let sleeper = { pid: 0, program: 0 };
      const lost = await strikeIn(scene, {
        kind: 'backup',
        bytes: MIDDLE,
        strike: async (path) => {
          const id = path.split('/').at(-1) ?? '';
          await waitUntil(async () => (await scene.stored(id)).uploads.length > 0, 'an upload has begun');
          sleeper = scene.worker('backup');
          process.kill(sleeper.pid, 'SIGSTOP');
          expect(await laptop.ended(path)).toMatchObject({ failure: { code: 'worker_lost' } });
          // Until the sweeper has fenced it off, it may only be slow: another record of the server waits for that.
          expect(await laptop.backUp(other)).toMatchObject({ failure: { code: 'run_active' } });
          expect(await laptop.cloud.invoke('sweep', {})).toMatchObject({ failed: 1, uploadsAborted: 1 });
          expect(await laptop.backUp(other)).toMatchObject({ state: 'completed' });
          expect(await laptop.backUp(databaseId)).toMatchObject({ state: 'completed' });
          process.kill(sleeper.pid, 'SIGCONT');
        },
      });
      await waitUntil(() => !isAlive(sleeper.program), 'its program has ended');
      await waitUntil(
        () => !laptop.cloud.workers().some(({ pid, busy }) => pid === sleeper.pid && busy),
        'its worker has found out',
      );
      const log = readFileSync(join(laptop.dataFolder, 'logs/backup-public.log'), 'utf8').split('\n');
      expect(log.filter((line) => line.includes(lost.id)).join('\n')).toMatch(/run failed.*"fenced"/);
      expect(await scene.stored(lost.id)).toEqual({ objects: [], uploads: [] });
      expect((await laptop.api('GET', `/backup/${lost.id}`)).body).toEqual(lost);
      expect(await laptop.backUp(databaseId)).toMatchObject({ state: 'completed' });
    },
    TEST_MS,
  );
});
