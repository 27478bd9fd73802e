import { isCode, SafeBaseError } from '../errors.ts';
import { refuseWhileRead } from './backup-readers.ts';
import { failLostRun } from './end-lost-run.ts';
import type { BackupId } from './ids.ts';
import type { Log, Now, RunStore } from './ports.ts';
import { type Backup, isActive, isLost, type Restore } from './run.ts';
import { refuseWhileVerified } from './verification.ts';
import type { Workflows } from './workflow-ports.ts';

export interface DeletePorts {
  readonly backups: RunStore<Backup>;
  readonly restores: RunStore<Restore>;
  readonly workflows: Workflows;
  readonly log: Log;
  readonly now: Now;
}

/** Three times the longest life of a worker and the pauses between them: then `sweep` starts the removal again. */
const REMOVAL_MS = 3_600_000;

/** Until when a removal that is started now should have ended (ISO 8601). */
const removalEndsAt = (now: number): string => new Date(now + REMOVAL_MS).toISOString();

/**
 * Marks a backup as to be deleted and queues the job that does it; repeating it queues the job again.
 * @throws `not_found`, `wrong_state` while it runs, `run_active` while it is being restored,
 * `verify_active` while it is being verified, `unavailable`
 */
export async function deleteBackup(ports: DeletePorts, id: BackupId): Promise<Backup> {
  const backup = await settled(ports, id);
  if (backup.state === 'deleted') return backup;
  const deleting = backup.state === 'deleting' ? backup : await mark(ports, backup);
  await ports.workflows.start({ version: 1, kind: 'expire', runId: id });
  return deleting;
}

/**
 * Starts a removal again that should have ended by now: its start was lost, or objects could not be removed.
 * @throws `unavailable`
 */
export async function restartRemoval(
  ports: Pick<DeletePorts, 'backups' | 'workflows' | 'log' | 'now'>,
  { id, fence }: Backup,
): Promise<void> {
  ports.log.error('a removal did not end, starting it again', { backupId: id });
  await ports.workflows.start({ version: 1, kind: 'expire', runId: id });
  try {
    await ports.backups.transition(
      id,
      { from: ['deleting'], fence },
      { state: 'deleting', leaseExpiresAt: removalEndsAt(ports.now()) },
    );
  } catch (error) {
    // It has ended meanwhile.
    if (!isCode(error, 'fenced', 'wrong_state')) throw error;
  }
}

async function mark(ports: DeletePorts, backup: Backup): Promise<Backup> {
  refuseWhileVerified(backup, ports.now());
  await refuseWhileRead(ports, backup);
  const { id, fence } = backup;
  try {
    return await ports.backups.transition(
      id,
      { from: ['completed', 'failed', 'cancelled'], fence },
      { state: 'deleting', leaseExpiresAt: removalEndsAt(ports.now()) },
    );
  } catch (error) {
    if (!isCode(error, 'fenced')) throw error;
    throw new SafeBaseError('run_active', `a restore or verification of ${id} has just begun`, {
      cause: error,
    });
  }
}

/** The record, after a run whose worker was lost has been written down as failed. */
async function settled(ports: DeletePorts, id: BackupId): Promise<Backup> {
  const stored = await ports.backups.get(id);
  if (stored !== undefined && isLost(stored, ports.now())) await failLostRun(ports, ports.backups, stored);
  const backup = await ports.backups.get(id);
  if (backup === undefined) throw new SafeBaseError('not_found', `there is no ${id}`);
  if (isActive(backup.state)) {
    throw new SafeBaseError('wrong_state', `${id} is ${backup.state}`, {
      hint: 'Cancel it or wait until it has ended, then delete it.',
    });
  }
  return backup;
}
