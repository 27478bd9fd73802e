import { endLostRun } from './end-lost-run.ts';
import type { RunId } from './ids.ts';
import type { Log, Now, RunLocks, RunStore } from './ports.ts';
import { type Backup, type Restore, runLockKey } from './run.ts';

interface SettlePorts {
  readonly backups: RunStore<Backup>;
  readonly restores: RunStore<Restore>;
  readonly locks: RunLocks;
  readonly log: Log;
  readonly now: Now;
}

/** Ends a run whose worker is gone and frees its lock. Safe to repeat: what has ended stays as it is. */
export async function settleRun(ports: SettlePorts, id: RunId): Promise<void> {
  await endLostRun(ports, id);
  const run = id.startsWith('bk_')
    ? await ports.backups.get(id as Backup['id'])
    : await ports.restores.get(id as Restore['id']);
  if (run !== undefined) await ports.locks.release({ key: runLockKey(run.databaseId), owner: id });
}
