import { newBackupId, newDatabaseId } from '../../../functions/core/ids.ts';
import { asOf } from '../../../functions/core/run.ts';
import { startBackup } from '../../../functions/core/start-backup.ts';
import { startRestore } from '../../../functions/core/start-restore.ts';
import { SafeBaseError } from '../../../functions/errors.ts';
import { completed, corePorts, registered } from '../../fixtures/core-ports.ts';

const order = { requestedBy: 'tok_1', queueLeaseMs: 1_000 };
const server = { product: 'mysql', version: '9.7.4', support: 'tested', identity: 'x' } as const;

describe('startBackup', () => {
  it('records a queued run with the lock of its database, and starts its worker', async () => {
    const ports = corePorts();
    const { id: databaseId } = await registered(ports, { tls: { mode: 'off' }, network: 'office', server });
    const backup = await startBackup(ports, { ...order, databaseId });
    expect(backup).toEqual(await ports.backups.get(backup.id));
    expect(backup).toMatchObject({
      state: 'queued',
      fence: 0,
      tls: { mode: 'off' },
      server,
      requestedBy: 'tok_1',
    });
    expect(backup.leaseExpiresAt).toBe(ports.clock.iso(1_000));
    expect(ports.workflows.started).toEqual([
      { version: 1, kind: 'backup', runId: backup.id, network: 'office' },
    ]);
    await expect(
      ports.locks.acquire({ key: databaseId, owner: newBackupId(), expiresAt: ports.clock.iso(1) }),
    ).rejects.toMatchObject({ details: { runId: backup.id } });
  });

  it.each([
    ['parallel', {}],
    ['sql', { format: 'sql' as const }],
  ])('notes that it is to be stored in format %s', async (format, asked) => {
    const ports = corePorts();
    const { id: databaseId } = await registered(ports);
    expect(await startBackup(ports, { ...order, databaseId, ...asked })).toMatchObject({ format });
  });

  it('makes one run of two starts at the same instant', async () => {
    const ports = corePorts();
    const { id: databaseId } = await registered(ports);
    const starts = await Promise.allSettled(
      [1, 2, 3].map(() => startBackup(ports, { ...order, databaseId })),
    );
    expect(starts.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
    expect((await ports.backups.list({}, { limit: 10 })).items).toHaveLength(1);
    expect(ports.workflows.started).toHaveLength(1);
    for (const start of starts) {
      if (start.status === 'rejected') expect(start.reason).toMatchObject({ code: 'run_active' });
    }
  });

  it('takes over from a worker that is lost, and fences it off', async () => {
    const ports = corePorts();
    const { id: databaseId } = await registered(ports);
    const first = await startBackup(ports, { ...order, databaseId });
    await ports.backups.transition(
      first.id,
      { from: ['queued'], fence: 0 },
      { state: 'running', fence: 1, leaseExpiresAt: ports.clock.iso(1_000) },
    );
    ports.clock.pass(1_000);
    const second = await startBackup(ports, { ...order, databaseId });
    expect(second.state).toBe('queued');
    const lost = await ports.backups.get(first.id);
    expect(lost && asOf(lost, ports.now())).toMatchObject({
      state: 'failed',
      fence: 2,
      failure: { code: 'worker_lost' },
    });
    await expect(ports.backups.heartbeat(first.id, 1, ports.clock.iso(9), undefined)).rejects.toMatchObject({
      code: 'fenced',
    });
    await expect(
      ports.backups.transition(first.id, { from: ['running'], fence: 1 }, { state: 'completed' }),
    ).rejects.toMatchObject({ code: 'fenced' });
    // Whether it is a backup, the bucket tells the sweeper.
    expect(await ports.backups.listLost(9)).toEqual([first.id]);
  });

  it('ends a backup that no worker ever began, and a lost restore, as failed', async () => {
    const ports = corePorts();
    const database = await registered(ports);
    const databaseId = database.id;
    const backup = await completed(ports, database);
    const queued = await startBackup(ports, { ...order, databaseId });
    ports.clock.pass(1_000);
    const restore = await startRestore(ports, {
      ...order,
      backupId: backup.id,
      databaseId,
      overwrite: false,
    });
    expect(await ports.backups.get(queued.id)).toMatchObject({ state: 'failed', fence: 1 });
    await ports.restores.transition(
      restore.id,
      { from: ['queued'], fence: 0 },
      { state: 'running', fence: 1 },
    );
    ports.clock.pass(1_000);
    await startBackup(ports, { ...order, databaseId });
    expect(await ports.restores.get(restore.id)).toMatchObject({ state: 'failed', fence: 2 });
  });

  it('does not wait for the lock of a run that has ended', async () => {
    const ports = corePorts();
    const { id: databaseId } = await registered(ports);
    const first = await startBackup(ports, { ...order, databaseId });
    const endedAt = ports.clock.iso(0);
    await ports.backups.transition(first.id, { from: ['queued'], fence: 0 }, { state: 'failed', endedAt });
    const second = await startBackup(ports, { ...order, databaseId });
    expect(second.state).toBe('queued');
    await expect(startBackup(ports, { ...order, databaseId })).rejects.toMatchObject({
      code: 'run_active',
      details: { runId: second.id },
    });
  });

  it('leaves neither lock nor record for a database that there is not', async () => {
    const ports = corePorts();
    const databaseId = newDatabaseId();
    await expect(startBackup(ports, { ...order, databaseId })).rejects.toMatchObject({ code: 'not_found' });
    expect((await ports.backups.list({}, { limit: 1 })).items).toEqual([]);
    await ports.locks.acquire({ key: databaseId, owner: newBackupId(), expiresAt: ports.clock.iso(1) });
  });

  it('records a start that failed, and frees the database', async () => {
    const ports = corePorts();
    const { id: databaseId } = await registered(ports);
    ports.workflows.refuse = new SafeBaseError('unavailable', 'lambda is away');
    await expect(startBackup(ports, { ...order, databaseId })).rejects.toMatchObject({ code: 'unavailable' });
    const { items } = await ports.backups.list({}, { limit: 1 });
    expect(items[0]).toMatchObject({ state: 'failed', failure: { code: 'unavailable' } });
    ports.workflows.refuse = undefined;
    await startBackup(ports, { ...order, databaseId });
  });

  it('does not call a run failed whose worker began although the answer was lost', async () => {
    const ports = corePorts();
    const { id: databaseId } = await registered(ports);
    const workflows = {
      start: async ({ runId }: { readonly runId: string }) => {
        const change = { state: 'running', fence: 1, leaseExpiresAt: ports.clock.iso(1_000) } as const;
        const [run] = (await ports.backups.list({}, { limit: 1 })).items;
        if (run?.id === runId) await ports.backups.transition(run.id, { from: ['queued'], fence: 0 }, change);
        throw new SafeBaseError('unavailable', 'no answer');
      },
    };
    const backup = await startBackup({ ...ports, workflows }, { ...order, databaseId });
    expect(await ports.backups.get(backup.id)).toMatchObject({ state: 'running' });
    await expect(startBackup(ports, { ...order, databaseId })).rejects.toMatchObject({ code: 'run_active' });
  });
});
