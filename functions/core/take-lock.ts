import { isCode } from '../errors.ts';
import { isBackupId, isRestoreId } from './ids.ts';
import type { RunLocks, RunStore } from './ports.ts';
import { type Backup, isFencedOff, type Restore } from './run.ts';

export interface LockPorts {
  readonly backups: Pick<RunStore<Backup>, 'get'>;
  readonly restores: Pick<RunStore<Restore>, 'get'>;
  readonly locks: RunLocks;
}

export type Lock = Parameters<RunLocks['acquire']>[0];

/**
 * Takes a lock. That of a run is freed a moment after its end, and where that failed runs out later: neither is waited
 * for, nor is a run that was fenced off and only has no final state yet.
 * @throws as `RunLocks.acquire`
 */
export async function takeLock(ports: LockPorts, lock: Lock): ReturnType<RunLocks['acquire']> {
  try {
    return await ports.locks.acquire(lock);
  } catch (error) {
    const holder = isCode(error, 'run_active') && (await findRun(ports, String(error.details.runId)));
    // One without a record is about to begin, or no run at all.
    if (!holder || !isFencedOff(holder)) throw error;
    await ports.locks.release({ key: lock.key, owner: holder.id });
    return ports.locks.acquire(lock);
  }
}

async function findRun({ backups, restores }: LockPorts, id: string): Promise<Backup | Restore | undefined> {
  if (isBackupId(id)) return backups.get(id);
  return isRestoreId(id) ? restores.get(id) : undefined;
}
