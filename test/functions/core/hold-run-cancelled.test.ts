import { cancelRun } from '../../../functions/core/cancel-run.ts';
import { type Backup, runLockKey } from '../../../functions/core/run.ts';
import { type CorePorts, corePorts } from '../../fixtures/core-ports.ts';
import {
  aborted,
  HOLD_SETTINGS,
  holdBackup,
  holdSilently,
  queuedBackup,
} from '../../fixtures/held-backup.ts';

const WISH = { requestedBy: 'tok_1', requestedAt: '2026-11-23T00:00:00.000Z' };

describe('a held run that somebody cancels', () => {
  let ports: CorePorts;
  let run: Backup;
  beforeEach(async () => {
    ports = corePorts();
    run = await queuedBackup(ports);
  });

  it('ends cancelled, with what the work told before, within a sign of life of the wish', async () => {
    const ended = await holdBackup(ports, run.id, async ({ keep, signal, run: held }) => {
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
    const ended = await holdSilently(ports, run.id, async ({ save, run: held }) => {
      await ports.backups.requestCancel(run.id, held.fence, WISH);
      await save();
      throw new Error('must not be reached');
    });
    expect(ended).toMatchObject({ state: 'cancelled' });
  });

  it('ends completed where the wish came after the work was done', async () => {
    const ended = await holdSilently(ports, run.id, async ({ run: held }) => {
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
    await holdBackup(counting, run.id, async ({ signal, run: held }) => {
      await ports.backups.requestCancel(run.id, held.fence, WISH);
      await aborted(signal).catch(() => {});
      const before = beats;
      const deadline = Date.now() + 4_000;
      while (beats < before + 2 && Date.now() < deadline) {
        await new Promise((resume) => setTimeout(resume, HOLD_SETTINGS.heartbeatMs));
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
    expect(await holdBackup(racing, run.id, async () => ({}))).toBeUndefined();
    expect(await ports.backups.get(run.id)).toMatchObject({ state: 'cancelled' });
  });
});
