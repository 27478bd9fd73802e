import { deleteBackup } from '../../../functions/core/delete-backup.ts';
import { expireBackup } from '../../../functions/core/expire-backup.ts';
import { newRestoreId } from '../../../functions/core/ids.ts';
import { dumpKey } from '../../../functions/core/manifest.ts';
import type { Restore } from '../../../functions/core/run.ts';
import { startBackup } from '../../../functions/core/start-backup.ts';
import { sweep } from '../../../functions/core/sweep.ts';
import { SafeBaseError } from '../../../functions/errors.ts';
import { lostRunScene, writeManifest } from '../../fixtures/lost-run-scene.ts';
import { aBackup, aRestore } from '../../fixtures/records.ts';
import { aManifest } from '../../fixtures/stored-backup.ts';

const deadline = new AbortController().signal;
const NOTHING = { completed: 0, failed: 0, uploadsAborted: 0, removalsStarted: 0, troubles: 0 };

/** A running backup that may be lost, to be swept. */
async function scene() {
  const place = await lostRunScene();
  return { ...place, swept: () => sweep(place.ports, deadline) };
}

describe('sweep', () => {
  it('leaves alone what lives', async () => {
    const { ports, backup, database, swept, lockIsFree } = await scene();
    ports.objects.uploads.add({ key: dumpKey(database.id, backup.id, 0), uploadId: 'u' });
    expect(await swept()).toEqual(NOTHING);
    expect(await ports.backups.get(backup.id)).toEqual(backup);
    expect(ports.objects.uploads.size).toBe(1);
    await expect(lockIsFree()).rejects.toMatchObject({ code: 'run_active' });
  });

  it('ends a lost backup, aborts its uploads and frees its lock, once', async () => {
    const { ports, backup, database, later, swept, lockIsFree } = await scene();
    ports.objects.uploads.add({ key: dumpKey(database.id, backup.id, 0), uploadId: 'u' });
    later();
    expect(await swept()).toEqual({ ...NOTHING, failed: 1, uploadsAborted: 1 });
    expect(await ports.backups.get(backup.id)).toMatchObject({
      state: 'failed',
      fence: 2,
      failure: { code: 'worker_lost' },
      endedAt: backup.leaseExpiresAt,
    });
    expect(ports.objects.uploads.size).toBe(0);
    expect(await swept()).toEqual(NOTHING);
    expect(await lockIsFree()).toBe(true);
  });

  it('starts a removal again that has not ended, until it has', async () => {
    const { ports, backup, later, swept } = await scene();
    later();
    ports.workflows.refuse = new SafeBaseError('unavailable', 'no Lambda');
    await expect(deleteBackup(ports, backup.id)).rejects.toMatchObject({ code: 'unavailable' });
    ports.workflows.refuse = undefined;
    expect(await swept()).toEqual(NOTHING);
    for (const _ of ['its start was lost', 'its worker failed']) {
      ports.clock.pass(3_600_000);
      expect(await swept()).toEqual({ ...NOTHING, removalsStarted: 1 });
      expect(await swept()).toEqual(NOTHING);
    }
    const job = { version: 1, kind: 'expire', runId: backup.id };
    expect(ports.workflows.started).toEqual([job, job]);
    await expireBackup(ports, backup.id);
    ports.clock.pass(3_600_000);
    expect(await swept()).toEqual(NOTHING);
    expect(await ports.backups.get(backup.id)).not.toHaveProperty('leaseExpiresAt');
  });

  it('ends a lost restore and one that nobody began', async () => {
    const { ports, backup, later, swept } = await scene();
    const lost = aRestore(backup);
    const queued: Restore = { ...lost, id: newRestoreId(), state: 'queued', fence: 0 };
    await ports.restores.create(lost);
    await ports.restores.create(queued);
    later();
    expect(await swept()).toEqual({ ...NOTHING, failed: 3 });
    for (const { id } of [lost, queued]) {
      expect(await ports.restores.get(id)).toMatchObject({
        state: 'failed',
        failure: { code: 'worker_lost' },
      });
    }
  });

  it('completes a lost backup from its manifest, with all that a worker would have noted', async () => {
    const place = await scene();
    const { ports, later, swept, lockIsFree } = place;
    const backup = await place.start({ reread: true });
    const manifest = await writeManifest(place, backup);
    later();
    expect(await swept()).toEqual({ ...NOTHING, completed: 1, failed: 1 });
    const done = await ports.backups.get(backup.id);
    expect(done).toMatchObject({
      state: 'completed',
      fence: 2,
      manifest,
      sizeBytes: 4,
      dumpBytes: 9,
      reread: true,
      losses: [],
      schemas: [{ name: 'shop' }],
    });
    expect(done?.schemas?.[0]).not.toHaveProperty('dump');
    expect(done).not.toHaveProperty('verification');
    expect(await lockIsFree()).toBe(true);
  });

  it('completes it as well where a new start has fenced its worker off before', async () => {
    const place = await scene();
    const { ports, backup, database, later, swept } = place;
    const manifest = await writeManifest(place, backup);
    later();
    const order = { databaseId: database.id, requestedBy: 'tok_1', queueLeaseMs: 60_000 };
    const next = await startBackup(ports, order);
    expect(await swept()).toEqual({ ...NOTHING, completed: 1 });
    expect(await ports.backups.get(backup.id)).toMatchObject({ state: 'completed', fence: 3, manifest });
    await expect(startBackup(ports, order)).rejects.toMatchObject({
      details: { runId: next.id },
    });
  });

  it.each([
    ['of another backup', { backupId: aBackup(aBackup('db_x' as never).databaseId).id }],
    ['of a form that nobody knows', { manifestVersion: 9 as never }],
    ['of objects that are not there', { schemas: aManifest(aBackup('db_x' as never)).schemas }],
  ])('completes nothing from a manifest %s', async (_, change) => {
    const place = await scene();
    await writeManifest(place, place.backup, change);
    place.later();
    expect(await place.swept()).toEqual({ ...NOTHING, failed: 1 });
    expect((await place.ports.backups.get(place.backup.id))?.state).toBe('failed');
  });

  it('leaves a lost backup for the next time where the bucket cannot be asked, and ends the others', async () => {
    const place = await scene();
    const { ports, backup, start, later } = place;
    const other = await start();
    const objects = {
      ...ports.objects,
      list: (prefix: string) => {
        if (prefix.includes(backup.id)) throw new SafeBaseError('unavailable', 'away');
        return ports.objects.list(prefix);
      },
    };
    later();
    expect(await sweep({ ...ports, objects }, deadline)).toEqual({ ...NOTHING, failed: 1, troubles: 1 });
    expect((await ports.backups.get(backup.id))?.state).toBe('running');
    expect((await ports.backups.get(other.id))?.state).toBe('failed');
    expect(await place.swept()).toEqual({ ...NOTHING, failed: 1 });
  });

  it('does the same twice at once', async () => {
    const place = await scene();
    const manifest = await writeManifest(place, place.backup);
    place.later();
    const reports = await Promise.all([place.swept(), place.swept()]);
    expect(reports.map(({ completed, troubles }) => [completed, troubles])).toContainEqual([1, 0]);
    expect(reports.map(({ failed, troubles }) => failed + troubles)).toEqual([0, 0]);
    expect(await place.ports.backups.get(place.backup.id)).toMatchObject({ state: 'completed', manifest });
  });

  it('aborts uploads of runs that ended before, and of none that it cannot name', async () => {
    const { ports, database, start, swept } = await scene();
    const ended = await start({ state: 'failed' });
    const foreign = { key: 'databases/by-hand', uploadId: 'f' };
    ports.objects.uploads.add({ key: dumpKey(database.id, ended.id, 0), uploadId: 'u' });
    ports.objects.uploads.add(foreign);
    expect(await swept()).toEqual({ ...NOTHING, uploadsAborted: 1 });
    expect([...ports.objects.uploads]).toEqual([foreign]);
  });

  it('begins nothing once its time is over', async () => {
    const { ports, later } = await scene();
    later();
    expect(await sweep(ports, AbortSignal.abort())).toEqual(NOTHING);
  });
});
