import { driveStarted } from '../../../functions/core/drive-started.ts';
import type { StartedJob } from '../../../functions/core/job-payloads.ts';
import { refuseRun, settleRun } from '../../../functions/core/settle-run.ts';
import { refuseVerification } from '../../../functions/core/settle-verification.ts';
import { startBackup } from '../../../functions/core/start-backup.ts';
import { startVerification } from '../../../functions/core/start-verification.ts';
import type { WorkflowSteps } from '../../../functions/core/workflow-ports.ts';
import { SafeBaseError } from '../../../functions/errors.ts';
import { completed, corePorts, registered } from '../../fixtures/core-ports.ts';

/** A queued backup, and a workflow of which `parse` says what it knows. */
async function scene() {
  const ports = corePorts();
  const database = await registered(ports);
  const { id: databaseId } = database;
  const start = () => startBackup(ports, { databaseId, requestedBy: 'tok_1', queueLeaseMs: 60_000 });
  const backup = await start();
  const told: string[] = [];
  const steps: WorkflowSteps = {
    step: async (name, work) => {
      told.push(name);
      return await work();
    },
    call: async (name) => {
      told.push(name);
      return { answered: true };
    },
    wait: () => Promise.reject(new Error('nothing waits here')),
  };
  const drive = (
    payload: unknown,
    parse: (payload: unknown) => StartedJob | undefined = () => undefined,
    workerOf: (job: StartedJob) => string = ({ kind }) => kind,
  ) =>
    driveStarted(
      steps,
      {
        parse,
        refuse: (id, reason) => refuseRun(ports, id, reason),
        refuseVerification: (id, reason) => refuseVerification(ports, id, reason),
        workerOf,
        settle: (id) => settleRun(ports, id),
        litterLeft: async () => false,
        verificationLeft: async () => null,
        settleVerification: () => Promise.reject(new Error('nothing is verified here')),
      },
      payload,
    );
  return {
    ports,
    database,
    backup,
    start,
    told,
    drive,
    job: { version: 2, kind: 'backup', runId: backup.id },
  };
}

describe('driveStarted', () => {
  it('drives a job that it knows', async () => {
    const { drive, job, told, backup } = await scene();
    await drive(job, () => ({ version: 1, kind: 'backup', runId: backup.id, network: 'public' }));
    expect(told).toEqual(['work', 'look']);
  });

  it('fails the run of a job of another version at once, says why, and frees its lock', async () => {
    const { ports, drive, job, told, backup, start } = await scene();
    await expect(drive(job)).rejects.toMatchObject({ code: 'job_unknown' });
    expect(told).toEqual(['refuse']);
    expect(await ports.backups.get(backup.id)).toMatchObject({
      state: 'failed',
      endedAt: ports.clock.iso(),
      failure: {
        code: 'job_unknown',
        reason: 'the workflow that is deployed knows no job of kind backup and version 2',
      },
    });
    // A workflow that died after that does it again.
    await expect(drive(job)).rejects.toMatchObject({ code: 'job_unknown' });
    expect(await start()).toMatchObject({ state: 'queued' });
  });

  it('leaves a run alone that another workflow drives', async () => {
    const { ports, drive, job, backup } = await scene();
    const running = await ports.backups.transition(
      backup.id,
      { from: ['queued'], fence: 0 },
      { state: 'running', fence: 1, leaseExpiresAt: ports.clock.iso(60_000) },
    );
    await expect(drive(job)).rejects.toMatchObject({ code: 'job_unknown' });
    expect(await ports.backups.get(backup.id)).toEqual(running);
  });

  it('fails the run of a job whose workers are gone', async () => {
    const { ports, drive, told, backup, start } = await scene();
    const job = { version: 1, kind: 'backup', runId: backup.id, network: 'old' } as const;
    const workerOf = () => {
      throw new SafeBaseError('host_refused', 'no workers');
    };
    await expect(drive(job, () => job, workerOf)).rejects.toMatchObject({ code: 'host_refused' });
    expect(told).toEqual(['refuse']);
    expect(await ports.backups.get(backup.id)).toMatchObject({
      state: 'failed',
      failure: { code: 'host_refused' },
    });
    expect(await start()).toMatchObject({ state: 'queued' });
  });

  it('fails the verification of a job of another version, and leaves the backup as it is', async () => {
    const { ports, database, drive } = await scene();
    const { id } = await completed(ports, database);
    await startVerification(ports, { backupId: id, requestedBy: 'tok_1', queueLeaseMs: 60_000 });
    for (const _ of ['once', 'again']) {
      await expect(drive({ version: 2, kind: 'verify', runId: id })).rejects.toMatchObject({
        code: 'job_unknown',
      });
      expect(await ports.backups.get(id)).toMatchObject({
        state: 'completed',
        verification: { state: 'failed', failure: { code: 'job_unknown' }, endedAt: ports.clock.iso() },
      });
    }
  });

  it.each([[undefined], ['a text'], [null], [{ version: 2, runId: 'bk_1' }], [{ runId: 7 }]])(
    'refuses %j, which names no run',
    async (payload) => {
      const { drive, told } = await scene();
      await expect(drive(payload)).rejects.toBeInstanceOf(SafeBaseError);
      expect(told).toEqual([]);
    },
  );
});
