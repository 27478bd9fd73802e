import { type Query, quoteName } from '../connection.ts';
import type { TableRows } from '../contents.ts';
import { throwIfOver } from '../deadline.ts';
import { inSchema } from './object-counts.ts';

/**
 * Counts the rows of tables that were just loaded, those of the past too, and holds them against the dump. Tables
 * without rows in the dump lack none; some, such as MERGE, show those of others.
 * @returns each table that has more or fewer: "table `t` 3 of 4 rows"
 * @throws the reason of the signal, and what `query` throws
 */
export async function findOtherRows(
  query: Query,
  schema: string,
  tables: readonly TableRows[],
  signal: AbortSignal,
): Promise<readonly string[]> {
  const versioned = await versionedTables(query, schema);
  const differing: string[] = [];
  for (const { name, rows } of tables.filter((table) => table.rows > 0)) {
    throwIfOver(signal);
    const past = versioned.has(name) ? ' FOR SYSTEM_TIME ALL' : '';
    const [row] = await query(`SELECT COUNT(*) AS n FROM ${quoteName(schema)}.${quoteName(name)}${past}`);
    if (Number(row?.n) !== rows) differing.push(`table ${quoteName(name)} ${row?.n} of ${rows} rows`);
  }
  return differing;
}

/** MariaDB keeps the past of these tables in them. */
async function versionedTables(query: Query, schema: string): Promise<ReadonlySet<string>> {
  const found = await query(
    `SELECT TABLE_NAME AS name FROM information_schema.TABLES WHERE ${inSchema('TABLE_SCHEMA')} AND TABLE_TYPE = 'SYSTEM VERSIONED'`,
    [schema, schema],
  );
  return new Set(found.map(({ name }) => name ?? ''));
}
