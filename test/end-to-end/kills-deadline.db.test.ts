import type { RunKind } from './kills.ts';
import { openScene, type Scene } from './scene.ts';
import { overwriting, strikeIn } from './strike-in.ts';

const START_MS = 240_000;
const TEST_MS = 120_000;
const MIDDLE = { backup: 10_000_000, restore: 1_500_000 };
/** A worker keeps a minute of its time for its end, and has these seconds for its work. */
const WORK_SECONDS = 20;

/** Twenty seconds are spent waiting. */
const inFull = process.env.SAFEBASE_FULL === '1' ? it : it.skip;

describe('a run that stands still', () => {
  let scene: Scene;
  let good: string;
  beforeAll(async () => {
    scene = await openScene('mariadb-11.8', { timeoutSeconds: 60 + WORK_SECONDS });
    const backup = await scene.laptop.backUp(scene.databaseId, { format: 'sql' });
    expect(backup.failure).toBeUndefined();
    good = backup.id;
  }, START_MS);
  afterAll(() => scene?.close());

  /** Freezes a process in the middle of a run until the run has ended. */
  const frozenIn = async (kind: RunKind, pidOf: () => number) => {
    let pid = 0;
    try {
      return await strikeIn(scene, {
        kind,
        bytes: MIDDLE[kind],
        backupId: good,
        strike: async () => {
          pid = pidOf();
          process.kill(pid, 'SIGSTOP');
        },
      });
    } finally {
      // The program of a run is gone by then, as it must be.
      if (pid === scene.server().pid) process.kill(pid, 'SIGCONT');
    }
  };
  const outOfTime = {
    state: 'failed',
    failure: {
      code: 'deadline_exceeded',
      reason: expect.stringMatching(
        /ran out, and nothing had moved for 1\d s \((dump|load), \d+ bytes done\)$/,
      ),
      hint: expect.stringContaining('SHOW PROCESSLIST'),
    },
  };

  it(
    'ends at its deadline where the server is frozen, and the next one works',
    async () => {
      const backup = await frozenIn('backup', () => scene.server().pid);
      expect(backup).toMatchObject(outOfTime);
      expect(await scene.stored(backup.id)).toEqual({ objects: [], uploads: [] });
      expect((await scene.laptop.backUp(scene.databaseId, { format: 'sql' })).failure).toBeUndefined();
    },
    TEST_MS,
  );

  inFull(
    'ends at its deadline where its program is frozen, and the next one works',
    async () => {
      const restore = await frozenIn('restore', () => scene.worker('restore').program);
      expect(restore).toMatchObject({
        ...outOfTime,
        restored: [{ state: 'partial' }, { state: 'untouched' }],
      });
      const next = await scene.laptop.restore(good, overwriting(scene.databaseId));
      expect(next.failure).toBeUndefined();
      expect(await scene.differences()).toEqual([]);
    },
    TEST_MS,
  );
});
