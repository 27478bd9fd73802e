import { cancelRun } from '../../../functions/core/cancel-run.ts';
import { removeDatabase } from '../../../functions/core/remove-database.ts';
import { startBackup } from '../../../functions/core/start-backup.ts';
import { SafeBaseError } from '../../../functions/errors.ts';
import { completed, corePorts, registered } from '../../fixtures/core-ports.ts';

describe('removeDatabase', () => {
  it('removes record and managed secrets, and nothing of the owner', async () => {
    const ports = corePorts();
    const database = await registered(ports, {
      restoreCredentials: { secretArn: 'arn:theirs', managed: false },
    });
    ports.secrets.stored.set('arn:theirs', { password: 'x' });
    expect(await removeDatabase(ports, database.id, undefined)).toBe(0);
    expect([...ports.secrets.stored.keys()]).toEqual(['arn:theirs']);
    expect(await ports.databases.get(database.id)).toBeUndefined();
    await expect(removeDatabase(ports, database.id, undefined)).rejects.toMatchObject({ code: 'not_found' });
  });

  it('asks what becomes of the backups', async () => {
    const ports = corePorts();
    const database = await registered(ports);
    const backup = await completed(ports, database);
    await expect(removeDatabase(ports, database.id, undefined)).rejects.toMatchObject({
      code: 'database_has_backups',
    });
    expect(await ports.databases.get(database.id)).toEqual(database);
    expect(await removeDatabase(ports, database.id, 'keep')).toBe(0);
    expect(await ports.backups.get(backup.id)).toEqual(backup);
  });

  it('queues the deletion of every backup where that was asked for', async () => {
    const ports = corePorts();
    const database = await registered(ports);
    const order = { databaseId: database.id, requestedBy: 'x', queueLeaseMs: 1_000 };
    const cancelled = await startBackup(ports, order);
    await cancelRun({ ...ports, runs: ports.backups }, cancelled.id, 'x');
    ports.workflows.started.length = 0;
    const backups = [await completed(ports, database), await completed(ports, database), cancelled];
    expect(await removeDatabase(ports, database.id, 'delete')).toBe(3);
    expect(ports.workflows.started.map(({ runId }) => runId).sort()).toEqual(
      backups.map(({ id }) => id).sort(),
    );
    for (const { id } of backups) expect(await ports.backups.get(id)).toMatchObject({ state: 'deleting' });
  });

  it('refuses while a run is active, and leaves no lock', async () => {
    const ports = corePorts();
    const database = await registered(ports);
    const active = await startBackup(ports, {
      databaseId: database.id,
      requestedBy: 'x',
      queueLeaseMs: 1_000,
    });
    await expect(removeDatabase(ports, database.id, 'keep')).rejects.toMatchObject({
      code: 'run_active',
      details: { runId: active.id },
    });
    ports.clock.pass(1_000);
    await removeDatabase(ports, database.id, 'keep');
    expect(await ports.backups.get(active.id)).toMatchObject({
      state: 'failed',
      failure: { code: 'worker_lost' },
    });
  });

  it('keeps the record where a secret cannot be removed, so that it can be repeated', async () => {
    const ports = corePorts();
    const database = await registered(ports);
    const secrets = {
      ...ports.secrets,
      remove: async () => {
        throw new SafeBaseError('secrets_unreachable', 'no');
      },
    };
    await expect(removeDatabase({ ...ports, secrets }, database.id, undefined)).rejects.toMatchObject({
      code: 'secrets_unreachable',
    });
    await removeDatabase(ports, database.id, undefined);
    expect(ports.secrets.stored.size).toBe(0);
  });
});
