import { SafeBaseError } from '../../errors.ts';
import { type Query, quoteName, type SqlRow } from '../connection.ts';
import type { TableFacts } from './loss-tables.ts';
import type { Server } from './server.ts';

/** What the two makers say when a statement took longer than allowed. */
const TIMEOUTS: readonly unknown[] = [1969, 3024];

interface RowSearch {
  readonly select: string;
  readonly where: string;
  readonly history?: boolean;
  readonly remainingMs: () => number;
}

/** The first row that a condition holds for; `late` where the time ran out before one was found. */
export async function firstRow(
  query: Query,
  server: Server,
  table: TableFacts,
  search: RowSearch,
): Promise<SqlRow | undefined | 'late'> {
  const leftMs = Math.floor(search.remainingMs());
  if (leftMs <= 0) return 'late';
  const past = search.history === true && table.versioned ? ' FOR SYSTEM_TIME ALL' : '';
  const rest = `${search.select} FROM ${quoteName(table.schema)}.${quoteName(table.name)}${past} WHERE ${search.where} LIMIT 1`;
  const statement =
    server.info.product === 'mariadb'
      ? `SET STATEMENT max_statement_time = ${leftMs / 1000} FOR SELECT ${rest}`
      : `SELECT /*+ MAX_EXECUTION_TIME(${leftMs}) */ ${rest}`;
  try {
    const [row] = await query(statement);
    return row;
  } catch (error) {
    if (error instanceof SafeBaseError && TIMEOUTS.includes(error.details.errno)) return 'late';
    throw error;
  }
}
