import { childrenOf } from '../functions/engine/test-database.ts';
import { type KillableLaptop, startKillableLaptop } from './killable-laptop.ts';
import type { RunKind } from './kills.ts';
import { openSource, type Source } from './source.ts';
import { holdRunIn, overwriting } from './strike-in.ts';

const START_MS = 240_000;
const TEST_MS = 120_000;
const MIDDLE = { backup: 10_000_000, restore: 1_500_000 };

describe('a laptop that is killed in the middle of a run', () => {
  let source: Source;
  let killable: KillableLaptop;
  let databaseId: string;
  beforeAll(async () => {
    killable = await startKillableLaptop();
    source = await openSource('mariadb-11.8');
    databaseId = await source.register(killable.calls());
  }, START_MS);
  afterAll(async () => {
    killable?.discard();
    await source?.close();
  });

  /** Kills all in the middle of a run, starts again on the same data, and waits for the run's end. */
  const killedIn = async (kind: RunKind, backupId = '') => {
    const stage = { laptop: killable.calls(), proxy: source.proxy, databaseId };
    const path = await holdRunIn(stage, { kind, bytes: MIDDLE[kind], backupId });
    const programs = killable.processesOf(`${kind}-public`).flatMap((pid) => childrenOf(pid, '/bin/m'));
    expect(programs).toHaveLength(1);
    await killable.kill();
    source.proxy.release();
    await killable.start();
    return killable.calls().ended(path);
  };

  it(
    'finds it failed when it is started again, and makes the next one',
    async () => {
      const lost = await killedIn('backup');
      expect(lost).toMatchObject({ state: 'failed', failure: { code: 'worker_lost' } });
      const backup = await killable.calls().backUp(databaseId, { format: 'sql' });
      expect(backup).toMatchObject({ state: 'completed', reread: true });

      const half = await killedIn('restore', backup.id);
      expect(half).toMatchObject({
        state: 'failed',
        failure: { code: 'worker_lost' },
        restored: [{ state: 'partial' }, { state: 'untouched' }],
      });
      const laptop = killable.calls();
      expect(await laptop.restore(backup.id, overwriting(databaseId))).toMatchObject({ state: 'completed' });
      expect(await source.differences()).toEqual([]);
      expect((await laptop.api('GET', `/backup/${lost.id}`)).body).toEqual(lost);
      expect((await laptop.api('GET', `/restore/${half.id}`)).body).toEqual(half);
    },
    TEST_MS,
  );
});
