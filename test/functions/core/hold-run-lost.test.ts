import { asOf, type Backup } from '../../../functions/core/run.ts';
import { type CorePorts, corePorts } from '../../fixtures/core-ports.ts';
import {
  aborted,
  HOLD_SETTINGS,
  holdBackup,
  holdSilently,
  queuedBackup,
} from '../../fixtures/held-backup.ts';

describe('a held run that its worker has lost', () => {
  let ports: CorePorts;
  let run: Backup;
  beforeEach(async () => {
    ports = corePorts();
    run = await queuedBackup(ports);
  });

  it('stops its work, and cannot end the run, once another worker has taken it over', async () => {
    const taken = holdBackup(ports, run.id, async ({ signal, run: held }) => {
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

  it('lets no worker write any more that has been taken over without knowing', async () => {
    const taken = holdSilently(ports, run.id, async ({ save, run: held }) => {
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
    const slept = holdSilently(ports, run.id, async ({ save }) => {
      ports.clock.pass(HOLD_SETTINGS.leaseMs);
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
    const slept = holdSilently(ports, run.id, async ({ throwIfLost, signal }) => {
      throwIfLost();
      ports.clock.pass(HOLD_SETTINGS.leaseMs);
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
      holdBackup(hanging, run.id, ({ signal }) => {
        ports.clock.pass(HOLD_SETTINGS.leaseMs);
        return aborted(signal)
          .catch(resolve)
          .then(() => ({}));
      }).catch(() => {});
    });
    expect(reason).toMatchObject({ code: 'fenced' });
  });
});
