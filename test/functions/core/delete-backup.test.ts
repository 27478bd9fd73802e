import { deleteBackup } from '../../../functions/core/delete-backup.ts';
import { downloadBackup } from '../../../functions/core/download-backup.ts';
import { expireBackup } from '../../../functions/core/expire-backup.ts';
import { newBackupId } from '../../../functions/core/ids.ts';
import { backupPrefix } from '../../../functions/core/manifest.ts';
import { startBackup } from '../../../functions/core/start-backup.ts';
import { SafeBaseError } from '../../../functions/errors.ts';
import { completed, corePorts, registered } from '../../fixtures/core-ports.ts';
import { aRestore } from '../../fixtures/records.ts';

async function withBackup() {
  const ports = corePorts();
  const database = await registered(ports);
  const backup = await completed(ports, database);
  return { ports, database, backup };
}

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

  it('refuses a backup that is being restored', async () => {
    const { ports, backup } = await withBackup();
    const restore = aRestore(backup, {}, ports.now());
    await ports.restores.create(restore);
    await expect(deleteBackup(ports, backup.id)).rejects.toMatchObject({
      code: 'run_active',
      details: { runId: restore.id },
    });
    expect(await ports.backups.get(backup.id)).toMatchObject({ state: 'completed' });
    ports.clock.pass(60_000);
    await deleteBackup(ports, backup.id);
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
