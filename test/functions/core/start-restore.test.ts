import { newBackupId, newDatabaseId } from '../../../functions/core/ids.ts';
import { startBackup } from '../../../functions/core/start-backup.ts';
import { startRestore } from '../../../functions/core/start-restore.ts';
import { completed, corePorts, registered } from '../../fixtures/core-ports.ts';

const order = { requestedBy: 'tok_1', queueLeaseMs: 1_000 };

describe('startRestore', () => {
  async function withBackup(schemas = ['shop', 'crm']) {
    const ports = corePorts();
    const database = await registered(ports);
    const backup = await completed(ports, database, schemas);
    const restore = (more: object) =>
      startRestore(ports, {
        ...order,
        backupId: backup.id,
        databaseId: database.id,
        overwrite: false,
        ...more,
      });
    return { ports, database, backup, restore };
  }

  it('restores every schema under its own name where none is chosen', async () => {
    const { ports, backup, restore } = await withBackup();
    const run = await restore({});
    expect(run).toMatchObject({
      schemas: { shop: 'shop', crm: 'crm' },
      overwrite: false,
      backupId: backup.id,
    });
    expect(run).not.toHaveProperty('events');
    expect(ports.workflows.started).toMatchObject([{ kind: 'restore', runId: run.id }]);
  });

  it.each([
    ['a schema that is not in the backup', { schemas: { other: 'x' } }, 'schema_not_in_backup'],
    ['two schemas into one', { schemas: { shop: 'x', crm: 'X' } }, 'invalid_request'],
    ['tables of format sql', { tables: [{ schema: 'shop', name: 'items' }] }, 'invalid_request'],
    ['overwriting without confirmation', { overwrite: true }, 'confirm_mismatch'],
    ['overwriting with half a confirmation', { overwrite: true, confirm: 'shop' }, 'confirm_mismatch'],
    [
      'overwriting with the name of the source',
      { overwrite: true, schemas: { shop: 'new' }, confirm: 'shop' },
      'confirm_mismatch',
    ],
    [
      'a confirmation of something else, even where nothing is overwritten',
      { confirm: 'y' },
      'confirm_mismatch',
    ],
  ])('refuses %s, and changes nothing', async (_, more, code) => {
    const { ports, database, restore } = await withBackup();
    await expect(restore(more)).rejects.toMatchObject({ code });
    expect(ports.workflows.started).toEqual([]);
    await startBackup(ports, { ...order, databaseId: database.id });
  });

  it.each([
    [{ schemas: { shop: 'new' }, confirm: 'new' }, { shop: 'new' }],
    [{ confirm: ['crm', 'shop'] }, { shop: 'shop', crm: 'crm' }],
  ])('overwrites what was typed: %p', async (more, schemas) => {
    const { restore } = await withBackup();
    expect(await restore({ overwrite: true, ...more })).toMatchObject({ overwrite: true, schemas });
  });

  it('refuses a backup that is not completed, and one that there is not', async () => {
    const { ports, database, restore } = await withBackup();
    const active = await startBackup(ports, { ...order, databaseId: database.id });
    await expect(restore({ backupId: active.id })).rejects.toMatchObject({ code: 'backup_not_restorable' });
    await expect(restore({ backupId: newBackupId() })).rejects.toMatchObject({ code: 'not_found' });
    await expect(restore({ databaseId: newDatabaseId() })).rejects.toMatchObject({ code: 'not_found' });
    await expect(restore({})).rejects.toMatchObject({ code: 'run_active', details: { runId: active.id } });
  });
});
