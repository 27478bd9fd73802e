import { everyday } from '../functions/engine-server.ts';
import { isAlive, waitUntil } from '../local/wait-until.ts';
import { FAULTS, type Fault, type RunKind } from './kills.ts';
import { openScene, type Scene } from './scene.ts';
import { overwriting, strikeIn } from './strike-in.ts';

const START_MS = 240_000;
const TEST_MS = 120_000;

/** Where runs are held: a dump behind its first part, a load amid its rows. */
const MIDDLE = { backup: 19_000_000, restore: 1_500_000 };

describe.each(everyday('mysql-9.7', 'mariadb-11.8'))('on %s', (engine) => {
  let scene: Scene;
  /** The newest backup that is one. */
  let good: string;
  beforeAll(async () => {
    scene = await openScene(engine);
    good = (await scene.laptop.backUp(scene.databaseId, { format: 'sql' })).id;
  }, START_MS);
  afterAll(() => scene?.close());

  it.each(FAULTS)(
    'a backup never counts when $name, and the next one does',
    async (fault) => {
      const { laptop, databaseId } = scene;
      const failed = await strikeIn(scene, {
        kind: 'backup',
        bytes: MIDDLE.backup,
        strike: async (path) => {
          await uploadBegins(path);
          await fault.strike(scene, 'backup');
        },
      }).finally(() => fault.mend?.(scene));
      expect([failed.state, failed.failure]).toEqual(['failed', failureOf(fault, 'backup')]);
      if (!fault.workerLives) await laptop.cloud.invoke('sweep', {});
      expect(await scene.stored(failed.id)).toEqual({ objects: [], uploads: [] });

      const next = await laptop.backUp(databaseId, { format: 'sql' });
      expect(next.failure).toBeUndefined();
      expect(next).toMatchObject({ state: 'completed', reread: true });
      good = next.id;
      expect((await laptop.api('GET', `/backup/${failed.id}`)).body).toEqual(failed);
    },
    TEST_MS,
  );

  it.each(FAULTS)(
    'a restore never counts when $name, and the next one does',
    async (fault) => {
      const { laptop, databaseId } = scene;
      const failed = await strikeIn(scene, {
        kind: 'restore',
        bytes: MIDDLE.restore,
        backupId: good,
        strike: () => fault.strike(scene, 'restore'),
      }).finally(() => fault.mend?.(scene));
      expect([failed.state, failed.failure]).toEqual(['failed', failureOf(fault, 'restore')]);
      expect(failed.restored).toMatchObject([
        { target: 'shop', state: 'partial' },
        { target: 'warehouse', state: 'untouched' },
      ]);

      const next = await laptop.restore(good, overwriting(databaseId));
      expect(next.failure).toBeUndefined();
      expect(next).toMatchObject({ state: 'completed' });
      expect(await scene.differences()).toEqual([]);
      expect((await laptop.api('GET', `/restore/${failed.id}`)).body).toEqual(failed);
    },
    TEST_MS,
  );

  const failureOf = (fault: Fault, kind: RunKind) => ({
    code: fault.code[kind],
    reason: expect.any(String),
    hint: expect.stringMatching(fault.hint),
  });
  it(
    'a worker that wakes after its lease finds the restore taken over, and changes nothing',
    async () => {
      const { laptop, databaseId } = scene;
      let sleeper = { pid: 0, program: 0 };
      const lost = await strikeIn(scene, {
        kind: 'restore',
        bytes: MIDDLE.restore,
        backupId: good,
        strike: async (path) => {
          sleeper = scene.worker('restore');
          process.kill(sleeper.pid, 'SIGSTOP');
          expect(await laptop.ended(path)).toMatchObject({ failure: { code: 'worker_lost' } });
          // Its connection still stands, with rows that are not committed and locks on the tables.
          const next = await laptop.restore(good, overwriting(databaseId));
          expect(next.failure).toBeUndefined();
          expect(next).toMatchObject({ state: 'completed' });
          process.kill(sleeper.pid, 'SIGCONT');
        },
      });
      await waitUntil(() => !isAlive(sleeper.program), 'its program has ended');
      expect(await scene.differences()).toEqual([]);
      expect((await laptop.api('GET', `/restore/${lost.id}`)).body).toEqual(lost);
    },
    TEST_MS,
  );

  async function uploadBegins(path: string): Promise<void> {
    const id = path.split('/').at(-1) ?? '';
    const hasBegun = async (): Promise<boolean> => (await scene.stored(id)).uploads.length > 0;
    await waitUntil(hasBegun, 'its upload begins', { withinMs: 30_000, everyMs: 50 });
  }
});
