import { isCode, SafeBaseError } from '../errors.ts';
import { changeVerification, ownVerification } from './change-verification.ts';
import type { BackupId } from './ids.ts';
import type { VerifyJob } from './job-payloads.ts';
import type { Log, Now, RunStore } from './ports.ts';
import type { Backup } from './run.ts';
import { failedBy, unfinished } from './verification.ts';

interface SettleVerificationPorts {
  readonly backups: RunStore<Backup>;
  readonly log: Log;
  readonly now: Now;
}

/** The verification that the end of a backup has left to its workflow, or null. */
export async function verificationLeft(
  { backups }: Pick<SettleVerificationPorts, 'backups'>,
  id: BackupId,
): Promise<VerifyJob | null> {
  const { state, verification } = (await backups.get(id)) ?? {};
  if (state !== 'completed' || verification?.state !== 'queued') return null;
  // One that somebody asked for meanwhile has a workflow of its own.
  if (verification.requestedBy !== 'backup') return null;
  const { attempt, requestedAt } = verification;
  return { version: 1, kind: 'verify', runId: id, attempt, requestedAt };
}

/**
 * Writes down that a verification has come to no result, because its worker is gone. Safe to repeat: one that has ended
 * stays as it is.
 */
export async function settleVerification(
  ports: SettleVerificationPorts,
  { runId: id, attempt }: VerifyJob,
): Promise<void> {
  const now = new Date(ports.now()).toISOString();
  try {
    await changeVerification(ports.backups, id, (backup) =>
      unfinished(ownVerification(backup, attempt, ['queued', 'running']), id, now),
    );
    ports.log.error('a verification came to no result, its worker is gone', { backupId: id, attempt });
  } catch (error) {
    if (!isCode(error, 'fenced', 'wrong_state', 'not_found')) throw error;
  }
}

/** Fails a queued verification that no workflow can drive. Safe to repeat: what runs or has ended is another's. */
export async function refuseVerification(
  ports: SettleVerificationPorts,
  id: BackupId,
  reason: SafeBaseError,
): Promise<void> {
  const endedAt = new Date(ports.now()).toISOString();
  try {
    await changeVerification(ports.backups, id, ({ verification }) => {
      if (verification?.state !== 'queued')
        throw new SafeBaseError('fenced', `no verification of ${id} waits`);
      return failedBy(verification, reason, endedAt);
    });
    ports.log.error('a verification cannot be driven', { backupId: id, error: reason });
  } catch (error) {
    if (!isCode(error, 'fenced', 'wrong_state', 'not_found')) throw error;
  }
}
