import { isCode } from '../errors.ts';
import { changeVerification, ownVerification } from './change-verification.ts';
import type { BackupId } from './ids.ts';
import type { Log, Now, RunStore } from './ports.ts';
import type { Backup } from './run.ts';
import {
  failedBy,
  queuedVerification,
  refuseWhileVerified,
  type Verification,
  verificationAsOf,
} from './verification.ts';
import type { Workflows } from './workflow-ports.ts';

export interface StartVerificationPorts {
  readonly backups: RunStore<Backup>;
  readonly workflows: Workflows;
  readonly log: Log;
  readonly now: Now;
}

interface VerificationOrder {
  readonly backupId: BackupId;
  readonly requestedBy: string;
  /** How long the start may wait for its worker (ms). */
  readonly queueLeaseMs: number;
}

/**
 * Starts the re-reading of a complete backup, as often as it is asked for, but one at a time. The record is written before
 * the start: a crash in between leaves a verification whose lease runs out.
 * @throws `not_found`, `wrong_state`, `verify_active`, `unavailable`
 */
export async function startVerification(
  ports: StartVerificationPorts,
  { backupId, requestedBy, queueLeaseMs }: VerificationOrder,
): Promise<Backup> {
  const now = ports.now();
  let attempt = 1;
  const queued = await changeVerification(ports.backups, backupId, (backup) => {
    refuseWhileVerified(backup, now);
    attempt = (backup.verification?.attempt ?? 0) + 1;
    return queuedVerification({ attempt, requestedBy, ...failedBefore(backup, now) }, now, queueLeaseMs);
  });
  const requestedAt = new Date(now).toISOString();
  try {
    await ports.workflows.start({ version: 1, kind: 'verify', runId: backupId, attempt, requestedAt });
    return queued;
  } catch (error) {
    return await giveUp(ports, queued, attempt, error);
  }
}

function failedBefore({ id, verification }: Backup, now: number): Pick<Verification, 'failedBefore'> {
  if (verification === undefined || verificationAsOf(verification, id, now).state !== 'failed') return {};
  return { failedBefore: (verification.failedBefore ?? 0) + 1 };
}

/** Records a start that failed; one whose answer alone was lost is running by now, and no failure. */
async function giveUp(
  ports: StartVerificationPorts,
  queued: Backup,
  attempt: number,
  error: unknown,
): Promise<Backup> {
  const endedAt = new Date(ports.now()).toISOString();
  const failed = (backup: Backup): Verification =>
    failedBy(ownVerification(backup, attempt, ['queued']), error, endedAt);
  try {
    await changeVerification(ports.backups, queued.id, failed);
  } catch (refusal) {
    if (isCode(refusal, 'fenced')) return queued;
    ports.log.error('the failed start of a verification was not written down', {
      backupId: queued.id,
      error: refusal,
    });
  }
  throw error;
}
