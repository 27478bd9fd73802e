import { isCode, type SafeBaseError, toFailure } from '../errors.ts';
import { failLostRun } from './end-lost-run.ts';
import { findRun } from './find-run.ts';
import type { RunId } from './ids.ts';
import { leaveToNext, nextWorker } from './next-worker.ts';
import type { Log, Now, ObjectStore, RunLocks, RunStore } from './ports.ts';
import { type Backup, isActive, isLost, isRestore, type Restore, runLockKey } from './run.ts';
import { askManifest } from './told-by-manifest.ts';
import { firstVerification } from './verification.ts';

export interface SettlePorts {
  readonly backups: RunStore<Backup>;
  readonly restores: RunStore<Restore>;
  readonly locks: RunLocks;
  readonly objects: ObjectStore;
  readonly log: Log;
  readonly now: Now;
}

/**
 * Gives a run whose worker is known to be gone its final state, and frees its lock; a restore that another worker can go on
 * with waits for that one. Safe to repeat and to die in: what has ended stays as it is.
 * @returns whether another worker is to go on
 */
export async function settleRun(ports: SettlePorts, id: RunId): Promise<boolean> {
  const run = await findRun(ports, id);
  if (run === undefined) return false;
  if (!isActive(run.state)) await freeLock(ports, run);
  else if (!isRestore(run)) await settleBackup(ports, run);
  else if (await goesOn(ports, run)) return true;
  else await settleRestore(ports, run);
  return false;
}

/** Whether a restore waits for its next worker by now. */
async function goesOn(ports: SettlePorts, run: Restore): Promise<boolean> {
  // One whose time was over has failed by that, for whoever looked.
  if (isLost(run, ports.now())) return false;
  if (run.state === 'queued') return run.goesOn === true;
  const next = nextWorker(run, ports.now());
  if (next === undefined) return false;
  try {
    await leaveToNext({ ...ports, runs: ports.restores }, run, next);
  } catch (error) {
    if (isCode(error, 'fenced', 'wrong_state')) return false;
    throw error;
  }
  ports.log.info('the worker of a restore is gone, the next one goes on', { runId: run.id });
  return true;
}

/** Fails a queued run that no workflow can drive, and frees its lock. What is running or has ended is another's. */
export async function refuseRun(ports: SettlePorts, id: RunId, reason: SafeBaseError): Promise<void> {
  const run = await findRun(ports, id);
  if (run?.state !== 'queued') return;
  const failure = toFailure(reason);
  const isFailed = isRestore(run)
    ? await failLostRun(ports, ports.restores, run, failure)
    : await failLostRun(ports, ports.backups, run, failure);
  if (isFailed) await freeLock(ports, run);
}

/** @param run whose worker is gone @returns its final state, if this call wrote it */
export async function settleBackup(
  ports: SettlePorts,
  run: Backup,
): Promise<'completed' | 'failed' | undefined> {
  const done = run.state === 'running' && (await completeFromManifest(ports, run)) ? 'completed' : 'failed';
  if (done === 'failed' && !(await failLostRun(ports, ports.backups, run))) return undefined;
  await freeLock(ports, run);
  return done;
}

/** @see settleBackup */
export async function settleRestore(ports: SettlePorts, run: Restore): Promise<'failed' | undefined> {
  if (!(await failLostRun(ports, ports.restores, run))) return undefined;
  await freeLock(ports, run);
  return 'failed';
}

/** A worker that died between its manifest and its record has made a backup. */
async function completeFromManifest(ports: SettlePorts, run: Backup): Promise<boolean> {
  const told = await askManifest(ports.objects, run);
  if (told === undefined) return false;
  // The manifest does not tell; the worker has noted it before.
  const reread = run.reread ?? false;
  try {
    await ports.backups.transition(
      run.id,
      { from: ['running'], fence: run.fence },
      {
        ...told.result,
        state: 'completed',
        fence: run.fence + 1,
        reread,
        ...(!reread && { verification: firstVerification(ports.now()) }),
        endedAt: told.completedAt,
      },
    );
  } catch (error) {
    // It ended by itself, or another was first: what stands there is final.
    if (isCode(error, 'fenced', 'wrong_state')) return false;
    throw error;
  }
  ports.log.info('a lost backup is completed from its manifest', { runId: run.id });
  return true;
}

/** Its time was over with the lease of the run: who dies before this blocks nobody. */
const freeLock = (ports: SettlePorts, { id, databaseId }: Backup | Restore): Promise<void> =>
  ports.locks.release({ key: runLockKey(databaseId), owner: id });
