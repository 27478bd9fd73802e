import { SafeBaseError } from '../errors.ts';
import { type DrivePorts, driveJob } from './drive-job.ts';
import { type BackupId, isBackupId, isRestoreId, type RunId } from './ids.ts';
import type { StartedJob } from './job-payloads.ts';
import type { WorkflowSteps } from './workflow-ports.ts';

export interface StartedPorts extends DrivePorts {
  /** The job in a payload, or nothing where this code does not know its version or kind. */
  readonly parse: (payload: unknown) => StartedJob | undefined;
  /** Writes down why a run that is queued cannot be driven. Safe to repeat. */
  readonly refuse: (id: RunId, reason: SafeBaseError) => Promise<void>;
  /** The same for the verification of a backup. */
  readonly refuseVerification: (id: BackupId, reason: SafeBaseError) => Promise<void>;
}

/**
 * Drives what a start has brought. Amid a deploy, or after one was taken back, that may come from code of another version,
 * or ask for workers that are gone: its run fails at once and says why, instead of waiting until its time is over.
 * @throws `job_unknown`, `host_refused`, and as `driveJob`
 */
export async function driveStarted(
  steps: WorkflowSteps,
  ports: StartedPorts,
  payload: unknown,
): Promise<void> {
  const job = ports.parse(payload);
  if (job === undefined) return refuse(steps, ports, payload, unknownJob(payload));
  const reason = withoutWorkers(ports, job);
  if (reason !== undefined) return refuse(steps, ports, payload, reason);
  return driveJob(steps, ports, job);
}

async function refuse(
  steps: WorkflowSteps,
  ports: StartedPorts,
  payload: unknown,
  reason: SafeBaseError,
): Promise<never> {
  const { kind, runId } = fieldsOf(payload);
  if (kind === 'verify' && isBackupId(runId)) {
    await steps.step('refuse', () => ports.refuseVerification(runId, reason));
  } else if (isBackupId(runId) || isRestoreId(runId)) {
    await steps.step('refuse', () => ports.refuse(runId, reason));
  }
  throw reason;
}

function unknownJob(payload: unknown): SafeBaseError {
  const { version, kind } = fieldsOf(payload);
  return new SafeBaseError(
    'job_unknown',
    `the workflow that is deployed knows no job of kind ${kind} and version ${version}`,
  );
}

/** Why nobody can do a job, if so. */
function withoutWorkers(ports: DrivePorts, job: StartedJob): SafeBaseError | undefined {
  try {
    ports.workerOf(job);
    return undefined;
  } catch (error) {
    if (error instanceof SafeBaseError) return error;
    throw error;
  }
}

/** As text, as far as they are there. */
function fieldsOf(payload: unknown): Readonly<Record<'version' | 'kind' | 'runId', string>> {
  const given = typeof payload === 'object' && payload !== null ? { ...payload } : {};
  const field = (name: string): string => String(Reflect.get(given, name)).slice(0, 100);
  return { version: field('version'), kind: field('kind'), runId: field('runId') };
}
