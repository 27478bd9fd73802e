import { cancelRun } from '../../../functions/core/cancel-run.ts';
import { dumpKey, manifestKey } from '../../../functions/core/manifest.ts';
import { removeDatabase } from '../../../functions/core/remove-database.ts';
import { asOf, type Backup } from '../../../functions/core/run.ts';
import { settleRun } from '../../../functions/core/settle-run.ts';
import { startBackup } from '../../../functions/core/start-backup.ts';
import { sweep } from '../../../functions/core/sweep.ts';
import { SafeBaseError } from '../../../functions/errors.ts';
import { corePorts } from '../../fixtures/core-ports.ts';
import { aborted, holdBackup, queuedBackup } from '../../fixtures/held-backup.ts';
import { aManifest } from '../../fixtures/stored-backup.ts';

const deadline = new AbortController().signal;
const SHORT_MS = 10_001;
const noAnswer = (details: Record<string, unknown> = {}) =>
  new SafeBaseError('upload_failed', 'could not write manifest.json (TimeoutError)', { details });

/** A run whose manifest was sent, and whose worker cannot find out whether it arrived. */
async function scene() {
  const ports = corePorts();
  const { id, databaseId } = await queuedBackup(ports);
  const arrive = async (backup: Backup): Promise<void> => {
    const dump = await ports.objects.writeOnce(dumpKey(databaseId, id, 0), Buffer.from('dump'), 'x');
    const made = aManifest(backup);
    const schemas = made.schemas.map((schema) => ({ ...schema, dump: { ...schema.dump, ...dump } }));
    const body = Buffer.from(JSON.stringify({ ...made, schemas }));
    await ports.objects.writeOnce(manifestKey(databaseId, id), body, 'application/json');
  };
  const record = async (): Promise<Backup> => {
    const found = await ports.backups.get(id);
    if (found === undefined) throw new Error('the record is gone');
    return found;
  };
  /** @param write what the write of the manifest does */
  const worked = (write: (run: Backup) => Promise<void>) =>
    holdBackup(ports, id, async ({ run, keep, conclude }) => {
      keep({ sizeBytes: 4, reread: true });
      await conclude(() => write(run));
      return {};
    });
  const cancelled = () =>
    holdBackup(ports, id, async ({ conclude, signal }) => {
      await cancelRun({ ...ports, runs: ports.backups }, id, 'tok_x');
      return conclude(() => aborted(signal));
    });
  const swept = () => sweep(ports, deadline);
  return { ports, id, databaseId, arrive, record, worked, cancelled, swept };
}

describe('a manifest whose write got no answer', () => {
  it('makes the backup complete, where it arrived', async () => {
    const { ports, arrive, record, worked, swept, id } = await scene();
    await worked(async (run) => {
      await arrive(run);
      throw noAnswer();
    });
    expect(await record()).toMatchObject({ state: 'running', fence: 2, sizeBytes: 4 });
    expect(await swept()).toMatchObject({ completed: 0, failed: 0 });
    ports.clock.pass(SHORT_MS);
    expect(await swept()).toMatchObject({ completed: 1, failed: 0 });
    const ended = await record();
    expect(ended).toMatchObject({
      state: 'completed',
      fence: 3,
      reread: true,
      manifest: { sha256: expect.any(String) },
    });
    expect(ended.failure).toBeUndefined();
    await settleRun(ports, id);
    expect(await record()).toEqual(ended);
  });

  it('makes it complete also where it arrives a moment later', async () => {
    const { ports, arrive, record, worked, swept } = await scene();
    await worked(() => Promise.reject(noAnswer()));
    await arrive(await record());
    ports.clock.pass(SHORT_MS);
    expect(await swept()).toMatchObject({ completed: 1 });
    expect(await record()).toMatchObject({ state: 'completed' });
  });

  it('leaves the reason of the worker, where it did not', async () => {
    const { ports, record, worked, swept } = await scene();
    await worked(() => Promise.reject(noAnswer()));
    ports.clock.pass(SHORT_MS);
    const failed = { state: 'failed', sizeBytes: 4, failure: { code: 'upload_failed' } };
    expect(asOf(await record(), ports.now())).toMatchObject(failed);
    expect(await swept()).toMatchObject({ completed: 0, failed: 1 });
    expect(await record()).toMatchObject({ ...failed, fence: 3 });
  });

  it('leaves it cancelled, where somebody wished that and it did not', async () => {
    const { ports, record, cancelled, swept } = await scene();
    await cancelled();
    expect(await record()).toMatchObject({ state: 'running' });
    ports.clock.pass(SHORT_MS);
    expect(asOf(await record(), ports.now())).toMatchObject({ state: 'cancelled' });
    await swept();
    const ended = await record();
    expect(ended).toMatchObject({ state: 'cancelled', fence: 3 });
    expect(ended.failure).toBeUndefined();
  });

  it('makes it complete, where somebody wished to cancel it and it arrived', async () => {
    const { ports, arrive, record, cancelled, swept } = await scene();
    await cancelled();
    await arrive(await record());
    ports.clock.pass(SHORT_MS);
    await swept();
    expect(await record()).toMatchObject({ state: 'completed', cancel: { requestedBy: 'tok_x' } });
  });

  it('stands in no way of the next run, which leaves it to the sweeper', async () => {
    const { ports, databaseId, arrive, record, worked, swept } = await scene();
    await worked(() => Promise.reject(noAnswer()));
    const next = await startBackup(ports, { databaseId, requestedBy: 'tok_x', queueLeaseMs: 60_000 });
    // What was sent may still be on its way.
    expect(await swept()).toMatchObject({ completed: 0, failed: 0 });
    await arrive(await record());
    ports.clock.pass(SHORT_MS);
    expect(await swept()).toMatchObject({ completed: 1, failed: 0 });
    const again = startBackup(ports, { databaseId, requestedBy: 'tok_x', queueLeaseMs: 60_000 });
    await expect(again).rejects.toMatchObject({ code: 'run_active', details: { runId: next.id } });
  });

  it('is removed with the backups of its database', async () => {
    const { ports, id, databaseId, worked } = await scene();
    await worked(() => Promise.reject(noAnswer()));
    expect(await removeDatabase(ports, databaseId, 'delete')).toBe(1);
    expect(await ports.backups.get(id)).toMatchObject({ state: 'deleting' });
  });
});

describe('a manifest that S3 refused', () => {
  it('fails the run at once', async () => {
    const { record, worked } = await scene();
    await worked(() => Promise.reject(noAnswer({ refused: true })));
    expect(await record()).toMatchObject({ state: 'failed', failure: { code: 'upload_failed' } });
  });
});
