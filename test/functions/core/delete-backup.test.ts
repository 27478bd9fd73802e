import { cancelRun } from '../../../functions/core/cancel-run.ts';
import type { Database } from '../../../functions/core/database.ts';
import { deleteBackup } from '../../../functions/core/delete-backup.ts';
import { downloadBackup } from '../../../functions/core/download-backup.ts';
import { expireBackup, litterLeft } from '../../../functions/core/expire-backup.ts';
import { newBackupId } from '../../../functions/core/ids.ts';
import { backupPrefix } from '../../../functions/core/manifest.ts';
import type { Backup } from '../../../functions/core/run.ts';
import { startBackup } from '../../../functions/core/start-backup.ts';
import { startRestore } from '../../../functions/core/start-restore.ts';
import { SafeBaseError } from '../../../functions/errors.ts';
import { completed, corePorts, registered } from '../../fixtures/core-ports.ts';

async function withBackup() {
  const ports = corePorts();
  const database = await registered(ports);
  const backup = await completed(ports, database);
  return { ports, database, backup };
}

const orderOf = (backup: Backup, target: Database) => ({
  backupId: backup.id,
  databaseId: target.id,
  requestedBy: 'x',
  queueLeaseMs: 60_000,
  overwrite: false,
});

describe('deleteBackup', () => {
  it('marks the backup and queues the job, again when asked again', async () => {
    const { ports, backup } = await withBackup();
    for (const _ of [1, 2]) {
      expect(await deleteBackup(ports, backup.id)).toMatchObject({ id: backup.id, state: 'deleting' });
    }
    const job = { version: 1, kind: 'expire', runId: backup.id };
    expect(ports.workflows.started).toEqual([job, job]);
  });

  it('refuses what runs and what is not there', async () => {
    const { ports, database } = await withBackup();
    const order = { databaseId: database.id, requestedBy: 'x', queueLeaseMs: 1_000 };
    const active = await startBackup(ports, order);
    await expect(deleteBackup(ports, active.id)).rejects.toMatchObject({ code: 'wrong_state' });
    await expect(deleteBackup(ports, newBackupId())).rejects.toMatchObject({ code: 'not_found' });
    ports.clock.pass(1_000);
    expect(await deleteBackup(ports, active.id)).toMatchObject({
      state: 'deleting',
      failure: { code: 'worker_lost' },
    });
  });

  it('takes a cancelled backup too', async () => {
    const { ports, database } = await withBackup();
    const order = { databaseId: database.id, requestedBy: 'x', queueLeaseMs: 1_000 };
    const { id } = await startBackup(ports, order);
    await cancelRun({ ...ports, runs: ports.backups }, id, 'x');
    expect(await deleteBackup(ports, id)).toMatchObject({ state: 'deleting' });
    await expireBackup(ports, id);
    expect(await ports.backups.get(id)).toMatchObject({ state: 'deleted', cancel: { requestedBy: 'x' } });
  });

  it('refuses a backup that is being restored', async () => {
    const { ports, database, backup } = await withBackup();
    const elsewhere = await registered(ports);
    const first = await startRestore(ports, orderOf(backup, database));
    const second = await startRestore(ports, orderOf(backup, elsewhere));
    // An index may not show a restore yet.
    const blind = { ...ports, restores: { ...ports.restores, list: async () => ({ items: [] }) } };
    const refused = () => expect(deleteBackup(blind, backup.id)).rejects;
    await refused().toMatchObject({ code: 'run_active', details: { runId: first.id } });
    const ended = { state: 'failed', endedAt: ports.clock.iso() } as const;
    await ports.restores.transition(first.id, { from: ['queued'], fence: 0 }, ended);
    await refused().toMatchObject({ code: 'run_active', details: { runId: second.id } });
    expect(await ports.backups.get(backup.id)).toMatchObject({ state: 'completed' });
    ports.clock.pass(60_000);
    await deleteBackup(blind, backup.id);
  });

  it('refuses when a restore begins after it has looked', async () => {
    const { ports, database, backup } = await withBackup();
    const transition: typeof ports.backups.transition = async (...change) => {
      await startRestore(ports, orderOf(backup, database));
      return ports.backups.transition(...change);
    };
    const late = deleteBackup({ ...ports, backups: { ...ports.backups, transition } }, backup.id);
    await expect(late).rejects.toMatchObject({ code: 'run_active' });
    expect(ports.workflows.started).toMatchObject([{ kind: 'restore' }]);
  });

  it('wins over a restore that has looked but not begun', async () => {
    const { ports, database, backup } = await withBackup();
    const create: typeof ports.restores.create = async (restore) => {
      await ports.restores.create(restore);
      await deleteBackup(ports, backup.id);
    };
    const late = startRestore(
      { ...ports, restores: { ...ports.restores, create } },
      orderOf(backup, database),
    );
    await expect(late).rejects.toMatchObject({ code: 'backup_not_restorable' });
    expect(ports.workflows.started).toMatchObject([{ kind: 'expire' }]);
    const { items } = await ports.restores.list({}, { limit: 10 });
    expect(items).toMatchObject([{ state: 'failed', failure: { code: 'backup_not_restorable' } }]);
    await startBackup(ports, { databaseId: database.id, requestedBy: 'x', queueLeaseMs: 1 });
  });
});

describe('expireBackup', () => {
  it('removes the objects of a marked backup only, then says that it is deleted', async () => {
    const { ports, database, backup } = await withBackup();
    const other = await completed(ports, database);
    for (const { id } of [backup, other]) {
      await ports.objects.writeOnce(`${backupPrefix(database.id, id)}x`, Buffer.from('x'), 'text/plain');
    }
    await expireBackup(ports, backup.id);
    expect(ports.objects.stored.size).toBe(2);
    await deleteBackup(ports, backup.id);
    await expireBackup(ports, backup.id);
    await expireBackup(ports, backup.id);
    expect([...ports.objects.stored.keys()]).toEqual([`${backupPrefix(database.id, other.id)}x v2`]);
    expect(await ports.backups.get(backup.id)).toMatchObject({ state: 'deleted' });
    expect(await deleteBackup(ports, backup.id)).toMatchObject({ state: 'deleted' });
  });

  it('removes of a complete backup what attempts before the last one have left, and nothing else', async () => {
    const { ports, database, backup } = await withBackup();
    const { objects } = ports;
    const prefix = backupPrefix(database.id, backup.id);
    const kept = ['attempt-3/schemas/0/schema.sql.zst', 'manifest.json'];
    const names = [
      'schemas/0/schema.sql.zst',
      'schemas/10/rows/0/0.tsv.zst',
      'attempt-2/schemas/0/x',
      ...kept,
    ];
    for (const name of names) await objects.writeOnce(`${prefix}${name}`, Buffer.from('x'), 'text/plain');
    expect(await litterLeft(ports.backups, backup.id)).toBe(false);
    await expireBackup(ports, backup.id);
    expect(objects.stored.size).toBe(names.length);
    const { fence } = backup;
    await ports.backups.transition(
      backup.id,
      { from: ['completed'], fence },
      { state: 'completed', attempts: 3 },
    );
    expect(await litterLeft(ports.backups, backup.id)).toBe(true);
    await expireBackup(ports, backup.id);
    await expireBackup(ports, backup.id);
    expect([...objects.stored.keys()].map((key) => key.split(' ')[0])).toEqual(
      kept.map((name) => prefix + name),
    );
    expect(await ports.backups.get(backup.id)).toMatchObject({ state: 'completed' });
    await deleteBackup(ports, backup.id);
    await expireBackup(ports, backup.id);
    expect(objects.stored.size).toBe(0);
    expect(await ports.backups.get(backup.id)).toMatchObject({ state: 'deleted' });
  });

  it('does not call deleted what S3 keeps', async () => {
    const { ports, backup } = await withBackup();
    await deleteBackup(ports, backup.id);
    const objects = {
      ...ports.objects,
      removeAll: async () => {
        throw new SafeBaseError('unavailable', 'a hold lies on it');
      },
    };
    await expect(expireBackup({ ...ports, objects }, backup.id)).rejects.toMatchObject({
      code: 'unavailable',
    });
    expect(await ports.backups.get(backup.id)).toMatchObject({ state: 'deleting' });
  });
});

describe('downloadBackup', () => {
  it('refuses a manifest that is not the one that was written', async () => {
    const { ports, backup } = await withBackup();
    await ports.objects.writeOnce('m', Buffer.from('{}'), 'application/json');
    const links = { sign: async () => 'https://x' };
    const stored = { ...backup, id: newBackupId(), manifest: { key: 'm', versionId: 'v1', sha256: 'ab' } };
    await ports.backups.create(stored);
    await expect(downloadBackup({ ...ports, links }, stored.id)).rejects.toMatchObject({
      code: 'backup_damaged',
    });
  });
});
