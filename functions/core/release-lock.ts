import type { Log, RunLocks } from './ports.ts';

interface ReleasePorts {
  readonly locks: RunLocks;
  readonly log: Log;
}

/** Frees a lock as well as it can: one that stays runs out, and what its owner did is over all the same. Never throws. */
export async function releaseLock(
  { locks, log }: ReleasePorts,
  lock: Parameters<RunLocks['release']>[0],
): Promise<void> {
  await locks.release(lock).catch((error: unknown) => log.error('lock not released', { ...lock, error }));
}
