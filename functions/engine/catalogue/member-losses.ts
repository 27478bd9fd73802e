import { type Query, quoteName } from '../connection.ts';
import type { Loss } from '../contents.ts';
import { type ColumnFacts, membersOf, type TableFacts } from './loss-tables.ts';
import { hasBeyondBmp } from './printed-values.ts';
import { ask, firstRow } from './row-search.ts';
import type { Server } from './server.ts';

/**
 * Finds ENUM and SET columns with a member beyond the BMP. Every server prints such characters as question marks, also
 * in information_schema; a member that holds true question marks is no loss.
 */
export async function findMemberLosses(
  query: Query,
  server: Server,
  table: TableFacts,
  remainingMs: () => number,
): Promise<readonly Loss[]> {
  const losses: Loss[] = [];
  for (const column of table.columns) {
    if (!column.beyondBmp || (column.type !== 'enum' && column.type !== 'set')) continue;
    const verdict = await judge(query, server, table, column, remainingMs);
    if (verdict === 'genuine') continue;
    losses.push({
      kind: 'enum_beyond_bmp',
      schema: table.schema,
      object: table.name,
      column: column.name,
      effect: `members of the ${column.type.toUpperCase()} with characters beyond the BMP come back as question marks, and rows that hold them as ''`,
      certain: verdict === 'lost',
    });
  }
  return losses;
}

async function judge(
  query: Query,
  server: Server,
  table: TableFacts,
  column: ColumnFacts,
  remainingMs: () => number,
): Promise<'lost' | 'genuine' | 'unknown'> {
  const members = membersOf(column.fullType);
  const doubtful = [...members.entries()].filter(([, member]) => member.includes('?'));
  // Two members are never equal, so two that print alike are not what they look like.
  if (new Set(members).size < members.length) return 'lost';
  let unknown = false;
  for (const [index] of doubtful) {
    const hex = await readMemberHex(query, server, table, column, index, remainingMs);
    if (hex === undefined) unknown = true;
    else if (hasBeyondBmp(hex)) return 'lost';
  }
  return unknown ? 'unknown' : 'genuine';
}

/**
 * What a member truly is, as hexadecimal utf32, which no server changes on its way.
 * @param index from 0
 * @returns none where it cannot be told: for MySQL, where no row holds it, or none was found in time
 */
export const readMemberHex = (
  query: Query,
  server: Server,
  table: TableFacts,
  column: ColumnFacts,
  index: number,
  remainingMs: () => number,
): Promise<string | undefined> =>
  server.info.product === 'mariadb'
    ? readMember(query, table, column, index)
    : readMemberInRows(query, server, table, column, index, remainingMs);

/** MariaDB lets a variable have the type of the column, and needs no right to write for it. */
async function readMember(
  query: Query,
  table: TableFacts,
  column: ColumnFacts,
  index: number,
): Promise<string | undefined> {
  const type = [table.schema, table.name, column.name].map(quoteName).join('.');
  const value = numberOf(column, index);
  const row = await ask(
    query,
    `BEGIN NOT ATOMIC DECLARE x TYPE OF ${type}; SET x = ${value}; SELECT HEX(CONVERT(x USING utf32)) AS hex; END`,
  );
  return row === 'unknown' ? undefined : (row?.hex ?? undefined);
}

/** Elsewhere the true member shows only in a row that holds it. */
async function readMemberInRows(
  query: Query,
  server: Server,
  table: TableFacts,
  column: ColumnFacts,
  index: number,
  remainingMs: () => number,
): Promise<string | undefined> {
  const name = quoteName(column.name);
  const bit = numberOf(column, index);
  const holds = column.type === 'enum' ? `${name} + 0 = ${bit}` : `${name} & ${bit} <> 0`;
  // Of a SET, the members of a row stand in their order, so the bit's own is found by those before it.
  const member =
    column.type === 'enum'
      ? name
      : `SUBSTRING_INDEX(SUBSTRING_INDEX(${name}, ',', BIT_COUNT(${name} & ${bit} * 2 - 1)), ',', -1)`;
  const row = await firstRow(query, server, table, {
    select: `HEX(CONVERT(${member} USING utf32)) AS hex`,
    where: holds,
    remainingMs,
  });
  return row === 'unknown' ? undefined : (row?.hex ?? undefined);
}

/** What a member is as a number: its place in an ENUM, its bit in a SET. */
const numberOf = (column: ColumnFacts, index: number): string =>
  column.type === 'enum' ? `${index + 1}` : `${1n << BigInt(index)}`;
