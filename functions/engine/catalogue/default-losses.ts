import { type Query, quoteName } from '../connection.ts';
import type { Loss } from '../contents.ts';
import type { ColumnFacts, TableFacts } from './loss-tables.ts';
import { hasBeyondBmp, roundsFloat } from './printed-values.ts';
import { ask } from './row-search.ts';
import type { Server } from './server.ts';
import { isAtLeast } from './server-support.ts';

/** Finds column defaults that a server prints otherwise than they are. */
export async function findDefaultLosses(
  query: Query,
  server: Server,
  tables: readonly TableFacts[],
): Promise<readonly Loss[]> {
  const losses: Loss[] = [];
  for (const table of tables) {
    for (const column of table.columns) {
      const loss = await findDefaultLoss(query, server, table, column);
      if (loss !== undefined) losses.push(loss);
    }
  }
  return losses;
}

async function findDefaultLoss(
  query: Query,
  server: Server,
  table: TableFacts,
  column: ColumnFacts,
): Promise<Loss | undefined> {
  const { defaultText } = column;
  if (defaultText === undefined || column.generation !== undefined || column.defaultIsExpression)
    return undefined;
  const at = { schema: table.schema, object: table.name, column: column.name };
  const name = quoteName(column.name);
  if (column.type === 'float' && defaultText !== 'NULL') {
    const rounds = roundsFloat(server, `DEFAULT(t.${name})`);
    const lost = rounds === undefined ? undefined : await readDefault(query, table, rounds);
    if (lost === '0') return undefined;
    const effect = 'the default of the column is printed with 6 digits and comes back rounded';
    return { ...at, kind: 'float_digits', effect, certain: lost === '1' };
  }
  if (!column.beyondBmp || !defaultText.includes('?') || printsExactly(server, defaultText)) return undefined;
  const hex = await readDefault(query, table, `HEX(CONVERT(DEFAULT(t.${name}) USING utf32))`);
  if (hex !== undefined && !hasBeyondBmp(hex)) return undefined;
  const effect = 'characters beyond the BMP in the default of the column come back as question marks';
  return { ...at, kind: 'default_beyond_bmp', effect, certain: hex !== undefined };
}

/** MySQL prints such a default in hexadecimal from 8.0 on; MariaDB is exact where it is no string but an expression. */
const printsExactly = (server: Server, defaultText: string): boolean =>
  server.info.product === 'mysql' ? isAtLeast(server.version, 8) : !defaultText.startsWith("'");

/**
 * Evaluates an expression over DEFAULT() of a column. That takes a row: where the table has none, an outer join gives
 * one, whose defaults both makers still know.
 */
export async function readDefault(
  query: Query,
  table: TableFacts,
  expression: string,
): Promise<string | undefined> {
  const name = `${quoteName(table.schema)}.${quoteName(table.name)}`;
  const row = await ask(query, `SELECT ${expression} AS value FROM ${name} t LIMIT 1`);
  const made =
    row === undefined
      ? await ask(query, `SELECT ${expression} AS value FROM (SELECT 1) o LEFT JOIN ${name} t ON FALSE`)
      : row;
  return made === 'unknown' ? undefined : (made?.value ?? undefined);
}
