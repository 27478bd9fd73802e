import { throwIfOver } from '../engine/deadline.ts';
import { isCode, SafeBaseError, toFailure } from '../errors.ts';
import { keepLease, type Lease } from './keep-lease.ts';
import { progressMeter } from './measure-progress.ts';
import { isQueuedAgain, leaveToNext, nextWorker } from './next-worker.ts';
import { followMovement } from './out-of-time.ts';
import type { Log, Now, RunStore } from './ports.ts';
import {
  asOf,
  type Backup,
  isRestore,
  type Restore,
  type RunChange,
  type RunResult,
  runLockKey,
  type Work,
} from './run.ts';
import { type LockSchemas, schemaLocks } from './schema-locks.ts';
import type { LockPorts } from './take-lock.ts';

export interface HoldPorts<R extends Backup | Restore> extends LockPorts {
  readonly runs: RunStore<R>;
  readonly log: Log;
  readonly now: Now;
}

export interface HoldSettings {
  /** The worker's own end of time. */
  readonly deadline: AbortSignal;
  readonly leaseMs: number;
  readonly heartbeatMs: number;
}

export interface RunSettings extends HoldSettings {
  /** When the platform ends this worker for certain (ms since the epoch). */
  readonly workerEndsAt: number;
}

/** What the work gets while it holds the run. */
export interface HeldRun<R extends Backup | Restore> {
  readonly run: R;
  /**
   * Aborts, with a SafeBaseError as reason: at the deadline, when somebody cancels the run (`cancelled`) and when another
   * worker took it over (`fenced`).
   */
  readonly signal: AbortSignal;
  /**
   * Whoever was asleep may go on before a timer can tell `signal` that the lease is over: to be asked before each write
   * that no fence guards. @throws the reason of `signal`
   */
  readonly throwIfLost: () => void;
  /** What the next sign of life tells. */
  readonly report: (work: Work) => void;
  /** What the record keeps even if the work fails after this. */
  readonly keep: (result: RunResult) => void;
  /**
   * Writes down at once what is kept, for what must be known even if this worker dies, and renews the lease: who comes
   * back from it still holds the run, and nobody has cancelled it. @throws `fenced`, `wrong_state`, `cancelled`, and what
   * kept it from being written
   */
  readonly save: () => Promise<void>;
  /**
   * Makes the write that alone makes a result. Where it fails, and nobody can tell yet whether it was done all the same,
   * this worker writes no end: it leaves word of it, and the sweeper looks.
   */
  readonly conclude: <T>(write: () => Promise<T>) => Promise<T>;
  /**
   * Takes the locks of schemas of a server until the work has ended. @throws `run_active` naming who has one, and as `save`
   */
  readonly lockSchemas: LockSchemas;
}

/**
 * Takes a queued run, keeps its lease alive while `work` runs, and writes its final state: `completed` with the
 * result, `cancelled` where somebody wished it and the work ended by that, or `failed` with the reason; where nobody can
 * tell yet (`HeldRun.conclude`) it stays `running`, for the sweeper. A restore whose worker has no more time is queued for
 * the next one, where that can go on. A run that is not queued is left alone: a start may be delivered twice.
 * @throws what kept the final state from being written; the lease then tells the truth by running out
 */
export async function holdRun<R extends Backup | Restore>(
  ports: HoldPorts<R>,
  id: R['id'],
  settings: RunSettings,
  work: (held: HeldRun<R>) => Promise<RunResult>,
): Promise<R | undefined> {
  const run = await take(ports, id, settings.leaseMs);
  if (run === undefined) return undefined;
  let kept: RunResult = {};
  const keep: HeldRun<R>['keep'] = (result) => {
    kept = { ...kept, ...result };
  };
  const life = keepAlive(ports, run, settings);
  const { signal, throwIfLost, report } = life;
  const save = (): Promise<void> => life.save(kept);
  let isOpen = false;
  const conclude: HeldRun<R>['conclude'] = async (write) => {
    isOpen = true;
    try {
      return await write();
    } catch (error) {
      isOpen = !(error instanceof SafeBaseError && error.details.refused === true);
      throw error;
    }
  };
  const locks = schemaLocks(ports, run, new Date(settings.workerEndsAt).toISOString());
  const lockSchemas: LockSchemas = async (...wanted) => {
    await save();
    await locks.take(...wanted);
  };
  const outcome = await work({ run, signal, throwIfLost, report, keep, save, conclude, lockSchemas }).then(
    (result): RunChange => ({ ...kept, ...result, state: 'completed' }),
    (error: unknown): RunChange => {
      const cause = life.explain(life.signal.aborted ? life.signal.reason : error);
      if (isCode(cause, 'cancelled')) {
        ports.log.info('run cancelled', { runId: run.id });
        return { ...kept, state: 'cancelled' };
      }
      const next = isCode(cause, 'deadline_exceeded') && nextWorker({ ...run, ...kept }, ports.now());
      if (next) {
        ports.log.info('the next worker goes on', { runId: run.id, fence: next.fence });
        return { ...kept, ...next };
      }
      ports.log.error('run failed', { runId: run.id, error: cause });
      return { ...kept, state: 'failed', failure: toFailure(cause) };
    },
  );
  try {
    await life.stop();
    if (isQueuedAgain(outcome)) return await leaveToNext(ports, run, outcome);
    if (isOpen && outcome.state !== 'completed') return await leaveOpen(ports, run, outcome);
    // Only now: a failure to write `completed` must not be turned into `failed`, the backup may be there.
    const ended = await ports.runs.transition(
      run.id,
      { from: ['running'], fence: run.fence },
      { ...outcome, endedAt: new Date(ports.now()).toISOString() },
    );
    await ports.locks.release({ key: runLockKey(run.databaseId), owner: run.id });
    return ended;
  } finally {
    // The next worker takes over those of the schemas, under the same name: between the two they are nobody else's.
    const isLeft = isQueuedAgain(outcome) || (isRestore(run) && isCode(life.signal.reason, 'fenced'));
    if (!isLeft) await locks.release();
  }
}

/** What was sent may arrive a moment after nobody waits for its answer any more: so late the sweeper may look (ms). */
const LOOK_AFTER_MS = 10_000;

/** Fences this worker off. The lock of its run ends by itself, or with the run. */
async function leaveOpen<R extends Backup | Restore>(
  ports: HoldPorts<R>,
  run: R,
  { state, failure, ...kept }: RunChange,
): Promise<R> {
  ports.log.info('whether the run made a backup is left to the sweeper', { runId: run.id });
  return ports.runs.transition(
    run.id,
    { from: ['running'], fence: run.fence },
    {
      ...kept,
      state: 'running',
      fence: run.fence + 1,
      leaseExpiresAt: new Date(ports.now() + LOOK_AFTER_MS).toISOString(),
      unlessStored: failure === undefined ? { state: 'cancelled' } : { state: 'failed', failure },
    },
  );
}

async function take<R extends Backup | Restore>(
  ports: HoldPorts<R>,
  id: R['id'],
  leaseMs: number,
): Promise<R | undefined> {
  const now = ports.now();
  const stored = await ports.runs.get(id);
  const queued = stored && asOf(stored, now);
  if (queued?.state !== 'queued') {
    ports.log.info('run is not queued, nothing to do', { runId: id, state: queued?.state });
    return undefined;
  }
  const leaseExpiresAt = new Date(now + leaseMs).toISOString();
  try {
    await ports.locks.extend({ key: runLockKey(queued.databaseId), owner: id, expiresAt: leaseExpiresAt });
    return await ports.runs.transition(
      id,
      { from: ['queued'], fence: queued.fence },
      {
        state: 'running',
        fence: queued.fence + 1,
        startedAt: queued.startedAt ?? new Date(now).toISOString(),
        leaseExpiresAt,
      },
    );
  } catch (error) {
    // Cancelled between our look and our write, it is over; whatever else took it from us is worth an error.
    if ((await ports.runs.get(id))?.state === 'cancelled') return undefined;
    throw error;
  }
}

/** Signs of life that tell the progress and bring the wish to cancel. */
function keepAlive<R extends Backup | Restore>(ports: HoldPorts<R>, run: R, settings: HoldSettings) {
  const cancelled = new AbortController();
  const measure = progressMeter();
  const movement = followMovement(ports.now);
  let work: Work | undefined;
  const giveSign = async (kept: RunResult = {}): Promise<void> => {
    let isCancelled = false;
    await lease.renew(async (expiresAt) => {
      const progress = work && measure(work, ports.now());
      const { cancel } = await ports.runs.heartbeat(run.id, run.fence, expiresAt, progress, kept);
      await ports.locks.extend({ key: runLockKey(run.databaseId), owner: run.id, expiresAt });
      isCancelled = cancel !== undefined;
    });
    if (isCancelled) cancelled.abort(new SafeBaseError('cancelled', `${run.id} was cancelled`));
  };
  const lease: Lease = keepLease(ports, settings, {
    name: `the lease of ${run.id}`,
    owner: { runId: run.id },
    leaseExpiresAt: run.leaseExpiresAt,
    beat: () => giveSign(),
  });
  const signal = AbortSignal.any([settings.deadline, lease.lost, cancelled.signal]);
  return {
    signal,
    throwIfLost: (): void => {
      lease.look();
      throwIfOver(signal);
    },
    save: async (kept: RunResult): Promise<void> => {
      await giveSign(kept);
      cancelled.signal.throwIfAborted();
    },
    report: (next: Work): void => {
      work = next;
      movement.note(next);
    },
    explain: (reason: unknown): unknown =>
      isCode(reason, 'deadline_exceeded') ? movement.explain(reason) : reason,
    stop: lease.stop,
  };
}
