import { isCode } from '../../errors.ts';
import { type Query, quoteName, type SqlRow } from '../connection.ts';
import type { TableFacts } from './loss-tables.ts';
import type { Server } from './server.ts';

interface RowSearch {
  readonly select: string;
  readonly where: string;
  readonly history?: boolean;
  readonly remainingMs: () => number;
}

/** The first row of a table that a condition holds for; `unknown` where the time ran out before one was found. */
export async function firstRow(
  query: Query,
  server: Server,
  table: TableFacts,
  search: RowSearch,
): Promise<SqlRow | undefined | 'unknown'> {
  const leftMs = Math.floor(search.remainingMs());
  if (leftMs <= 0) return 'unknown';
  const past = search.history === true && table.versioned ? ' FOR SYSTEM_TIME ALL' : '';
  const rest = `${search.select} FROM ${quoteName(table.schema)}.${quoteName(table.name)}${past} WHERE ${search.where} LIMIT 1`;
  return ask(
    query,
    server.info.product === 'mariadb'
      ? `SET STATEMENT max_statement_time = ${leftMs / 1000} FOR SELECT ${rest}`
      : `SELECT /*+ MAX_EXECUTION_TIME(${leftMs}) */ ${rest}`,
  );
}

/**
 * The first row of an answer; `unknown` where the server ended the statement or cannot run it. That a loss is only
 * possible is no reason to make no backup.
 */
export async function ask(query: Query, sql: string): Promise<SqlRow | undefined | 'unknown'> {
  try {
    const [row] = await query(sql);
    return row;
  } catch (error) {
    if (isCode(error, 'query_failed')) return 'unknown';
    throw error;
  }
}
