import { type Failure, isCode } from '../errors.ts';
import { isBackupId, isRestoreId } from './ids.ts';
import type { LockOwner, Log, Now, RunStore } from './ports.ts';
import { type Backup, isActive, type Restore, workerLost } from './run.ts';

interface EndPorts {
  readonly backups: RunStore<Backup>;
  readonly restores: RunStore<Restore>;
  readonly log: Log;
  readonly now: Now;
}

/** Writes down that a run whose time was over has failed; its worker, if it still lives, is fenced off by that. */
export async function endLostRun(ports: EndPorts, owner: LockOwner): Promise<void> {
  if (isBackupId(owner)) await end(ports, ports.backups, owner);
  else if (isRestoreId(owner)) await end(ports, ports.restores, owner);
}

async function end<R extends Backup | Restore>(
  ports: EndPorts,
  runs: RunStore<R>,
  id: R['id'],
): Promise<void> {
  const run = await runs.get(id);
  if (run !== undefined && isActive(run.state)) await failLostRun(ports, runs, run);
}

/**
 * The same for a run that was read and is lost.
 * @param failure @default that its worker died
 * @returns whether this call did it
 */
export async function failLostRun<R extends Backup | Restore>(
  ports: Pick<EndPorts, 'log' | 'now'>,
  runs: RunStore<R>,
  run: R,
  failure: Failure = workerLost(run),
): Promise<boolean> {
  try {
    await runs.transition(
      run.id,
      { from: ['queued', 'running'], fence: run.fence },
      {
        state: 'failed',
        fence: run.fence + 1,
        failure,
        endedAt: earlier(run.leaseExpiresAt, new Date(ports.now()).toISOString()),
      },
    );
    ports.log.info('a lost run is now failed', { runId: run.id, code: failure.code });
    return true;
  } catch (error) {
    // It ended by itself, or another has written this down.
    if (!isCode(error, 'fenced', 'wrong_state')) throw error;
    return false;
  }
}

/** A worker may be known to be gone before its lease is over. Both ISO 8601. */
const earlier = (leaseEnd: string | undefined, now: string): string =>
  leaseEnd !== undefined && leaseEnd < now ? leaseEnd : now;
