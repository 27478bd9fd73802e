import { SafeBaseError } from '../errors.ts';
import { type DrivePorts, driveJob } from './drive-job.ts';
import { isBackupId, isRestoreId, type RunId } from './ids.ts';
import type { StartedJob } from './job-payloads.ts';
import type { WorkflowSteps } from './workflow-ports.ts';

export interface StartedPorts extends DrivePorts {
  /** The job in a payload, or nothing where this code does not know its version or kind. */
  readonly parse: (payload: unknown) => StartedJob | undefined;
  /** Writes down why a run that is queued cannot be driven. Safe to repeat. */
  readonly refuse: (id: RunId, reason: SafeBaseError) => Promise<void>;
}

/**
 * Drives what a start has brought. Amid a deploy, or after one was taken back, that may come from code of another version:
 * its run fails at once and says why, instead of waiting until its time is over.
 * @throws `job_unknown`, and as `driveJob`
 */
export async function driveStarted(
  steps: WorkflowSteps,
  ports: StartedPorts,
  payload: unknown,
): Promise<void> {
  const job = ports.parse(payload);
  if (job !== undefined) return driveJob(steps, ports, job);
  const { version, kind, runId } = fieldsOf(payload);
  const reason = new SafeBaseError(
    'job_unknown',
    `the workflow that is deployed knows no job of kind ${kind} and version ${version}`,
  );
  if (isBackupId(runId) || isRestoreId(runId)) await steps.step('refuse', () => ports.refuse(runId, reason));
  throw reason;
}

/** As text, as far as they are there. */
function fieldsOf(payload: unknown): Readonly<Record<'version' | 'kind' | 'runId', string>> {
  const given = typeof payload === 'object' && payload !== null ? { ...payload } : {};
  const field = (name: string): string => String(Reflect.get(given, name)).slice(0, 100);
  return { version: field('version'), kind: field('kind'), runId: field('runId') };
}
