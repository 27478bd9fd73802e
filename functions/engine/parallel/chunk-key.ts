import { inSchema } from '../catalogue/object-counts.ts';
import { type Query, quoteName, type SqlRow } from '../connection.ts';

/** By what the rows of a table are cut into chunks: the first column of a key that every row has. */
export interface ChunkKey {
  readonly schema: string;
  readonly table: string;
  readonly index: string;
  readonly column: string;
  /** Whether its values lie on a line of whole numbers, so that any number is a bound. */
  readonly isInteger: boolean;
  /** The SQL expression that prints a value of it without loss. */
  readonly print: string;
  /** The SQL literal of a printed value, compared as the column compares. */
  readonly literal: (printed: string) => string;
}

/**
 * The keys of a schema's tables that chunks can be cut by: the primary key, or else the first unique one whose columns
 * are all NOT NULL, which is how InnoDB keeps the rows. A table without an entry goes in one piece.
 */
export async function readChunkKeys(query: Query, schema: string): Promise<ReadonlyMap<string, ChunkKey>> {
  const parts = await query(
    `SELECT s.*, c.DATA_TYPE AS type, c.CHARACTER_SET_NAME AS charset, c.COLLATION_NAME AS collation_name
       FROM information_schema.STATISTICS s JOIN information_schema.COLUMNS c
         ON c.TABLE_SCHEMA = s.TABLE_SCHEMA AND c.TABLE_NAME = s.TABLE_NAME AND c.COLUMN_NAME = s.COLUMN_NAME
      WHERE ${inSchema('s.TABLE_SCHEMA')} AND ${inSchema('c.TABLE_SCHEMA')} AND s.NON_UNIQUE = 0
      ORDER BY s.TABLE_NAME, s.INDEX_NAME <> 'PRIMARY', s.INDEX_NAME, s.SEQ_IN_INDEX`,
    [schema, schema, schema, schema],
  );
  const keys = new Map<string, ChunkKey>();
  for (const [table, ofTable] of Map.groupBy(parts, ({ table_name }) => table_name ?? '')) {
    const usable = [...Map.groupBy(ofTable, ({ index_name }) => index_name ?? '').values()].find(isUsable);
    const key = usable?.[0] && keyOf(schema, table, usable[0]);
    if (key) keys.set(table, key);
  }
  return keys;
}

/** Neither hidden from queries nor with a column that is empty in some rows, nor one that is not in order of values. */
const isUsable = (parts: readonly SqlRow[]): boolean =>
  parts.every(
    ({ nullable, index_type, is_visible, ignored }) =>
      nullable === '' && index_type === 'BTREE' && is_visible !== 'NO' && ignored !== 'YES',
  ) && (parts[0]?.sub_part ?? null) === null;

function keyOf(schema: string, table: string, part: SqlRow): ChunkKey | undefined {
  const column = part.column_name ?? '';
  const name = quoteName(column);
  const base = { schema, table, index: part.index_name ?? '', column, isInteger: false };
  const type = (part.type ?? '').toLowerCase();
  if (INTEGERS.has(type)) return { ...base, isInteger: true, print: name, literal: (printed) => printed };
  if (type === 'decimal') return { ...base, print: name, literal: (printed) => printed };
  // As a DOUBLE: a FLOAT prints with fewer digits than tell its bits.
  if (type === 'float' || type === 'double') return { ...base, print: `${name}*1e0`, literal: asDouble };
  // By number, which is how they are ordered.
  if (type === 'enum' || type === 'set' || type === 'bit') {
    return { ...base, print: `${name}+0`, literal: (printed) => printed };
  }
  if (PRINTED.has(type)) return { ...base, print: name, literal: (printed) => `'${printed}'` };
  if (BYTES.has(type)) return { ...base, print: `HEX(${name})`, literal: (printed) => `x'${printed}'` };
  if (!TEXTS.has(type)) return undefined;
  const { charset, collation_name: collation } = part;
  const literal = (printed: string) => `_${charset} x'${printed}' COLLATE ${collation}`;
  return { ...base, print: `HEX(${name})`, literal };
}

const INTEGERS = new Set(['tinyint', 'smallint', 'mediumint', 'int', 'bigint']);
/** Years too: servers take a number below 100 for one of this century, and MariaDB compares by that. */
const PRINTED = new Set(['year', 'date', 'datetime', 'timestamp', 'time', 'uuid', 'inet4', 'inet6']);
const BYTES = new Set(['binary', 'varbinary']);
const TEXTS = new Set(['char', 'varchar']);

/** Digits without an exponent would be a DECIMAL. */
const asDouble = (printed: string): string => (/e/i.test(printed) ? printed : `${printed}e0`);
