import { isCode, SafeBaseError, toFailure } from '../errors.ts';
import type { Database } from './database.ts';
import { fenceForStart } from './end-lost-run.ts';
import type { DatabaseId } from './ids.ts';
import type { StartedJob } from './job-payloads.ts';
import type { DatabaseStore, Log, Now, RunLocks, RunStore } from './ports.ts';
import { releaseLock } from './release-lock.ts';
import { type Backup, type Restore, runLockKey } from './run.ts';
import { takeLock } from './take-lock.ts';
import type { Workflows } from './workflow-ports.ts';

export interface StartPorts {
  readonly databases: DatabaseStore;
  readonly backups: RunStore<Backup>;
  readonly restores: RunStore<Restore>;
  readonly locks: RunLocks;
  readonly workflows: Workflows;
  readonly log: Log;
  readonly now: Now;
}

/** What every new run has in common. */
type NewRun = Pick<
  Backup,
  'databaseId' | 'state' | 'requestedBy' | 'tls' | 'server' | 'createdAt' | 'fence' | 'leaseExpiresAt'
>;

interface Order<R extends Backup | Restore> {
  readonly id: R['id'];
  readonly databaseId: DatabaseId;
  readonly requestedBy: string;
  /** How long the start may wait for its worker (ms). */
  readonly queueLeaseMs: number;
  readonly runs: RunStore<R>;
  /** The record, made of what is common and what this kind of run adds; may refuse. */
  readonly record: (common: NewRun) => R;
  readonly job: (run: R, database: Database) => StartedJob;
  /** What must have happened between the record and the start; may refuse. */
  readonly beforeStart?: (run: R) => Promise<void>;
}

/**
 * Starts one run on a database: lock, record, start, in this order, so that a crash in between leaves a record
 * whose lease runs out and a lock that does the same, never a run without a record.
 * The lock goes by the database's id, which needs no look at the server; its worker takes those of the schemas.
 * @throws `run_active` with `details.runId`, `not_found`, `unavailable`, and what `record` throws
 */
export async function startRun<R extends Backup | Restore>(ports: StartPorts, order: Order<R>): Promise<R> {
  const now = ports.now();
  const leaseExpiresAt = new Date(now + order.queueLeaseMs).toISOString();
  const lock = { key: runLockKey(order.databaseId), owner: order.id };
  const { lostOwner } = await takeLock(ports, { ...lock, expiresAt: leaseExpiresAt });
  let started: { readonly run: R; readonly job: StartedJob };
  try {
    if (lostOwner !== undefined) await fenceForStart(ports, lostOwner);
    // Read under the lock: a removal of the database takes it too.
    const database = await ports.databases.get(order.databaseId);
    if (database === undefined) throw new SafeBaseError('not_found', `there is no ${order.databaseId}`);
    const run = order.record(commonOf(database, order, now, leaseExpiresAt));
    await order.runs.create(run);
    started = { run, job: order.job(run, database) };
  } catch (error) {
    if (!(await mayExist(order))) await releaseLock(ports, lock);
    throw error;
  }
  try {
    await order.beforeStart?.(started.run);
    await ports.workflows.start(started.job);
    return started.run;
  } catch (error) {
    return await giveUp(ports, order.runs, started.run, error);
  }
}

/** A record with this id means that another delivery of the same start holds the lock, under the same name. */
const mayExist = async <R extends Backup | Restore>({ runs, id }: Order<R>): Promise<boolean> =>
  (await runs.get(id).catch(() => 'unknown')) !== undefined;

function commonOf<R extends Backup | Restore>(
  database: Database,
  order: Order<R>,
  now: number,
  leaseExpiresAt: string,
): NewRun {
  return {
    databaseId: database.id,
    state: 'queued',
    requestedBy: order.requestedBy,
    tls: { mode: database.tls.mode },
    ...(database.server === undefined ? {} : { server: database.server }),
    createdAt: new Date(now).toISOString(),
    fence: 0,
    leaseExpiresAt,
  };
}

/** Records a start that failed; one whose answer alone was lost is running by now, and no failure. */
async function giveUp<R extends Backup | Restore>(
  ports: StartPorts,
  runs: RunStore<R>,
  run: R,
  error: unknown,
): Promise<R> {
  try {
    await runs.transition(
      run.id,
      { from: ['queued'], fence: run.fence },
      { state: 'failed', failure: toFailure(error), endedAt: new Date(ports.now()).toISOString() },
    );
  } catch (refusal) {
    if (isCode(refusal, 'fenced', 'wrong_state')) return run;
    throw refusal;
  }
  await releaseLock(ports, { key: runLockKey(run.databaseId), owner: run.id });
  throw error;
}
