import { type Failure, isCode } from '../errors.ts';
import { isBackupId, isRestoreId } from './ids.ts';
import type { LockOwner, Log, Now, RunStore } from './ports.ts';
import { type Backup, isActive, lostEnd, type Restore } from './run.ts';

export interface EndPorts {
  readonly backups: RunStore<Backup>;
  readonly restores: RunStore<Restore>;
  readonly log: Log;
  readonly now: Now;
}

/**
 * Fences off the worker of a run whose lock another has taken over because its time was over. A restore has failed by
 * that; of a backup that ran, the bucket knows whether it is one: the sweeper looks there, and ends it.
 */
export async function fenceLostRun(ports: EndPorts, owner: LockOwner): Promise<void> {
  if (isBackupId(owner)) {
    const backup = await ports.backups.get(owner);
    if (backup?.state === 'running') await leaveToSweeper(ports, backup);
    else if (backup?.state === 'queued') await failLostRun(ports, ports.backups, backup);
  } else if (isRestoreId(owner)) {
    const restore = await ports.restores.get(owner);
    if (restore !== undefined && isActive(restore.state)) await failLostRun(ports, ports.restores, restore);
  }
}

/**
 * The same for a start. A worker that has left word of its end is fenced off already, and what it had sent may still
 * arrive until its lease is over: no sweeper may look before.
 */
export async function fenceForStart(ports: EndPorts, owner: LockOwner): Promise<void> {
  const backup = isBackupId(owner) ? await ports.backups.get(owner) : undefined;
  if (backup?.unlessStored === undefined) await fenceLostRun(ports, owner);
}

async function leaveToSweeper(ports: EndPorts, run: Backup): Promise<void> {
  const leaseExpiresAt = earlier(run.leaseExpiresAt, new Date(ports.now()).toISOString());
  const isFenced = await unlessEnded(
    ports.backups.transition(
      run.id,
      { from: ['running'], fence: run.fence },
      { state: 'running', fence: run.fence + 1, leaseExpiresAt },
    ),
  );
  if (isFenced) ports.log.info('the worker of a lost backup is fenced off', { runId: run.id });
}

/**
 * Writes down that a run is lost.
 * @param failure @default what its worker has left word of, else that it died
 * @returns whether this call did it
 */
export async function failLostRun<R extends Backup | Restore>(
  ports: Pick<EndPorts, 'log' | 'now'>,
  runs: RunStore<R>,
  run: R,
  failure?: Failure,
): Promise<boolean> {
  const end = failure === undefined ? lostEnd(run) : { state: 'failed' as const, failure };
  const endedAt = earlier(run.leaseExpiresAt, new Date(ports.now()).toISOString());
  const isFailed = await unlessEnded(
    runs.transition(
      run.id,
      { from: ['queued', 'running'], fence: run.fence },
      { ...end, fence: run.fence + 1, endedAt },
    ),
  );
  if (isFailed) ports.log.info(`a lost run is now ${end.state}`, { runId: run.id, code: end.failure?.code });
  return isFailed;
}

/** @returns false where it ended by itself, or another has written this down */
async function unlessEnded(write: Promise<unknown>): Promise<boolean> {
  try {
    await write;
    return true;
  } catch (error) {
    if (!isCode(error, 'fenced', 'wrong_state')) throw error;
    return false;
  }
}

/** A worker may be known to be gone before its lease is over. Both ISO 8601. */
const earlier = (leaseEnd: string | undefined, now: string): string =>
  leaseEnd !== undefined && leaseEnd < now ? leaseEnd : now;
