import { readDefault } from '../catalogue/default-losses.ts';
import { type ColumnFacts, membersOf, readTables, type TableFacts } from '../catalogue/loss-tables.ts';
import { readMemberHex } from '../catalogue/member-losses.ts';
import { inSchema } from '../catalogue/object-counts.ts';
import { roundsFloat } from '../catalogue/printed-values.ts';
import type { Server } from '../catalogue/server.ts';
import { type Query, quoteName } from '../connection.ts';
import type { TextMend } from './mend-text.ts';

/** What the definition of a table needs so that it comes back as it is. */
export interface TableMends {
  readonly mends: readonly TextMend[];
  /** Columns of which nobody could tell what is meant. */
  readonly unknown: readonly string[];
}

/**
 * Reads what servers print wrongly in CREATE TABLE: members, defaults and expressions with characters beyond the BMP as
 * question marks, FLOAT defaults with 6 digits.
 * @param remainingMs for the search of rows that hold a member, which MySQL shows in no other way
 * @returns by table; those that are printed right are left out
 */
export async function readTableMends(
  query: Query,
  server: Server,
  schema: string,
  remainingMs: () => number,
): Promise<ReadonlyMap<string, TableMends>> {
  const others = server.info.product === 'mysql' ? await readExpressionMends(query, schema) : new Map();
  const all = new Map<string, TableMends>();
  for (const table of await readTables(query, schema)) {
    const mends: TextMend[] = [];
    const unknown: string[] = [];
    for (const column of table.columns) {
      const item = `${quoteName(column.name)} `;
      const members = await memberMend(query, server, table, column, remainingMs);
      const defaults = await defaultMend(query, server, table, column);
      if (members === 'unknown' || defaults === 'unknown') unknown.push(column.name);
      for (const mend of [members, expressionMend(column), defaults]) {
        if (mend !== undefined && mend !== 'unknown') mends.push({ item, ...mend });
      }
    }
    mends.push(...(others.get(table.name) ?? []));
    if (mends.length + unknown.length > 0) all.set(table.name, { mends, unknown });
  }
  return all;
}

type Change = Omit<TextMend, 'item'>;

async function memberMend(
  query: Query,
  server: Server,
  table: TableFacts,
  column: ColumnFacts,
  remainingMs: () => number,
): Promise<Change | undefined | 'unknown'> {
  if (!column.beyondBmp || (column.type !== 'enum' && column.type !== 'set')) return undefined;
  const printed = membersOf(column.fullType);
  const meant: string[] = [];
  for (const [index, member] of printed.entries()) {
    const hex = member.includes('?')
      ? await readMemberHex(query, server, table, column, index, remainingMs)
      : undefined;
    if (member.includes('?') && hex === undefined) return 'unknown';
    meant.push(hex === undefined ? `'${member}'` : literalOf(textOf(hex)));
  }
  const type = `${column.type}(${meant.join(',')})`;
  return type === column.fullType ? undefined : { printed: column.fullType, meant: type };
}

async function defaultMend(
  query: Query,
  server: Server,
  table: TableFacts,
  column: ColumnFacts,
): Promise<Change | undefined | 'unknown'> {
  const { defaultText, type } = column;
  if (defaultText === undefined || defaultText === 'NULL' || column.generation !== undefined)
    return undefined;
  if (column.defaultIsExpression) return undefined;
  const name = quoteName(column.name);
  const isMariadb = server.info.product === 'mariadb';
  if (type === 'float') {
    const rounds = roundsFloat(server, `DEFAULT(t.${name})`);
    const rounded = rounds === undefined ? undefined : await readDefault(query, table, rounds);
    if (rounded !== '1') return rounded === '0' ? undefined : 'unknown';
    const exact = await readDefault(query, table, `DEFAULT(t.${name})*1e0`);
    if (exact === undefined) return 'unknown';
    const quote = isMariadb ? '' : "'";
    return { printed: ` DEFAULT ${quote}${defaultText}${quote}`, meant: ` DEFAULT ${quote}${exact}${quote}` };
  }
  // MySQL prints such a default in hexadecimal; MariaDB is exact where it is an expression.
  if (!isMariadb || !column.beyondBmp || !defaultText.startsWith("'") || !defaultText.includes('?'))
    return undefined;
  const hex = await readDefault(query, table, `HEX(CONVERT(DEFAULT(t.${name}) USING utf32))`);
  if (hex === undefined) return 'unknown';
  const meant = literalOf(textOf(hex));
  return meant === defaultText
    ? undefined
    : { printed: ` DEFAULT ${defaultText}`, meant: ` DEFAULT ${meant}` };
}

/** A column's own expression, for a generated one or for its default. */
function expressionMend({ generation, defaultIsExpression, defaultText }: ColumnFacts): Change | undefined {
  return changeOfExpression(generation ?? (defaultIsExpression ? defaultText : undefined));
}

/** Of functional keys and of checks, by table. */
async function readExpressionMends(
  query: Query,
  schema: string,
): Promise<ReadonlyMap<string, readonly TextMend[]>> {
  const keys = await query(
    `SELECT TABLE_NAME AS tab, INDEX_NAME AS name, IF(NON_UNIQUE, 'KEY', 'UNIQUE KEY') AS head, EXPRESSION AS text
       FROM information_schema.STATISTICS
      WHERE ${inSchema('TABLE_SCHEMA')} AND EXPRESSION IS NOT NULL ORDER BY TABLE_NAME, INDEX_NAME, SEQ_IN_INDEX`,
    [schema, schema],
  );
  const checks = await query(
    `SELECT t.TABLE_NAME AS tab, t.CONSTRAINT_NAME AS name, 'CONSTRAINT' AS head, c.CHECK_CLAUSE AS text
       FROM information_schema.TABLE_CONSTRAINTS t JOIN information_schema.CHECK_CONSTRAINTS c
         ON c.CONSTRAINT_SCHEMA = t.CONSTRAINT_SCHEMA AND c.CONSTRAINT_NAME = t.CONSTRAINT_NAME
      WHERE ${inSchema('t.TABLE_SCHEMA')} AND t.CONSTRAINT_TYPE = 'CHECK'`,
    [schema, schema],
  );
  const mends = new Map<string, TextMend[]>();
  for (const { tab, name, head, text } of [...keys, ...checks]) {
    const change = changeOfExpression(text ?? undefined);
    if (!change) continue;
    const ofTable = mends.get(tab ?? '') ?? [];
    ofTable.push({ item: `${head} ${quoteName(name ?? '')} `, ...change });
    mends.set(tab ?? '', ofTable);
  }
  return mends;
}

/**
 * MySQL's information_schema shows an expression with the bytes of its strings as characters of their own, and escaped
 * once more; CREATE TABLE shows a question mark for each of these bytes where a character is beyond the BMP.
 */
function changeOfExpression(shown: string | undefined): Change | undefined {
  if (shown === undefined || !BEYOND_BMP_AS_LATIN1.test(shown)) return undefined;
  const meant = Buffer.from(shown, 'latin1').toString().replaceAll(/\\(.)/gs, '$1');
  return { printed: `(${meant.replaceAll(BEYOND_BMP, '????')})`, meant: `(${meant})` };
}

const BEYOND_BMP = /[\u{10000}-\u{10FFFF}]/gu;
const BEYOND_BMP_AS_LATIN1 = /[\u00f0-\u00f4][\u0080-\u00bf]{3}/;

/** @param hex of utf32 */
const textOf = (hex: string): string =>
  (hex.match(/.{8}/g) ?? []).map((code) => String.fromCodePoint(Number.parseInt(code, 16))).join('');

const literalOf = (text: string): string =>
  `'${text.replaceAll('\\', '\\\\').replaceAll("'", "''").replaceAll('\0', '\\0').replaceAll('\n', '\\n').replaceAll('\r', '\\r')}'`;
