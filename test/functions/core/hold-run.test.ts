import { type Backup, runLockKey } from '../../../functions/core/run.ts';
import { SafeBaseError } from '../../../functions/errors.ts';
import { type CorePorts, corePorts } from '../../fixtures/core-ports.ts';
import { aborted, HOLD_SETTINGS, holdBackup, queuedBackup } from '../../fixtures/held-backup.ts';

describe('a held run', () => {
  let ports: CorePorts;
  let run: Backup;
  beforeEach(async () => {
    ports = corePorts();
    run = await queuedBackup(ports);
  });

  it('ends completed with what the work gives, and frees the lock', async () => {
    const ended = await holdBackup(ports, run.id, async ({ run: held, keep }) => {
      expect(held).toMatchObject({ state: 'running', fence: run.fence + 1 });
      keep({ dumpBytes: 7 });
      return { sizeBytes: 5 };
    });
    expect(ended).toMatchObject({ state: 'completed', sizeBytes: 5, dumpBytes: 7 });
    expect(ended?.leaseExpiresAt).toBeUndefined();
    const lock = { key: runLockKey(run.databaseId), owner: run.id, expiresAt: ports.clock.iso() };
    await expect(ports.locks.acquire(lock)).resolves.toEqual({});
  });

  it('ends failed with the code of the work, and keeps what the work told before', async () => {
    const ended = await holdBackup(ports, run.id, async ({ keep }) => {
      keep({ sizeBytes: 5 });
      throw new SafeBaseError('dump_truncated', 'the dump has no end line');
    });
    expect(ended).toMatchObject({ state: 'failed', sizeBytes: 5, failure: { code: 'dump_truncated' } });
  });

  it('ends failed for its own reason, however many tables that names', async () => {
    const tables = Array.from(
      { length: 10_000 },
      (_, index) => `table \`${'t'.repeat(50)}${index}\` 3 of 4 rows`,
    );
    const ended = await holdBackup(ports, run.id, async () => {
      throw new SafeBaseError('counts_differ', tables.join(', '));
    });
    const { code = '', reason = '' } = ended?.failure ?? {};
    expect(code).toBe('counts_differ');
    expect(reason).toMatch(/^table `t+0` 3 of 4 rows, .*…$/);
    // An item of DynamoDB holds 400 KB, and lists may take half of it.
    expect(Buffer.byteLength(reason)).toBeLessThan(20_000);
  });

  it('never shows the text of a foreign error', async () => {
    const ended = await holdBackup(ports, run.id, async () => {
      throw new Error('canary of a driver');
    });
    expect(ended?.failure?.code).toBe('internal');
    expect(JSON.stringify(ended)).not.toContain('canary');
  });

  it('leaves a run alone that is not queued: a start may come twice', async () => {
    await holdBackup(ports, run.id, async () => ({}));
    const second = await holdBackup(ports, run.id, async () => {
      throw new Error('must not be called');
    });
    expect(second).toBeUndefined();
    expect(await ports.backups.get(run.id)).toMatchObject({ state: 'completed' });
  });

  it('ends failed at the deadline, with the reason of the deadline', async () => {
    const deadline = new AbortController();
    const ended = holdBackup(ports, run.id, ({ signal }) => aborted(signal), deadline.signal);
    deadline.abort(new SafeBaseError('deadline_exceeded', 'the time of the worker ran out'));
    expect(await ended).toMatchObject({ state: 'failed', failure: { code: 'deadline_exceeded' } });
  });

  it('tells its progress with its signs of life', async () => {
    const progress = { phase: 'dump', bytesDone: 1, bytesEstimated: 2 } as const;
    await holdBackup(ports, run.id, async ({ report }) => {
      report(progress);
      const deadline = Date.now() + 4_000;
      while ((await ports.backups.get(run.id))?.progress === undefined && Date.now() < deadline) {
        await new Promise((resume) => setTimeout(resume, HOLD_SETTINGS.heartbeatMs));
      }
      expect(await ports.backups.get(run.id)).toMatchObject({ progress });
      return {};
    });
  });

  it('does not turn a completed backup into a failed one when the final write fails', async () => {
    const writes: string[] = [];
    const transition: CorePorts['backups']['transition'] = async (id, condition, change) => {
      writes.push(change.state);
      if (change.state === 'completed') throw new SafeBaseError('unavailable', 'the table does not answer');
      return ports.backups.transition(id, condition, change);
    };
    const failing = { ...ports, backups: { ...ports.backups, transition } };
    await expect(holdBackup(failing, run.id, async () => ({}))).rejects.toMatchObject({
      code: 'unavailable',
    });
    expect(writes).toEqual(['running', 'completed']);
  });

  it('writes down at once what must be known even if the worker dies', async () => {
    await holdBackup(ports, run.id, async ({ keep, save }) => {
      keep({ dumpBytes: 7 });
      await save();
      expect(await ports.backups.get(run.id)).toMatchObject({ state: 'running', dumpBytes: 7 });
      return {};
    });
  });

  it('leaves a run alone that waited until its time was over', async () => {
    ports.clock.pass(60_000);
    expect(await holdBackup(ports, run.id, async () => ({}))).toBeUndefined();
    expect(await ports.backups.get(run.id)).toMatchObject({ state: 'queued' });
  });
});
