import { cancelRun } from '../../../functions/core/cancel-run.ts';
import { newBackupId } from '../../../functions/core/ids.ts';
import type { Backup } from '../../../functions/core/run.ts';
import { startBackup } from '../../../functions/core/start-backup.ts';
import { type CorePorts, corePorts, registered } from '../../fixtures/core-ports.ts';

describe('cancelRun', () => {
  let ports: CorePorts;
  let run: Backup;
  const start = async () =>
    startBackup(ports, {
      databaseId: run?.databaseId ?? (await registered(ports)).id,
      requestedBy: 'tok_1',
      queueLeaseMs: 60_000,
    });
  const cancel = (changes: Partial<CorePorts['backups']> = {}) =>
    cancelRun({ ...ports, runs: { ...ports.backups, ...changes } }, run.id, 'tok_2');
  const take = () =>
    ports.backups.transition(
      run.id,
      { from: ['queued'], fence: 0 },
      { state: 'running', fence: 1, leaseExpiresAt: ports.clock.iso(60_000) },
    );
  beforeEach(async () => {
    ports = corePorts();
    run = await startBackup(ports, {
      databaseId: (await registered(ports)).id,
      requestedBy: 'tok_1',
      queueLeaseMs: 60_000,
    });
  });

  it('ends a queued run at once and frees its lock, so that the next one starts', async () => {
    const wish = { requestedBy: 'tok_2', requestedAt: ports.clock.iso() };
    const ended = await cancel();
    expect(ended).toMatchObject({ state: 'cancelled', cancel: wish, endedAt: ports.clock.iso() });
    expect(ended).toEqual(await ports.backups.get(run.id));
    expect(await start()).toMatchObject({ state: 'queued' });
  });

  it('asks the worker of a running run, and keeps the first wish', async () => {
    await take();
    const first = await cancel();
    expect(first).toMatchObject({ state: 'running', cancel: { requestedBy: 'tok_2' } });
    ports.clock.pass(1_000);
    expect(await cancel()).toEqual(first);
  });

  it('asks the worker that takes the run between the look and the write', async () => {
    let isTaken = false;
    const transition: CorePorts['backups']['transition'] = async (...change) => {
      if (!isTaken) await take();
      isTaken = true;
      return ports.backups.transition(...change);
    };
    // The write that takes it goes past the one that is raced.
    expect(await cancel({ transition })).toMatchObject({ state: 'running', cancel: {} });
  });

  it.each(['completed', 'failed', 'cancelled'] as const)('refuses a run that is %s', async (state) => {
    await take();
    await ports.backups.transition(run.id, { from: ['running'], fence: 1 }, { state });
    await expect(cancel()).rejects.toMatchObject({ code: 'wrong_state', details: { state } });
    expect(await ports.backups.get(run.id)).not.toHaveProperty('cancel');
  });

  it('refuses a run whose worker is lost, and one that is not there', async () => {
    await take();
    ports.clock.pass(60_000);
    await expect(cancel()).rejects.toMatchObject({ code: 'wrong_state', details: { state: 'failed' } });
    const unknown = cancelRun({ ...ports, runs: ports.backups }, newBackupId(), 'tok_2');
    await expect(unknown).rejects.toMatchObject({ code: 'not_found' });
  });
});
