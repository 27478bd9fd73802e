import { type EndPorts, fenceLostRun } from './end-lost-run.ts';
import type { DatabaseId } from './ids.ts';
import { releaseLock } from './release-lock.ts';
import { runLockKey } from './run.ts';
import { type LockPorts, takeLock } from './take-lock.ts';

export type UnusedPorts = EndPorts & LockPorts;

/** How long a request may hold the lock: longer than it can last. */
const LOCK_MS = 60_000;

/**
 * Does what no run may see half of: meanwhile none is under way on a database, and none can begin.
 * @throws `run_active` with `details.runId`, and what `work` throws
 */
export async function whileUnused<T>(ports: UnusedPorts, id: DatabaseId, work: () => Promise<T>): Promise<T> {
  const lock = { key: runLockKey(id), owner: id };
  const expiresAt = new Date(ports.now() + LOCK_MS).toISOString();
  const { lostOwner } = await takeLock(ports, { ...lock, expiresAt });
  try {
    if (lostOwner !== undefined) await fenceLostRun(ports, lostOwner);
    return await work();
  } finally {
    await releaseLock(ports, lock);
  }
}
