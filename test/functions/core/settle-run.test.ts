import { newRestoreId } from '../../../functions/core/ids.ts';
import type { Restore } from '../../../functions/core/run.ts';
import { settleRun } from '../../../functions/core/settle-run.ts';
import { lostRunScene, writeManifest } from '../../fixtures/lost-run-scene.ts';
import { aRestore } from '../../fixtures/records.ts';

describe('settleRun', () => {
  it('ends at once a backup whose worker is gone, and frees its lock', async () => {
    const { ports, backup, lockIsFree } = await lostRunScene();
    await settleRun(ports, backup.id);
    expect(await ports.backups.get(backup.id)).toMatchObject({
      state: 'failed',
      fence: 2,
      failure: { code: 'worker_lost' },
      endedAt: ports.clock.iso(0),
    });
    expect(await lockIsFree()).toBe(true);
  });

  it('completes one that died behind its manifest', async () => {
    const place = await lostRunScene();
    const { ports, backup, lockIsFree } = place;
    const manifest = await writeManifest(place, backup);
    await settleRun(ports, backup.id);
    expect(await ports.backups.get(backup.id)).toMatchObject({
      state: 'completed',
      manifest,
      reread: false,
      verification: { state: 'queued', attempt: 1, requestedBy: 'backup' },
    });
    expect(await lockIsFree()).toBe(true);
  });

  it('leaves as it is what has ended, and frees the lock that was not freed then', async () => {
    const { ports, backup, lockIsFree } = await lostRunScene();
    const change = { state: 'completed', endedAt: ports.clock.iso(0) } as const;
    await ports.backups.transition(backup.id, { from: ['running'], fence: 1 }, change);
    const before = await ports.backups.get(backup.id);
    await settleRun(ports, backup.id);
    expect(await ports.backups.get(backup.id)).toEqual(before);
    expect(await lockIsFree()).toBe(true);
  });

  describe('of a restore that can go on', () => {
    const running = async (change: Partial<Restore> = {}) => {
      const place = await lostRunScene();
      const { ports, backup, database } = place;
      await ports.locks.release({ key: database.id, owner: backup.id });
      const restore = aRestore(backup, { schemas: { shop: 'shop' }, goesOn: true, ...change });
      await ports.restores.create(restore);
      await ports.locks.acquire({ key: database.id, owner: restore.id, expiresAt: ports.clock.iso(60_000) });
      return { ...place, id: restore.id };
    };

    it('queues it for its next worker, and keeps its lock for that', async () => {
      const { ports, id, later, lockIsFree } = await running();
      expect(await settleRun(ports, id)).toBe(true);
      const queued = { state: 'queued', fence: 2, workersSinceProgress: 1 };
      expect(await ports.restores.get(id)).toMatchObject(queued);
      expect(await settleRun(ports, id)).toBe(true);
      expect(await ports.restores.get(id)).toMatchObject(queued);
      // The lease of the worker that is gone would be over.
      later();
      await expect(lockIsFree()).rejects.toMatchObject({ code: 'run_active' });
    });

    it.each([
      ['after too many workers that got nothing done', { workersSinceProgress: 3 }, 0],
      ['where nobody could go on', { goesOn: undefined as never }, 0],
      ['once it was shown as failed', {}, 60_001],
    ])('fails it %s', async (_, change, passedMs) => {
      const { ports, id, lockIsFree } = await running(change);
      ports.clock.pass(passedMs);
      expect(await settleRun(ports, id)).toBe(false);
      expect(await ports.restores.get(id)).toMatchObject({
        state: 'failed',
        failure: { code: 'worker_lost' },
      });
      expect(await lockIsFree()).toBe(true);
    });
  });

  it('has nothing to do where there is no record', async () => {
    const { ports } = await lostRunScene();
    await expect(settleRun(ports, newRestoreId())).resolves.toBe(false);
  });
});
