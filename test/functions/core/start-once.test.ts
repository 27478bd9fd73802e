import type { Backup } from '../../../functions/core/run.ts';
import { startBackup, startsBackup } from '../../../functions/core/start-backup.ts';
import { type Repeatable, type Starts, startOnce } from '../../../functions/core/start-once.ts';
import { SafeBaseError } from '../../../functions/errors.ts';
import { type CorePorts, corePorts, registered } from '../../fixtures/core-ports.ts';

async function scene() {
  const ports = corePorts();
  const { id: databaseId } = await registered(ports);
  const once = (key: string | undefined, change: Partial<Starts<Backup> & Repeatable> = {}) =>
    startOnce(
      ports,
      { ...startsBackup(ports, { databaseId, requestedBy: 'tok_1', queueLeaseMs: 1_000 }), ...change },
      { key, principalId: 'tok_1', request: { path: '/backup', body: { databaseId } }, ...change },
    );
  return { ports, databaseId, once };
}

const finish = (ports: CorePorts, { id }: Backup) =>
  ports.backups
    .transition(
      id,
      { from: ['queued'], fence: 0 },
      { state: 'running', fence: 1, startedAt: ports.clock.iso() },
    )
    .then(() => ports.backups.transition(id, { from: ['running'], fence: 1 }, { state: 'completed' }));

describe('startOnce', () => {
  it('gives a repetition the run of the first request, whatever became of it', async () => {
    const { ports, once } = await scene();
    const first = await once('one');
    expect(await once('one')).toEqual(first);
    await finish(ports, first);
    expect(await once('one')).toMatchObject({ id: first.id, state: 'completed' });
    expect(ports.workflows.started).toHaveLength(1);
  });

  it('gives a repetition the run as it is, not as it was last written down', async () => {
    const { ports, once } = await scene();
    await once('one');
    ports.clock.pass(1_001);
    expect(await once('one')).toMatchObject({ state: 'failed', failure: { code: 'worker_lost' } });
    expect(ports.workflows.started).toHaveLength(1);
  });

  it('makes one run of many repetitions at once', async () => {
    const { ports, once } = await scene();
    const runs = await Promise.all(Array.from({ length: 20 }, () => once('one')));
    expect(new Set(runs.map(({ id }) => id)).size).toBe(1);
    expect(ports.workflows.started).toHaveLength(1);
    await expect(once('another')).rejects.toMatchObject({
      code: 'run_active',
      details: { runId: runs[0]?.id },
    });
  });

  it('refuses a key that comes with another request, and knows the same one in another order', async () => {
    const { once, databaseId } = await scene();
    const first = await once('one', { request: { path: '/backup', body: { a: 1, b: [{ c: 2, d: 3 }] } } });
    const same = { request: { body: { b: [{ d: 3, c: 2 }], a: 1 }, path: '/backup' } };
    expect(await once('one', same)).toEqual(first);
    for (const body of [{ databaseId }, { a: 1, b: [{ c: 2, d: 4 }] }, { a: 1, b: [] }]) {
      const other = { request: { path: '/backup', body } };
      await expect(once('one', other)).rejects.toMatchObject({ code: 'idempotency_key_reused' });
    }
  });

  it('keeps the keys of two callers apart', async () => {
    const { once } = await scene();
    const { id } = await once('one');
    const foreign = once('one', { principalId: 'tok_2' });
    await expect(foreign).rejects.toMatchObject({ code: 'run_active', details: { runId: id } });
  });

  it('starts after a refusal when it is repeated', async () => {
    const { ports, once } = await scene();
    const other = await once(undefined);
    await expect(once('one')).rejects.toMatchObject({ code: 'run_active' });
    await finish(ports, other);
    expect((await once('one')).id).not.toBe(other.id);
  });

  it('starts anew, once, where the first run never began', async () => {
    const { ports, once } = await scene();
    ports.workflows.refuse = new SafeBaseError('unavailable', 'no answer');
    await expect(once('one')).rejects.toMatchObject({ code: 'unavailable' });
    ports.workflows.refuse = undefined;
    const runs = await Promise.all([1, 2, 3].map(() => once('one')));
    expect(new Set(runs.map(({ id }) => id)).size).toBe(1);
    expect(runs[0]).toMatchObject({ state: 'queued' });
    const { items } = await ports.backups.list({}, { limit: 9 });
    expect(items.map(({ state }) => state).sort()).toEqual(['failed', 'queued']);
  });

  it('makes up for a request that died after its claim', async () => {
    const { ports, once } = await scene();
    const dead = once('one', { start: () => Promise.reject(new Error('killed')) });
    await expect(dead).rejects.toThrow('killed');
    const run = await once('one');
    expect(run.state).toBe('queued');
    expect((await ports.backups.list({}, { limit: 9 })).items).toEqual([run]);
  });

  it('lets go of no lock that another delivery of the same start holds', async () => {
    const { ports, once } = await scene();
    const first = await once('one');
    const late = {
      ...ports,
      databases: { ...ports.databases, get: () => Promise.reject(new Error('late')) },
    };
    const again = startBackup(late, { ...first, requestedBy: 'tok_1', queueLeaseMs: 1_000 });
    await expect(again).rejects.toThrow('late');
    await expect(once('another')).rejects.toMatchObject({ code: 'run_active', details: { runId: first.id } });
  });
});
