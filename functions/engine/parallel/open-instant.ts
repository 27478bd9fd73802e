import { setTimeout } from 'node:timers/promises';
import { isCode, SafeBaseError } from '../../errors.ts';
import { type Query, quoteName } from '../connection.ts';
import { throwIfOver } from '../deadline.ts';
import { type BinlogPosition, readSnapshotPosition, readStatusPosition } from './binlog-position.ts';

/** A connection that reads rows, or that holds the lock while others begin to. */
export interface LaneSession {
  readonly query: Query;
  /** By which the server knows this connection. */
  readonly connectionId: string;
}

/** How the lanes came to see the same instant: nobody had to wait, commits had, or writes to these tables had. */
export type InstantWay = 'alone' | LockWay;
export type LockWay = 'backup_stage' | 'lock_tables';

export interface Instant<Lane, Still> {
  /** Those that see it; the others take no part, and their owner closes them. */
  readonly lanes: readonly Lane[];
  readonly way: InstantWay;
  /** From the requests for locks until they were given back, by the server's clock; 0 where none was asked for. */
  readonly lockMs: number;
  readonly position?: BinlogPosition;
  /** What `whileStill` gave; absent where there was no lock. */
  readonly still?: Still;
}

interface InstantInput<Lane, Still> {
  readonly product: 'mariadb' | 'mysql';
  /** Idle; at least one. */
  readonly lanes: readonly Lane[];
  /** Asks for the lock and gives it back; not asked where there is one lane. */
  readonly holder: LaneSession;
  /** All that will be read. */
  readonly tables: readonly { readonly schema: string; readonly name: string }[];
  /** For the whole of asking, waiting and holding: after that others wait no longer for us. */
  readonly lockBudgetMs: number;
  /** How long to wait for transactions of others to end before asking. */
  readonly patienceMs: number;
  /**
   * Reads tables that no snapshot shows, while nobody can write to those of `STILL_ENGINES`. Commits go on meanwhile where
   * the lock lets them. Where it takes longer than the budget, its statement is killed.
   * @param reader a lane that is in no transaction yet
   */
  readonly whileStill?: (way: LockWay, reader: Lane) => Promise<Still>;
  readonly signal: AbortSignal;
}

/**
 * Begins a read-only view of the same instant in every lane. One lane takes no lock; several take the gentlest that the
 * account may, and where none is had within the budget the first lane goes on alone.
 * @throws what a lane's statements give, the reason of the signal
 */
export async function openInstant<Lane extends LaneSession, Still = never>(
  input: InstantInput<Lane, Still>,
): Promise<Instant<Lane, Still>> {
  const { product, lanes, holder, signal } = input;
  for (const lane of lanes) await lane.query('SET SESSION TRANSACTION ISOLATION LEVEL REPEATABLE READ');
  let lockMs = 0;
  const onLocked = (ms: number): void => {
    lockMs += ms;
  };
  for (const way of lanes.length < 2 || (await followsBeneath(holder)) ? [] : WAYS[product]) {
    throwIfOver(signal);
    try {
      const found = await underLock(input, way, onLocked);
      if (found) return { lanes, way, lockMs, ...found };
      break;
    } catch (error) {
      throwIfOver(signal);
      if (isGivenUp(error)) break;
      if (!isCode(error, 'insufficient_privileges')) throw error;
    }
  }
  const [first] = lanes;
  if (!first) throw new Error('no lane');
  await first.query(BEGIN);
  const position = product === 'mariadb' ? await readSnapshotPosition(first.query) : undefined;
  return { lanes: [first], way: 'alone', lockMs, ...(position ? { position } : {}) };
}

/**
 * A reader of Aurora shows what its writer commits without asking for a lock here: whatever is locked, two snapshots may
 * be of two instants.
 */
async function followsBeneath({ query }: LaneSession): Promise<boolean> {
  const [row] = await query('SELECT @@innodb_read_only AS value');
  return row?.value !== '0';
}

const BEGIN = 'START TRANSACTION WITH CONSISTENT SNAPSHOT, READ ONLY';

const WAYS: Readonly<Record<'mariadb' | 'mysql', readonly LockWay[]>> = {
  mariadb: ['backup_stage', 'lock_tables'],
  mysql: ['lock_tables'],
};

/**
 * The engines without transactions whose rows nobody can change under a lock. BACKUP STAGE FLUSH stops writes to MyISAM and
 * CSV; those to MEMORY go on under every stage, and those to Aria and ARCHIVE until BLOCK_COMMIT, which lets rows in before
 * it makes their statement wait.
 */
export const STILL_ENGINES: Readonly<Record<LockWay, readonly string[]>> = {
  backup_stage: ['MyISAM', 'CSV'],
  lock_tables: ['MyISAM', 'CSV', 'Aria', 'ARCHIVE', 'MEMORY'],
};

/** Waited for in vain (1205), or stopped: by us (1317), or by a limit of the server's own (3024, 1969). */
const isGivenUp = (error: unknown): boolean =>
  isCode(error, 'query_failed') && [1205, 1317, 3024, 1969].includes(Number(error.details.errno));

/** @returns nothing where the lanes do not see the same */
async function underLock<Lane extends LaneSession, Still>(
  input: InstantInput<Lane, Still>,
  way: LockWay,
  onLocked: (ms: number) => void,
): Promise<Pick<Instant<Lane, Still>, 'position' | 'still'> | undefined> {
  const { holder, lanes, lockBudgetMs } = input;
  const reader = lanes.at(-1);
  if (way === 'lock_tables' && !(await othersAreDone(input))) return undefined;
  const seconds = Math.max(1, Math.ceil(lockBudgetMs / 1000));
  // Where we hang with the lock, or are gone without a word, the server ends this connection, and the lock with it.
  await holder.query(`SET SESSION lock_wait_timeout = ${seconds}, wait_timeout = ${seconds}`);
  const asked = await readClock(holder);
  // Each of many locks has that time-out, all of them together have only this one.
  const budget = AbortSignal.any([AbortSignal.timeout(lockBudgetMs), input.signal]);
  const giveUp = (): void => {
    for (const busy of [holder, reader])
      void lanes[0]?.query(`KILL QUERY ${busy?.connectionId}`).catch(() => {});
  };
  budget.addEventListener('abort', giveUp, { once: true });
  const held = {
    position: undefined as BinlogPosition | undefined,
    still: undefined as Still | undefined,
    isSame: false,
    isLocked: false,
  };
  try {
    for (const statement of lockingOf(way, input)) {
      await holder.query(statement);
      held.isLocked = true;
    }
    if (way === 'lock_tables' && input.product === 'mariadb' && (await isPrepared(holder))) return undefined;
    if (reader) held.still = await input.whileStill?.(way, reader);
    if (budget.aborted) return undefined;
    if (way === 'backup_stage') await holder.query('BACKUP STAGE BLOCK_COMMIT');
    await Promise.all(lanes.map((lane) => lane.query(BEGIN)));
    held.position = await positionOf(input);
    held.isSame = way !== 'backup_stage' || (await haveOnePosition(lanes));
  } finally {
    budget.removeEventListener('abort', giveUp);
    await unlock(holder, way, held.isLocked);
    await holder.query('SET SESSION wait_timeout = DEFAULT').catch(() => {});
    await readClock(holder).then(
      (unlocked) => onLocked(unlocked - asked),
      () => {},
    );
  }
  if (!held.isSame) return undefined;
  const { position, still } = held;
  return { ...(position && { position }), ...(still !== undefined && { still }) };
}

/**
 * Whether somebody has prepared an XA transaction: where its session is gone, MariaDB lets others lock its tables, and
 * commit it beneath that lock. MySQL waits for it.
 */
const isPrepared = async ({ query }: LaneSession): Promise<boolean> => (await query('XA RECOVER')).length > 0;

/**
 * What was to end the wait for a lock may end this instead: then it is asked for again.
 * @throws `dump_failed` where the lock is held all the same: whoever gets this must close the connection
 */
async function unlock({ query }: LaneSession, way: LockWay, isLocked: boolean): Promise<void> {
  const ask = () => query(UNLOCKING[way]);
  await ask()
    .catch(ask)
    .catch((cause: unknown) => {
      if (!isLocked) return;
      throw new SafeBaseError('dump_failed', 'the lock under which lanes began was not given back', {
        cause,
      });
    });
}

/** Milliseconds, when the server began to answer this. */
async function readClock({ query }: LaneSession): Promise<number> {
  const [row] = await query('SELECT UNIX_TIMESTAMP(NOW(6)) AS at');
  return Number(row?.at) * 1000;
}

const UNLOCKING: Readonly<Record<LockWay, string>> = {
  backup_stage: 'BACKUP STAGE END',
  lock_tables: 'UNLOCK TABLES',
};

/** What stops writes to tables without transactions. */
function lockingOf(
  way: LockWay,
  { tables }: Pick<InstantInput<LaneSession, unknown>, 'tables'>,
): readonly string[] {
  if (way === 'backup_stage') {
    return ['START', 'FLUSH', 'BLOCK_DDL'].map((stage) => `BACKUP STAGE ${stage}`);
  }
  const named = tables.map(({ schema, name }) => `${quoteName(schema)}.${quoteName(name)} READ`);
  return named.length === 0 ? [] : [`LOCK TABLES ${named.join(', ')}`];
}

/**
 * Whoever asks for a table lock while somebody else's transaction holds the table makes all that come after wait as long
 * as that takes. Accounts that may not see others' transactions ask at once, and have the budget alone.
 * @returns whether no transaction with locks is older than a second
 */
async function othersAreDone({
  holder,
  patienceMs,
  signal,
}: Pick<InstantInput<LaneSession, unknown>, 'holder' | 'patienceMs' | 'signal'>): Promise<boolean> {
  const deadline = performance.now() + patienceMs;
  for (;;) {
    const old = await holder
      .query(
        `SELECT 1 AS one FROM information_schema.INNODB_TRX
          WHERE trx_started < NOW() - INTERVAL ${OLD_SECONDS} SECOND AND trx_rows_locked + trx_rows_modified > 0 LIMIT 1`,
      )
      .catch((error: unknown) => {
        if (isCode(error, 'insufficient_privileges')) return [];
        throw error;
      });
    if (old.length === 0) return true;
    if (performance.now() > deadline) return false;
    await setTimeout(LOOK_MS, undefined, { signal }).catch(() => throwIfOver(signal));
  }
}

const OLD_SECONDS = 1;
const LOOK_MS = 200;

/** A server tells each snapshot's place in its log: under a lock on commits they cannot differ, or there was none. */
async function haveOnePosition(lanes: readonly LaneSession[]): Promise<boolean> {
  const told = await Promise.all(lanes.map(({ query }) => readSnapshotPosition(query)));
  return new Set(told.map((position) => JSON.stringify(position))).size === 1;
}

const positionOf = ({
  product,
  holder,
  lanes,
}: Pick<InstantInput<LaneSession, unknown>, 'product' | 'holder' | 'lanes'>): Promise<
  BinlogPosition | undefined
> =>
  product === 'mariadb' && lanes[0] ? readSnapshotPosition(lanes[0].query) : readStatusPosition(holder.query);
