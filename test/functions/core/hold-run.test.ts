import { cancelRun } from '../../../functions/core/cancel-run.ts';
import { type HeldRun, holdRun } from '../../../functions/core/hold-run.ts';
import { type BackupId, newBackupId } from '../../../functions/core/ids.ts';
import { asOf, type Backup, runLockKey } from '../../../functions/core/run.ts';
import { schemaLockKey } from '../../../functions/core/schema-locks.ts';
import { startBackup } from '../../../functions/core/start-backup.ts';
import { SafeBaseError } from '../../../functions/errors.ts';
import { type CorePorts, corePorts, registered } from '../../fixtures/core-ports.ts';

const SETTINGS = { leaseMs: 60_000, heartbeatMs: 5, workerEndsAt: Date.parse('2026-11-22T12:15:00Z') };
const WISH = { requestedBy: 'tok_1', requestedAt: '2026-11-23T00:00:00.000Z' };
const never = new AbortController().signal;

const queued = async (ports: CorePorts): Promise<Backup> =>
  startBackup(ports, {
    databaseId: (await registered(ports)).id,
    requestedBy: 'tok_test',
    queueLeaseMs: 60_000,
  });
const hold = (
  ports: CorePorts,
  id: BackupId,
  work: (held: HeldRun<Backup>) => Promise<object>,
  deadline = never,
) => holdRun({ ...ports, runs: ports.backups }, id, { ...SETTINGS, deadline }, work);
const aborted = (signal: AbortSignal): Promise<never> =>
  new Promise((_, reject) => {
    if (signal.aborted) reject(signal.reason);
    signal.addEventListener('abort', () => reject(signal.reason), { once: true });
  });

describe('a held run', () => {
  let ports: CorePorts;
  let run: Backup;
  beforeEach(async () => {
    ports = corePorts();
    run = await queued(ports);
  });

  it('ends completed with what the work gives, and frees the lock', async () => {
    const ended = await hold(ports, run.id, async ({ run: held, keep }) => {
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
    const ended = await hold(ports, run.id, async ({ keep }) => {
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
    const ended = await hold(ports, run.id, async () => {
      throw new SafeBaseError('counts_differ', tables.join(', '));
    });
    const { code = '', reason = '' } = ended?.failure ?? {};
    expect(code).toBe('counts_differ');
    expect(reason).toMatch(/^table `t+0` 3 of 4 rows, .*…$/);
    // An item of DynamoDB holds 400 KB, and lists may take half of it.
    expect(Buffer.byteLength(reason)).toBeLessThan(20_000);
  });

  it('never shows the text of a foreign error', async () => {
    const ended = await hold(ports, run.id, async () => {
      throw new Error('canary of a driver');
    });
    expect(ended?.failure?.code).toBe('internal');
    expect(JSON.stringify(ended)).not.toContain('canary');
  });

  it('leaves a run alone that is not queued: a start may come twice', async () => {
    await hold(ports, run.id, async () => ({}));
    const second = await hold(ports, run.id, async () => {
      throw new Error('must not be called');
    });
    expect(second).toBeUndefined();
    expect(await ports.backups.get(run.id)).toMatchObject({ state: 'completed' });
  });

  it('ends failed at the deadline, with the reason of the deadline', async () => {
    const deadline = new AbortController();
    const ended = hold(ports, run.id, ({ signal }) => aborted(signal), deadline.signal);
    deadline.abort(new SafeBaseError('deadline_exceeded', 'the time of the worker ran out'));
    expect(await ended).toMatchObject({ state: 'failed', failure: { code: 'deadline_exceeded' } });
  });

  it('ends cancelled, with what the work told before, within a sign of life of the wish', async () => {
    const ended = await hold(ports, run.id, async ({ keep, signal, run: held }) => {
      keep({ sizeBytes: 5 });
      const end = aborted(signal);
      await ports.backups.requestCancel(run.id, held.fence, WISH);
      return end;
    });
    expect(ended).toMatchObject({ state: 'cancelled', cancel: WISH, sizeBytes: 5 });
    expect(ended).not.toHaveProperty('failure');
    const lock = { key: runLockKey(run.databaseId), owner: run.id, expiresAt: ports.clock.iso() };
    await expect(ports.locks.acquire(lock)).resolves.toEqual({});
  });

  it('lets no worker write a manifest after somebody has cancelled', async () => {
    const ended = await holdSilently(async ({ save, run: held }) => {
      await ports.backups.requestCancel(run.id, held.fence, WISH);
      await save();
      throw new Error('must not be reached');
    });
    expect(ended).toMatchObject({ state: 'cancelled' });
  });

  it('ends completed where the wish came after the work was done', async () => {
    const ended = await holdSilently(async ({ run: held }) => {
      await ports.backups.requestCancel(run.id, held.fence, WISH);
      return { sizeBytes: 5 };
    });
    expect(ended).toMatchObject({ state: 'completed', sizeBytes: 5, cancel: WISH });
  });

  it('goes on giving signs of life while it cleans up behind a cancelled run', async () => {
    let beats = 0;
    const heartbeat: CorePorts['backups']['heartbeat'] = (...given) => {
      beats += 1;
      return ports.backups.heartbeat(...given);
    };
    const counting = { ...ports, backups: { ...ports.backups, heartbeat } };
    await hold(counting, run.id, async ({ signal, run: held }) => {
      await ports.backups.requestCancel(run.id, held.fence, WISH);
      await aborted(signal).catch(() => {});
      const before = beats;
      const deadline = Date.now() + 4_000;
      while (beats < before + 2 && Date.now() < deadline) {
        await new Promise((resume) => setTimeout(resume, SETTINGS.heartbeatMs));
      }
      expect(beats).toBeGreaterThanOrEqual(before + 2);
      throw signal.reason;
    });
    expect(await ports.backups.get(run.id)).toMatchObject({ state: 'cancelled' });
  });

  it('leaves a run alone that is cancelled while its worker takes it', async () => {
    const extend: CorePorts['locks']['extend'] = async (lock) => {
      await cancelRun({ ...ports, runs: ports.backups }, run.id, 'tok_1');
      return ports.locks.extend(lock);
    };
    const racing = { ...ports, locks: { ...ports.locks, extend } };
    expect(await hold(racing, run.id, async () => ({}))).toBeUndefined();
    expect(await ports.backups.get(run.id)).toMatchObject({ state: 'cancelled' });
  });

  it('tells its progress with its signs of life', async () => {
    const progress = { phase: 'dump', bytesDone: 1, bytesEstimated: 2 } as const;
    await hold(ports, run.id, async ({ report }) => {
      report(progress);
      const deadline = Date.now() + 4_000;
      while ((await ports.backups.get(run.id))?.progress === undefined && Date.now() < deadline) {
        await new Promise((resume) => setTimeout(resume, SETTINGS.heartbeatMs));
      }
      expect(await ports.backups.get(run.id)).toMatchObject({ progress });
      return {};
    });
  });

  it('stops its work, and cannot end the run, once another worker has taken it over', async () => {
    const taken = hold(ports, run.id, async ({ signal, run: held }) => {
      const lost = aborted(signal);
      await ports.backups.transition(
        run.id,
        { from: ['running'], fence: held.fence },
        { state: 'failed', fence: held.fence + 1 },
      );
      return lost;
    });
    await expect(taken).rejects.toMatchObject({ code: expect.stringMatching(/fenced|wrong_state/) });
    expect(await ports.backups.get(run.id)).toMatchObject({ state: 'failed', fence: 2 });
  });

  it('does not turn a completed backup into a failed one when the final write fails', async () => {
    const writes: string[] = [];
    const transition: CorePorts['backups']['transition'] = async (id, condition, change) => {
      writes.push(change.state);
      if (change.state === 'completed') throw new SafeBaseError('unavailable', 'the table does not answer');
      return ports.backups.transition(id, condition, change);
    };
    const failing = { ...ports, backups: { ...ports.backups, transition } };
    await expect(hold(failing, run.id, async () => ({}))).rejects.toMatchObject({ code: 'unavailable' });
    expect(writes).toEqual(['running', 'completed']);
  });

  it('writes down at once what must be known even if the worker dies', async () => {
    await hold(ports, run.id, async ({ keep, save }) => {
      keep({ dumpBytes: 7 });
      await save();
      expect(await ports.backups.get(run.id)).toMatchObject({ state: 'running', dumpBytes: 7 });
      return {};
    });
  });

  it('lets no worker write any more that has been taken over without knowing', async () => {
    const taken = holdSilently(async ({ save, run: held }) => {
      await ports.backups.transition(
        run.id,
        { from: ['running'], fence: held.fence },
        { state: 'failed', fence: held.fence + 1 },
      );
      await expect(save()).rejects.toMatchObject({ code: 'fenced' });
      return {};
    });
    await expect(taken).rejects.toMatchObject({ code: 'fenced' });
    expect(await ports.backups.get(run.id)).toMatchObject({ state: 'failed', fence: 2 });
  });

  it('lets no worker write any more that slept until its lease was over, though nobody took over', async () => {
    const slept = holdSilently(async ({ save }) => {
      ports.clock.pass(SETTINGS.leaseMs);
      await expect(save()).rejects.toMatchObject({ code: 'fenced' });
      return {};
    });
    await expect(slept).rejects.toMatchObject({ code: 'fenced' });
    const stored = await ports.backups.get(run.id);
    expect(stored).toMatchObject({ state: 'running' });
    expect(stored && asOf(stored, ports.now())).toMatchObject({
      state: 'failed',
      failure: { code: 'worker_lost' },
    });
  });

  it('tells who has slept at once, before any timer, that the lease is over, and stops the work', async () => {
    const found: unknown[] = [];
    const slept = holdSilently(async ({ throwIfLost, signal }) => {
      throwIfLost();
      ports.clock.pass(SETTINGS.leaseMs);
      found.push(signal.aborted);
      try {
        throwIfLost();
      } catch (error) {
        found.push(error, signal.reason);
      }
      return {};
    });
    await expect(slept).rejects.toMatchObject({ code: 'fenced' });
    const fenced = expect.objectContaining({ code: 'fenced' });
    expect(found).toEqual([false, fenced, fenced]);
  });

  it('stops its work when the lease is over, also while signs of life hang', async () => {
    const heartbeat = () => new Promise<never>(() => {});
    const hanging = { ...ports, backups: { ...ports.backups, heartbeat } };
    const reason = await new Promise((resolve) => {
      hold(hanging, run.id, ({ signal }) => {
        ports.clock.pass(SETTINGS.leaseMs);
        return aborted(signal)
          .catch(resolve)
          .then(() => ({}));
      }).catch(() => {});
    });
    expect(reason).toMatchObject({ code: 'fenced' });
  });

  it('leaves a run alone that waited until its time was over', async () => {
    ports.clock.pass(60_000);
    expect(await hold(ports, run.id, async () => ({}))).toBeUndefined();
    expect(await ports.backups.get(run.id)).toMatchObject({ state: 'queued' });
  });

  describe('on schemas', () => {
    const server = { info: { identity: 'mysql-1' }, lowerCaseTableNames: 0 };
    /** Who has the lock of a schema, if anybody. */
    const holderOf = (schema: string) =>
      ports.locks
        .acquire({ key: schemaLockKey(server, schema), owner: newBackupId(), expiresAt: ports.clock.iso() })
        .then(
          () => undefined,
          ({ details }) => details.runId,
        );

    it('holds their locks while it works, longer than its lease, and frees them at its end', async () => {
      const holders: unknown[] = [];
      await hold(ports, run.id, async ({ lockSchemas }) => {
        await lockSchemas(server, ['shop', 'crm']);
        for (const schema of ['shop', 'crm', 'other']) holders.push(await holderOf(schema));
        ports.clock.pass(SETTINGS.leaseMs - 1);
        holders.push(await holderOf('shop'));
        return {};
      });
      expect(holders).toEqual([run.id, run.id, undefined, run.id]);
      expect([await holderOf('shop'), await holderOf('crm')]).toEqual([undefined, undefined]);
    });

    it('frees them too where it failed, was cancelled, or was taken over', async () => {
      const failed = await hold(ports, run.id, async ({ lockSchemas }) => {
        await lockSchemas(server, ['shop']);
        throw new SafeBaseError('dump_truncated', 'the dump has no end line');
      });
      expect(failed?.state).toBe('failed');
      expect(await holderOf('shop')).toBeUndefined();
      run = await queued(ports);
      const taken = holdSilently(async ({ lockSchemas, run: held }) => {
        await lockSchemas(server, ['shop']);
        await fail(held);
        return {};
      });
      await expect(taken).rejects.toMatchObject({ code: 'wrong_state' });
      expect(await holderOf('shop')).toBeUndefined();
    });

    it('ends failed with the id of the run that has one, which goes on', async () => {
      const other = await queued(ports);
      const holders: unknown[] = [];
      let refused: Backup | undefined;
      await hold(ports, other.id, async (first) => {
        await first.lockSchemas(server, ['b']);
        refused = await hold(ports, run.id, async ({ lockSchemas }) => {
          await lockSchemas(server, ['c', 'b', 'a']);
          throw new Error('must not be reached');
        });
        for (const schema of ['a', 'b', 'c']) holders.push(await holderOf(schema));
        return {};
      });
      expect(refused).toMatchObject({
        state: 'failed',
        failure: {
          code: 'run_active',
          reason: expect.stringContaining(other.id),
          hint: expect.stringContaining(other.id),
        },
      });
      expect(holders).toEqual([undefined, other.id, undefined]);
      expect(await ports.backups.get(other.id)).toMatchObject({ state: 'completed' });
    });

    it('takes none any more once it was taken over', async () => {
      let refusal: unknown;
      let holder: unknown;
      const taken = holdSilently(async ({ lockSchemas, run: held }) => {
        await fail(held);
        refusal = await lockSchemas(server, ['shop']).catch((error: unknown) => error);
        holder = await holderOf('shop');
        return {};
      });
      await expect(taken).rejects.toMatchObject({ code: 'wrong_state' });
      expect([refusal, holder]).toEqual([expect.objectContaining({ code: 'wrong_state' }), undefined]);
    });

    const fail = (held: Backup) =>
      ports.backups.transition(held.id, { from: ['running'], fence: held.fence }, { state: 'failed' });
  });

  /** Without a sign of life between the beginning and the end. */
  const holdSilently = (work: (held: HeldRun<Backup>) => Promise<object>) =>
    holdRun(
      { ...ports, runs: ports.backups },
      run.id,
      { ...SETTINGS, heartbeatMs: 100_000, deadline: never },
      work,
    );
});
