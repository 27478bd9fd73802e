import { isCode } from '../../errors.ts';
import { type Query, quoteName } from '../connection.ts';
import { isLocked, waitForTables } from './hold-tables.ts';

interface Table {
  readonly schema: string;
  readonly name: string;
}

/** Tables that are asked for in one statement. */
const AT_ONCE = 50;

/** Sets a session up for `findWaitedFor`: MariaDB does not wait at all then, MySQL a second. */
export const setUpWatching = (query: Query): Promise<void> => waitForTables(query, 0);

/**
 * The first of some tables that somebody waits to change, or holds: whoever comes after them waits too, even to read
 * nothing. This takes no right to look at what others do.
 * @param query of a session of its own, that `setUpWatching` has set up
 */
export async function findWaitedFor<T extends Table>(
  query: Query,
  tables: readonly T[],
): Promise<T | undefined> {
  for (let from = 0; from < tables.length; from += AT_ONCE) {
    const some = tables.slice(from, from + AT_ONCE);
    if (!(await isWaitedFor(query, some))) continue;
    for (const table of some) if (await isWaitedFor(query, [table])) return table;
  }
  return undefined;
}

/** A table that was let go of meanwhile may be another, or gone: nobody waits for us there. */
async function isWaitedFor(query: Query, tables: readonly Table[]): Promise<boolean> {
  const asked = tables.map(
    ({ schema, name }) => `SELECT 1 FROM ${quoteName(schema)}.${quoteName(name)} WHERE FALSE`,
  );
  try {
    await query(asked.join(' UNION ALL '));
    return false;
  } catch (error) {
    if (!isCode(error, 'query_failed')) throw error;
    return isLocked(error);
  }
}
