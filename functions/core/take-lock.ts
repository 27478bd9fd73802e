import { isCode } from '../errors.ts';
import { type FindPorts, findRun } from './find-run.ts';
import type { RunLocks } from './ports.ts';
import { isActive, isFencedOff } from './run.ts';

export interface LockPorts extends FindPorts {
  readonly locks: RunLocks;
}

export type Lock = Parameters<RunLocks['acquire']>[0];

/**
 * Takes a lock. That of a run is freed a moment after its end, and where that failed runs out later: neither is waited
 * for, nor is a run that was fenced off and only has no final state yet.
 * @returns as `RunLocks.acquire`, where the earlier owner may also be such a run
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
    const taken = await ports.locks.acquire(lock);
    return isActive(holder.state) ? { lostOwner: holder.id } : taken;
  }
}
