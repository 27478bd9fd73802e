import { SafeBaseError } from '../errors.ts';
import type { LockOwner, Log, Now, RunStore } from './ports.ts';
import { type Backup, type Restore, workerLost } from './run.ts';

interface EndPorts {
  readonly backups: RunStore<Backup>;
  readonly restores: RunStore<Restore>;
  readonly log: Log;
  readonly now: Now;
}

/** Writes down that a run whose time was over has failed; its worker, if it still lives, is fenced off by that. */
export async function endLostRun(ports: EndPorts, owner: LockOwner): Promise<void> {
  if (isBackup(owner)) await end(ports, ports.backups, owner);
  else if (isRestore(owner)) await end(ports, ports.restores, owner);
}

async function end<R extends Backup | Restore>(
  ports: EndPorts,
  runs: RunStore<R>,
  id: R['id'],
): Promise<void> {
  const run = await runs.get(id);
  if (run?.state !== 'queued' && run?.state !== 'running') return;
  try {
    await runs.transition(
      id,
      { from: ['queued', 'running'], fence: run.fence },
      {
        state: 'failed',
        fence: run.fence + 1,
        failure: workerLost(run),
        endedAt: earlier(run.leaseExpiresAt, new Date(ports.now()).toISOString()),
      },
    );
    ports.log.info('a lost run is now failed', { runId: id });
  } catch (error) {
    // It ended by itself, or another has written this down.
    const settled = error instanceof SafeBaseError && ['fenced', 'wrong_state'].includes(error.code);
    if (!settled) throw error;
  }
}

/** A worker may be known to be gone before its lease is over. Both ISO 8601. */
const earlier = (leaseEnd: string | undefined, now: string): string =>
  leaseEnd !== undefined && leaseEnd < now ? leaseEnd : now;

const isBackup = (owner: LockOwner): owner is Backup['id'] => owner.startsWith('bk_');
const isRestore = (owner: LockOwner): owner is Restore['id'] => owner.startsWith('rs_');
