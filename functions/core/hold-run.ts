import { SafeBaseError, toFailure } from '../errors.ts';
import type { Log, Now, RunLocks, RunStore } from './ports.ts';
import {
  type Backup,
  type BackupResult,
  type Progress,
  type Restore,
  type RestoreResult,
  type RunChange,
  runLockKey,
} from './run.ts';

export interface HoldPorts<R extends Backup | Restore> {
  readonly runs: RunStore<R>;
  readonly locks: RunLocks;
  readonly log: Log;
  readonly now: Now;
}

export interface HoldSettings {
  /** The worker's own end of time. */
  readonly deadline: AbortSignal;
  readonly leaseMs: number;
  readonly heartbeatMs: number;
}

/** What the work gets while it holds the run. */
export interface HeldRun<R extends Backup | Restore> {
  readonly run: R;
  /** Aborts, with a SafeBaseError as reason, at the deadline and when another worker took the run over. */
  readonly signal: AbortSignal;
  /** What the next sign of life tells. */
  readonly report: (progress: Progress) => void;
  /** What the record keeps even if the work fails after this. */
  readonly keep: (result: BackupResult & RestoreResult) => void;
}

/**
 * Takes a queued run, keeps its lease alive while `work` runs, and writes its final state: `completed` with the
 * result, or `failed` with the reason. A run that is not queued is left alone: a start may be delivered twice.
 * @throws what kept the final state from being written; the lease then tells the truth by running out
 */
export async function holdRun<R extends Backup | Restore>(
  ports: HoldPorts<R>,
  id: R['id'],
  settings: HoldSettings,
  work: (held: HeldRun<R>) => Promise<BackupResult & RestoreResult>,
): Promise<R | undefined> {
  const run = await take(ports, id, settings.leaseMs);
  if (run === undefined) return undefined;
  let kept: BackupResult & RestoreResult = {};
  const keep: HeldRun<R>['keep'] = (result) => {
    kept = { ...kept, ...result };
  };
  const life = keepAlive(ports, run, settings);
  const outcome = await work({ run, signal: life.signal, report: life.report, keep }).then(
    (result): RunChange => ({ ...kept, ...result, state: 'completed' }),
    (error: unknown): RunChange => {
      const cause = life.signal.aborted ? life.signal.reason : error;
      ports.log.error('run failed', { runId: run.id, error: cause });
      return { ...kept, state: 'failed', failure: toFailure(cause) };
    },
  );
  await life.stop();
  // Only now: a failure to write `completed` must not be turned into `failed`, the backup may be there.
  const ended = await ports.runs.transition(
    run.id,
    { from: ['running'], fence: run.fence },
    { ...outcome, endedAt: new Date(ports.now()).toISOString() },
  );
  await ports.locks.release({ key: runLockKey(run.databaseId), owner: run.id });
  return ended;
}

async function take<R extends Backup | Restore>(
  ports: HoldPorts<R>,
  id: R['id'],
  leaseMs: number,
): Promise<R | undefined> {
  const queued = await ports.runs.get(id);
  if (queued?.state !== 'queued') {
    ports.log.info('run is not queued, nothing to do', { runId: id, state: queued?.state });
    return undefined;
  }
  const now = ports.now();
  const leaseExpiresAt = new Date(now + leaseMs).toISOString();
  await ports.locks.extend({ key: runLockKey(queued.databaseId), owner: id, expiresAt: leaseExpiresAt });
  return ports.runs.transition(
    id,
    { from: ['queued'], fence: queued.fence },
    { state: 'running', fence: queued.fence + 1, startedAt: new Date(now).toISOString(), leaseExpiresAt },
  );
}

/** Signs of life until `stop`; ends the work when they are refused or could not be given within the lease. */
function keepAlive<R extends Backup | Restore>(ports: HoldPorts<R>, run: R, settings: HoldSettings) {
  const lost = new AbortController();
  let progress: Progress | undefined;
  let leaseEnd = ports.now() + settings.leaseMs;
  let beating = Promise.resolve();

  const beat = async (): Promise<void> => {
    const expires = ports.now() + settings.leaseMs;
    const leaseExpiresAt = new Date(expires).toISOString();
    try {
      await ports.runs.heartbeat(run.id, run.fence, leaseExpiresAt, progress);
      await ports.locks.extend({ key: runLockKey(run.databaseId), owner: run.id, expiresAt: leaseExpiresAt });
      leaseEnd = expires;
    } catch (error) {
      const refused = error instanceof SafeBaseError && ['fenced', 'wrong_state'].includes(error.code);
      if (refused) lost.abort(error);
      else if (ports.now() >= leaseEnd) {
        lost.abort(new SafeBaseError('fenced', `the lease of ${run.id} could not be kept`, { cause: error }));
      } else ports.log.error('heartbeat failed, trying again', { runId: run.id, error });
    }
  };
  const timer = setInterval(() => {
    beating = beating.then(beat);
  }, settings.heartbeatMs);
  return {
    signal: AbortSignal.any([settings.deadline, lost.signal]),
    report: (next: Progress): void => {
      progress = next;
    },
    stop: async (): Promise<void> => {
      clearInterval(timer);
      await beating;
    },
  };
}
