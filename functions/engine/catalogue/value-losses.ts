import { type Query, quoteName } from '../connection.ts';
import type { Loss } from '../contents.ts';
import { type ColumnFacts, membersOf, type TableFacts } from './loss-tables.ts';
import { roundsFloat } from './printed-values.ts';
import { firstRow } from './row-search.ts';
import type { Server } from './server.ts';
import { isAtLeast } from './server-support.ts';

/** One question about the values of a column. */
interface Check {
  readonly kind: Loss['kind'];
  readonly column: string;
  readonly effect: string;
  /** True for a value that is lost; undefined where this server cannot be asked. */
  readonly condition: string | undefined;
}

/**
 * Looks for values that a dump changes. All questions about a table are asked in one scan that ends at the first row
 * that answers one; it goes on without the questions that were answered.
 * @param history whether rows of the past are in the dump too
 */
export async function scanTable(
  query: Query,
  server: Server,
  table: TableFacts,
  options: { readonly history: boolean; readonly remainingMs: () => number },
): Promise<readonly Loss[]> {
  if (ROWS_ELSEWHERE.has(table.engine)) return [];
  const all = table.columns
    .filter(({ generation }) => generation === undefined)
    .flatMap((column) => checksOf(server, column));
  const losses = all
    .filter(({ condition }) => condition === undefined)
    .map((check) => lossOf(table, check, false));
  let open = all.filter(({ condition }) => condition !== undefined);
  while (open.length > 0) {
    const row = await firstRow(query, server, table, {
      select: open.map(({ condition }, index) => `(${condition}) AS c${index}`).join(', '),
      where: open.map(({ condition }) => `(${condition})`).join(' OR '),
      ...options,
    });
    if (row === undefined) return losses;
    if (row === 'unknown') return [...losses, ...open.map((check) => lossOf(table, check, false))];
    const isFound = (index: number): boolean => row[`c${index}`] === '1';
    losses.push(...open.filter((_, index) => isFound(index)).map((check) => lossOf(table, check, true)));
    const left = open.filter((_, index) => !isFound(index));
    // A row that answers nothing would be found again for ever.
    if (left.length === open.length) return [...losses, ...open.map((check) => lossOf(table, check, false))];
    open = left;
  }
  return losses;
}

/** Their rows are not in a dump: they stand in other tables, or on another server. */
const ROWS_ELSEWHERE = new Set(['MRG_MYISAM', 'FEDERATED', 'BLACKHOLE']);

const lossOf = (table: TableFacts, { kind, column, effect }: Check, certain: boolean): Loss => ({
  kind,
  schema: table.schema,
  object: table.name,
  column,
  effect,
  certain,
});

const TEXTS = new Set(['char', 'varchar', 'tinytext', 'text', 'mediumtext', 'longtext']);

function checksOf(server: Server, { name, type, fullType, lossyCharset }: ColumnFacts): readonly Check[] {
  const column = quoteName(name);
  const negativeZero: Check = {
    kind: 'negative_zero',
    column: name,
    effect: '-0 comes back as 0',
    condition: `${column} = 0 AND CAST(${column} AS CHAR) LIKE '-%'`,
  };
  if (type === 'double') return [negativeZero];
  if (type === 'float') {
    const effect = 'values are printed with 6 digits and come back rounded';
    return [
      { kind: 'float_digits', column: name, effect, condition: roundsFloat(server, column) },
      negativeZero,
    ];
  }
  if (type === 'enum' && membersOf(fullType).includes('')) {
    const effect = "the error value with index 0 comes back as the member ''";
    return [{ kind: 'enum_index_zero', column: name, effect, condition: `${column} + 0 = 0` }];
  }
  if (TEXTS.has(type) && lossyCharset !== undefined) {
    const effect = `bytes that stand for no character of ${lossyCharset}, or for one with another code, come back as others`;
    const condition = `CAST(CONVERT(CONVERT(${column} USING utf8mb4) USING ${lossyCharset}) AS BINARY) <> CAST(${column} AS BINARY)`;
    return [{ kind: 'character_unmapped', column: name, effect, condition }];
  }
  if (type === 'json' && server.info.product === 'mysql') {
    const effect = 'DECIMAL, dates, times and binary values inside a document come back as double or string';
    return [{ kind: 'json_opaque', column: name, effect, condition: holdsOpaqueJson(server, column) }];
  }
  return [];
}

/**
 * Whether a document holds a value, at any depth, of a type that JSON text does not know. Values are counted: MySQL 9.7
 * turns EXISTS over JSON_TABLE into a join that forgets the row it depends on, and finds nothing.
 */
function holdsOpaqueJson(server: Server, column: string): string | undefined {
  if (!isAtLeast(server.version, 8, 0, 4)) return undefined;
  const isOpaque = (value: string): string => `JSON_TYPE(${value}) NOT IN (${JSON_TYPES})`;
  const countAt = (path: string): string =>
    `(SELECT COUNT(*) FROM JSON_TABLE(${column}, '${path}' COLUMNS (v JSON PATH '$')) j WHERE ${isOpaque('j.v')})`;
  return `${isOpaque(column)} OR ${countAt('$**.*')} > 0 OR ${countAt('$**[*]')} > 0`;
}

/** The types that come back as they were. */
const JSON_TYPES = `'OBJECT', 'ARRAY', 'STRING', 'INTEGER', 'UNSIGNED INTEGER', 'DOUBLE', 'BOOLEAN', 'NULL'`;
