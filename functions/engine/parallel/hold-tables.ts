import { isCode, SafeBaseError } from '../../errors.ts';
import { type Query, quoteName } from '../connection.ts';

/** Tables whose definitions nobody can change, in the order in which they were given. */
export interface HeldTables {
  /** Lets go of those before this place, from 0. */
  releaseBefore(place: number): Promise<void>;
  /** How many were let go of. */
  released(): number;
}

interface Table {
  readonly schema: string;
  readonly name: string;
  /** Each of which must tell by itself whether it was changed. @default none */
  readonly partitions?: readonly string[];
}

/**
 * Holds the definitions of tables of InnoDB within a snapshot, by reading a row of each: a table that was changed since
 * the snapshot shows that now.
 * @param query of a session within its snapshot
 * @throws `dump_failed` naming a table that was changed or is gone, what `query` gives
 */
export async function holdTables(query: Query, tables: readonly Table[]): Promise<HeldTables> {
  // Going back to a savepoint lets go of all that came after it: the last one is the first to go.
  for (const [place, table] of [...tables.entries()].toReversed()) {
    await query(`SAVEPOINT ${savepoint(place)}`);
    await touch(query, table);
  }
  let first = 0;
  return {
    releaseBefore: async (place) => {
      if (place <= first) return;
      await query(`ROLLBACK TO SAVEPOINT ${savepoint(place - 1)}`);
      first = place;
    },
    released: () => first,
  };
}

/**
 * The same for tables of any engine, which are all let go of at once: behind some of them no savepoint can be set.
 * @returns what lets go of them
 * @throws as `holdTables`
 */
export async function holdTogether(query: Query, tables: readonly Table[]): Promise<() => Promise<void>> {
  await query('SAVEPOINT safebase_together');
  for (const table of tables) await touch(query, table);
  return async () => {
    await query('ROLLBACK TO SAVEPOINT safebase_together');
  };
}

async function touch(query: Query, table: Table): Promise<void> {
  const { partitions = [] } = table;
  const row = `SELECT 1 FROM ${nameOf(table)}`;
  const ask = (sql: string) =>
    query(sql).catch((error: unknown) => {
      throw changedTable(table, error);
    });
  await ask(`${row} LIMIT 1`);
  for (let from = 0; from < partitions.length; from += PARTITIONS_AT_ONCE) {
    const some = partitions.slice(from, from + PARTITIONS_AT_ONCE);
    const asked = some.map((name) => `(${row} PARTITION (${quoteName(name)}) LIMIT 1)`);
    await ask(asked.join(' UNION ALL '));
  }
}

/** Fewer than the 61 tables that one statement may read. */
const PARTITIONS_AT_ONCE = 50;

const nameOf = ({ schema, name }: Table): string => `${quoteName(schema)}.${quoteName(name)}`;

const savepoint = (place: number): string => `safebase_${place}`;

/** Changed since the snapshot, gone, a column or partition of it gone: the definition is not the one that was looked at. */
const CHANGED = [1412, 1146, 1054, 1735];
/** Somebody else holds the table, or waits to. */
const LOCKED = 1205;

/** As a server says it to whoever waits for a table in vain. */
export const waitedFor = (table: Table): unknown =>
  changedTable(table, new SafeBaseError('query_failed', 'somebody waits', { details: { errno: LOCKED } }));

/** Says which table it was, where an error is that of one that was changed under us; other errors stay as they are. */
export function changedTable({ schema, name }: Table, error: unknown): unknown {
  if (!isCode(error, 'query_failed') || !isChange(error)) return error;
  const what = isLocked(error)
    ? `somebody else holds table ${schema}.${name}, or waits to change it`
    : `table ${schema}.${name} was changed while it was to be dumped`;
  return new SafeBaseError('dump_failed', what, {
    cause: error,
    hint: 'Run again while nobody changes tables.',
    details: { ...error.details, table: nameOf({ schema, name }) },
  });
}

/** Whether a new snapshot may do better. */
export const isChangedTable = (error: unknown): boolean => isCode(error, 'dump_failed') && isChange(error);

const isChange = ({ details }: SafeBaseError): boolean =>
  [...CHANGED, LOCKED].some((errno) => errno === details.errno);

/** Whether a query waited for a table in vain. */
export const isLocked = (error: unknown): boolean =>
  isCode(error, 'query_failed') && error.details.errno === LOCKED;

/** The servers' own default; longer than any worker lives. */
const IDLE_SECONDS = 28_800;

/** Makes a session give up (1205) where it would wait for tables longer than this, and keeps it while others are at work. */
export const waitForTables = async (query: Query, seconds: number): Promise<void> => {
  await query(`SET SESSION lock_wait_timeout = ${seconds}, wait_timeout = ${IDLE_SECONDS}`);
};
