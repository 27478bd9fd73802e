/** Restores go from worker to worker: one that ends before its restore leaves it to the next. */
import type { RunLocks, RunStore } from './ports.ts';
import { type Backup, type Restore, type RunChange, runLockKey } from './run.ts';

/** After so many workers without a step that was done, the next one would not get any further. */
const MAX_WORKERS_SINCE_PROGRESS = 3;
/** How long a restore may wait for its next worker, which its workflow starts at once (ms). */
const NEXT_WORKER_MS = 120_000;

/** A run that waits for its next worker, until its lease is over. */
type QueuedAgain = RunChange & { readonly state: 'queued'; readonly leaseExpiresAt: string };

/**
 * What becomes of a restore whose worker has ended before it.
 * @param run with what its worker has noted @param now milliseconds since the epoch
 * @returns nothing where no other worker would get any further
 */
export function nextWorker(
  run: Pick<Restore, 'goesOn' | 'workersSinceProgress' | 'fence'>,
  now: number,
): QueuedAgain | undefined {
  const workersSinceProgress = (run.workersSinceProgress ?? 0) + 1;
  if (!run.goesOn || workersSinceProgress > MAX_WORKERS_SINCE_PROGRESS) return undefined;
  const leaseExpiresAt = new Date(now + NEXT_WORKER_MS).toISOString();
  return { state: 'queued', fence: run.fence + 1, leaseExpiresAt, workersSinceProgress };
}

export const isQueuedAgain = (change: RunChange): change is QueuedAgain =>
  change.state === 'queued' && change.leaseExpiresAt !== undefined;

/** Writes that down; the lock of the run waits with it. @throws `fenced`, `wrong_state`, `unavailable` */
export async function leaveToNext<R extends Backup | Restore>(
  { locks, runs }: { readonly locks: RunLocks; readonly runs: RunStore<R> },
  { id, databaseId, fence }: R,
  change: QueuedAgain,
): Promise<R> {
  await locks.extend({ key: runLockKey(databaseId), owner: id, expiresAt: change.leaseExpiresAt });
  return runs.transition(id, { from: ['running'], fence }, change);
}
