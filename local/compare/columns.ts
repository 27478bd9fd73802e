/** The columns of tables, and how the values of each are asked for so that nothing of them is lost. */
import { quoted, type RawRow, type ReadConnection } from './connect.ts';
import { readable } from './content.ts';
import { COSMETIC_JSON_TYPE } from './cosmetics.ts';
import type { Leniency } from './known-losses.ts';
import { rowsAbout } from './read-catalogue.ts';

/** A column as far as reading it needs. */
export interface Column {
  readonly name: string;
  /** `int`, `enum`, … in lower case. */
  readonly type: string;
  /** With members and lengths, as the server prints it. */
  readonly fullType: string;
  readonly default: string;
  /** The expression of a generated column, or `ROW START` and `ROW END`. */
  readonly generation: string;
  readonly virtual: boolean;
}

/** Table name → its columns in their order, for every table and view of a schema. */
export async function readColumns(
  connection: ReadConnection,
  schema: string,
): Promise<ReadonlyMap<string, readonly Column[]>> {
  const rows = await rowsAbout(connection, 'columns', 'table_schema', schema);
  const position = (row: RawRow): number => Number(readable(row.get('ordinal_position')));
  const tables = new Map<string, Column[]>();
  for (const row of [...rows].sort((a, b) => position(a) - position(b))) {
    const table = readable(row.get('table_name'));
    tables.set(table, [...(tables.get(table) ?? []), columnOf(row)]);
  }
  return tables;
}

const columnOf = (row: RawRow): Column => ({
  name: readable(row.get('column_name')),
  type: readable(row.get('data_type')).toLowerCase(),
  fullType: readable(row.get('column_type')),
  default: readable(row.get('column_default')),
  generation: row.get('generation_expression')?.toString() ?? '',
  virtual: /virtual/i.test(readable(row.get('extra'))),
});

/** Functions whose value is another at every reading: MariaDB allows them in virtual columns. */
const CHANGES_BY_ITSELF =
  /\b(current_timestamp|curdate|curtime|now|sysdate|utc_\w+|unix_timestamp|rand|uuid\w*|sys_guid|connection_id|user|current_user|session_user|database|version)\b/i;

/** Whether two readings of the same row give the same value. */
export const isStable = (column: Column): boolean =>
  !(column.virtual && CHANGES_BY_ITSELF.test(column.generation));

/** The expressions that together hold everything of a column's value. */
export function expressionsFor(
  column: Column,
  product: 'mariadb' | 'mysql',
  lenient: ReadonlySet<Leniency>,
): readonly string[] {
  const name = quoted(column.name);
  if (lenient.has('skip')) return [];
  switch (column.type) {
    case 'float':
      // A FLOAT prints with 6 digits; as a DOUBLE it prints with as many as tell its bits.
      return lenient.has('printed-float') ? [name] : [`${name}*1e0`];
    case 'double':
      // DOUBLE(10,2) would print with two decimals.
      return [`${name}*1e0`];
    case 'enum':
    case 'set':
      // The index tells the error value 0 from a member that is empty.
      return lenient.has('text-only') ? [name] : [name, `${name}+0`];
    case 'json':
      return product === 'mysql' && !lenient.has('double-json')
        ? [name, jsonTypes(name, '$'), jsonTypes(name, '$**.*'), jsonTypes(name, '$**[*]')]
        : [name];
    default:
      return [name];
  }
}

/** JSON text does not tell a DATE from a string or a DECIMAL from a double: the types of all values that a path finds. */
const jsonTypes = (name: string, path: string): string =>
  `(SELECT GROUP_CONCAT(REPLACE(JSON_TYPE(found.item), '${COSMETIC_JSON_TYPE.type}', '${COSMETIC_JSON_TYPE.countsAs}') ORDER BY found.at)
    FROM JSON_TABLE(${name}, '${path}' COLUMNS (at FOR ORDINALITY, item JSON PATH '$')) AS found)`;
