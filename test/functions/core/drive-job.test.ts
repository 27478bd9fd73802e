import { driveJob } from '../../../functions/core/drive-job.ts';
import { newBackupId, newRestoreId } from '../../../functions/core/ids.ts';
import type { StartedJob, VerifyJob } from '../../../functions/core/job-payloads.ts';
import type { CallEnd, WorkflowSteps } from '../../../functions/core/workflow-ports.ts';

const answered: CallEnd = { answered: true };
const died: CallEnd = { answered: false, reason: 'killed' };
const backup = { version: 1, kind: 'backup', runId: newBackupId(), network: 'office' } as const;
const restore: StartedJob = { version: 1, kind: 'restore', runId: newRestoreId(), network: 'office' };
const verify: VerifyJob = {
  version: 1,
  kind: 'verify',
  runId: backup.runId,
  attempt: 1,
  requestedAt: 'then',
};
const expire: StartedJob = { version: 1, kind: 'expire', runId: newBackupId() };

/** @param ends of the calls, in their order @param left the verification that the end of a backup leaves to do */
async function drive(
  job: StartedJob,
  ends: readonly CallEnd[],
  left: VerifyJob | null = null,
  litter = false,
  again = 0,
) {
  const told: string[] = [];
  const next = [...ends];
  const steps: WorkflowSteps = {
    step: async (name, work) => {
      told.push(name);
      return await work();
    },
    call: async (name, functionName, payload) => {
      told.push(`${name} by ${functionName}`);
      const ofName: Record<string, StartedJob> = {
        verify,
        tidy: { version: 1, kind: 'expire', runId: backup.runId },
      };
      expect(payload).toEqual(ofName[name] ?? job);
      return next.shift() ?? answered;
    },
    wait: async (name, seconds) => void told.push(`${name} ${seconds} s`),
  };
  const outcome = await driveJob(
    steps,
    {
      workerOf: ({ kind }) => `${kind}:1`,
      settle: async (id) => {
        told.push(`settled ${id}`);
        return told.filter((line) => line.startsWith('settled')).length <= again;
      },
      litterLeft: async () => litter,
      verificationLeft: async () => left,
      settleVerification: async ({ attempt }) => void told.push(`settled verification ${attempt}`),
    },
    job,
  ).catch(({ code }) => code);
  return { told, outcome };
}

it('a restore is one worker after the other, until none is to go on', async () => {
  const settled = `settled ${restore.runId}`;
  const first = ['work-1 by restore:1', 'end-1', settled];
  expect(await drive(restore, [answered])).toEqual({ told: first, outcome: undefined });
  expect((await drive(restore, [died, answered], null, false, 1)).told).toEqual([
    ...first,
    'work-2 by restore:1',
    'end-2',
    settled,
  ]);
});

it('a backup is its worker, and a look whether that left it to be verified', async () => {
  expect((await drive(backup, [answered])).told).toEqual(['work by backup:1', 'look']);
  expect(await drive(backup, [answered, answered], verify)).toEqual({
    told: ['work by backup:1', 'look', 'verify by verify:1'],
    outcome: undefined,
  });
});

it.each([answered, died])(
  'a backup that was begun anew is tidied, and verified whatever came of that',
  async (end) => {
    expect(await drive(backup, [answered, end, answered], verify, true)).toEqual({
      told: ['work by backup:1', 'look', 'tidy by expire:1', 'verify by verify:1'],
      outcome: undefined,
    });
  },
);

it('a backup whose worker died is settled at once', async () => {
  const { told } = await drive(backup, [died]);
  expect(told).toEqual(['work by backup:1', 'end', `settled ${backup.runId}`, 'look']);
});

it('a verification whose worker died is settled at once, also behind a backup', async () => {
  const end = ['verify by verify:1', 'end-verify', 'settled verification 1'];
  expect((await drive(verify, [died])).told).toEqual(end);
  expect((await drive(verify, [answered])).told).toEqual(end.slice(0, 1));
  expect((await drive(backup, [answered, died], verify)).told).toEqual(['work by backup:1', 'look', ...end]);
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
