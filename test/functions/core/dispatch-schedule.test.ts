import { dispatchSchedule } from '../../../functions/core/dispatch-schedule.ts';
import { newDatabaseId } from '../../../functions/core/ids.ts';
import type { Claim } from '../../../functions/core/ports.ts';
import { startBackup } from '../../../functions/core/start-backup.ts';
import { SafeBaseError } from '../../../functions/errors.ts';
import { corePorts, registered } from '../../fixtures/core-ports.ts';

const order = { requestedBy: 'tok_1', queueLeaseMs: 1_000 };

describe('dispatchSchedule', () => {
  const due = { scheduleId: 'nightly', scheduledTime: '2026-11-22T02:00:00Z', queueLeaseMs: 1_000 };

  it('starts one backup for one planned time, however often and at once it is delivered', async () => {
    const ports = corePorts();
    const { id: databaseId } = await registered(ports);
    const results = await Promise.all([1, 2, 3].map(() => dispatchSchedule(ports, { ...due, databaseId })));
    results.push(await dispatchSchedule(ports, { ...due, databaseId }));
    expect(results.map(({ result }) => result).sort()).toEqual([
      'repeated',
      'repeated',
      'repeated',
      'started',
    ]);
    expect(new Set(results.map(({ runId }) => runId)).size).toBe(1);
    expect(ports.workflows.started).toHaveLength(1);
    const { items } = await ports.backups.list({}, { limit: 10 });
    expect(items).toMatchObject([{ requestedBy: 'schedule:nightly' }]);
    await expect(startBackup(ports, { ...order, databaseId })).rejects.toMatchObject({ code: 'run_active' });
  });

  it('makes up for a first delivery that died after its claim', async () => {
    const ports = corePorts();
    const { id: databaseId } = await registered(ports);
    const claimed: string[] = [];
    const dying = {
      ...ports,
      idempotency: {
        ...ports.idempotency,
        claim: async (claim: Claim) => {
          claimed.push((await ports.idempotency.claim(claim)).runId);
          throw new Error('killed');
        },
      },
    };
    await expect(dispatchSchedule(dying, { ...due, databaseId })).rejects.toThrow('killed');
    expect(await dispatchSchedule(ports, { ...due, databaseId })).toEqual({
      result: 'started',
      runId: claimed[0],
    });
  });

  it('starts when it is delivered again after a start that failed', async () => {
    const ports = corePorts();
    const { id: databaseId } = await registered(ports);
    ports.workflows.refuse = new SafeBaseError('unavailable', 'no answer');
    await expect(dispatchSchedule(ports, { ...due, databaseId })).rejects.toMatchObject({
      code: 'unavailable',
    });
    ports.workflows.refuse = undefined;
    const { result, runId } = await dispatchSchedule(ports, { ...due, databaseId });
    expect(result).toBe('started');
    expect(ports.workflows.started).toMatchObject([{ kind: 'backup', runId }]);
    expect(await dispatchSchedule(ports, { ...due, databaseId })).toEqual({ result: 'repeated', runId });
  });

  it('knows a delivery for as long as it may be repeated, and never takes it for another database', async () => {
    const ports = corePorts();
    const { id: databaseId } = await registered(ports);
    const { runId } = await dispatchSchedule(ports, { ...due, databaseId });
    ports.clock.pass(30 * 3_600_000);
    expect(await dispatchSchedule(ports, { ...due, databaseId })).toEqual({ result: 'repeated', runId });
    const other = dispatchSchedule(ports, { ...due, databaseId: newDatabaseId() });
    await expect(other).rejects.toMatchObject({ code: 'idempotency_key_reused' });
  });

  it('skips a planned backup while another run is active, and says so', async () => {
    const ports = corePorts();
    const { id: databaseId } = await registered(ports);
    const active = await startBackup(ports, { ...order, databaseId });
    expect(await dispatchSchedule(ports, { ...due, databaseId })).toEqual({
      result: 'skipped',
      runId: active.id,
    });
    expect(ports.log.lines.map(({ message }) => message)).toContain(
      'scheduled backup skipped, another run is active',
    );
  });
});
