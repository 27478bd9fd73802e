import { SafeBaseError } from '../errors.ts';
import type { BackupId, RunId } from './ids.ts';
import type { RestoreJob, StartedJob, VerifyJob } from './job-payloads.ts';
import type { WorkflowSteps } from './workflow-ports.ts';

export interface DrivePorts {
  /** The function that does a job. @throws `host_refused` where the network has no workers */
  readonly workerOf: (job: StartedJob) => string;
  /**
   * Writes down how a run ended whose worker is gone, frees its lock and removes what it left. Safe to repeat.
   * @returns whether it is a restore with which another worker is to go on
   */
  readonly settle: (id: RunId) => Promise<boolean>;
  /** Whether attempts before the last one have left objects. */
  readonly litterLeft: (id: BackupId) => Promise<boolean>;
  /** The verification that the end of a backup has left to its workflow, or null. */
  readonly verificationLeft: (id: BackupId) => Promise<VerifyJob | null>;
  /** Writes down that a verification has come to no result. Safe to repeat. */
  readonly settleVerification: (job: VerifyJob) => Promise<void>;
}

/** Removing objects is tried this often, with so many seconds in between. */
const REMOVALS = 3;
const REMOVAL_PAUSE_SECONDS = 300;

/** The workflow of each job: a worker does it, and a worker that died is found out at once. */
export async function driveJob(steps: WorkflowSteps, ports: DrivePorts, job: StartedJob): Promise<void> {
  if (job.kind === 'expire') return remove(steps, ports, job);
  if (job.kind === 'verify') return verify(steps, ports, job);
  if (job.kind === 'restore') return restore(steps, ports, job);
  const end = await steps.call('work', ports.workerOf(job), job);
  if (!end.answered) await steps.step('end', () => ports.settle(job.runId));
  await finish(steps, ports, job.runId);
}

/** One worker after the other, until one has ended the run: none of them lives longer than a quarter of an hour. */
async function restore(steps: WorkflowSteps, ports: DrivePorts, job: RestoreJob): Promise<void> {
  for (let worker = 1; ; worker += 1) {
    await steps.call(`work-${worker}`, ports.workerOf(job), job);
    if (!(await steps.step(`end-${worker}`, () => ports.settle(job.runId)))) return;
  }
}

/** The backup is complete by then: what it has left to do has workers, and the time of workers, of its own. */
async function finish(steps: WorkflowSteps, ports: DrivePorts, id: BackupId): Promise<void> {
  const { litter, verification } = await steps.step('look', async () => ({
    litter: await ports.litterLeft(id),
    verification: await ports.verificationLeft(id),
  }));
  if (litter) {
    const job: StartedJob = { version: 1, kind: 'expire', runId: id };
    // Where that fails, it goes with the backup.
    await steps.call('tidy', ports.workerOf(job), job);
  }
  if (verification !== null) await verify(steps, ports, verification);
}

async function verify(steps: WorkflowSteps, ports: DrivePorts, job: VerifyJob): Promise<void> {
  const end = await steps.call('verify', ports.workerOf(job), job);
  if (!end.answered) await steps.step('end-verify', () => ports.settleVerification(job));
}

/** Until all is removed: the record says `deleting` as long as objects are left. @throws `unavailable` */
async function remove(steps: WorkflowSteps, ports: DrivePorts, job: StartedJob): Promise<void> {
  for (let attempt = 1; attempt <= REMOVALS; attempt += 1) {
    const end = await steps.call(`remove-${attempt}`, ports.workerOf(job), job);
    if (end.answered) return;
    if (attempt < REMOVALS) await steps.wait(`pause-${attempt}`, REMOVAL_PAUSE_SECONDS);
  }
  throw new SafeBaseError('unavailable', `objects of ${job.runId} could not be removed`);
}
