import { driveJob } from '../../../functions/core/drive-job.ts';
import { newBackupId, newRestoreId } from '../../../functions/core/ids.ts';
import type { CallEnd, StartedJob, WorkflowSteps } from '../../../functions/core/ports.ts';

const answered: CallEnd = { answered: true };
const died: CallEnd = { answered: false, reason: 'killed' };
const backup: StartedJob = { version: 1, kind: 'backup', runId: newBackupId(), network: 'office' };
const restore: StartedJob = { version: 1, kind: 'restore', runId: newRestoreId(), network: 'office' };
const expire: StartedJob = { version: 1, kind: 'expire', runId: newBackupId() };

/** @param ends of the calls, in their order */
async function drive(job: StartedJob, ends: readonly CallEnd[]) {
  const told: string[] = [];
  const left = [...ends];
  const steps: WorkflowSteps = {
    step: async (name, work) => {
      told.push(name);
      await work();
    },
    call: async (name, functionName, payload) => {
      told.push(`${name} by ${functionName}`);
      expect(payload).toEqual(job);
      return left.shift() ?? answered;
    },
    wait: async (name, seconds) => void told.push(`${name} ${seconds} s`),
  };
  const outcome = await driveJob(
    steps,
    { workerOf: ({ kind }) => `${kind}:1`, settle: async (id) => void told.push(`settled ${id}`) },
    job,
  ).catch(({ code }) => code);
  return { told, outcome };
}

it.each([backup, restore])('a $kind is its worker', async (job) => {
  expect(await drive(job, [answered])).toEqual({ told: [`work by ${job.kind}:1`], outcome: undefined });
});

it.each([backup, restore])('a $kind whose worker died is settled at once', async (job) => {
  const { told } = await drive(job, [died]);
  expect(told).toEqual([`work by ${job.kind}:1`, 'end', `settled ${job.runId}`]);
});

it('a removal is tried three times, with pauses', async () => {
  expect((await drive(expire, [died, answered])).told).toEqual([
    'remove-1 by expire:1',
    'pause-1 300 s',
    'remove-2 by expire:1',
  ]);
  const { told, outcome } = await drive(expire, [died, died, died]);
  expect([told.length, told.at(-1), outcome]).toEqual([5, 'remove-3 by expire:1', 'unavailable']);
});
