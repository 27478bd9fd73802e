import { inSchema } from '../catalogue/object-counts.ts';
import type { Query, SqlRow } from '../connection.ts';
import type { RowTable } from './table-rows.ts';

/**
 * Tables of these engines show rows that others keep, here, on another server or in a file. They are not read: a load
 * would write them there a second time. The dump programs leave out the rows of the same ones.
 * @see https://github.com/MariaDB/server/blob/11.8/client/mysqldump.cc check_if_ignore_table
 */
export const ROWS_ELSEWHERE: ReadonlySet<string> = new Set([
  'MRG_MYISAM',
  'MRG_ISAM',
  'FEDERATED',
  'CONNECT',
  'SPIDER',
  'OQGRAPH',
  'VP',
]);
/** The same as a list of SQL. */
export const ROWS_ELSEWHERE_SQL = [...ROWS_ELSEWHERE].map((engine) => `'${engine}'`).join(', ');
const IMPLICIT_PERIOD = ['row_start', 'row_end'] as const;

/**
 * The tables of a schema that have rows of their own: neither views nor sequences, nor those of `ROWS_ELSEWHERE`. The past of a table that counts it in
 * transactions (`BIGINT` for a time) does not travel: nobody can set those numbers.
 */
export async function readRowTables(query: Query, schema: string): Promise<readonly RowTable[]> {
  const tables = await query(
    `SELECT TABLE_NAME AS name, TABLE_TYPE AS type
       FROM information_schema.TABLES
      WHERE ${inSchema('TABLE_SCHEMA')} AND TABLE_TYPE IN ('BASE TABLE', 'SYSTEM VERSIONED')
        AND COALESCE(UPPER(ENGINE), '') NOT IN (${ROWS_ELSEWHERE_SQL})
      ORDER BY TABLE_NAME`,
    [schema, schema],
  );
  const columns = Map.groupBy(
    await query(
      `SELECT TABLE_NAME AS tab, COLUMN_NAME AS name, DATA_TYPE AS type, COLUMN_TYPE AS full_type,
              GENERATION_EXPRESSION AS expr
         FROM information_schema.COLUMNS WHERE ${inSchema('TABLE_SCHEMA')} ORDER BY TABLE_NAME, ORDINAL_POSITION`,
      [schema, schema],
    ),
    ({ tab }) => tab,
  );
  return tables.map(({ name, type }) => {
    const own = columns.get(name ?? '') ?? [];
    const period = type === 'SYSTEM VERSIONED' ? periodOf(own) : undefined;
    return {
      schema,
      name: name ?? '',
      columns: own.filter((column) => !isGenerated(column)).map(columnOf),
      hasGenerated: own.some(isGenerated),
      ...(period === undefined ? {} : { period }),
    };
  });
}

const isGenerated = ({ expr }: SqlRow): boolean => (expr ?? '') !== '';

const columnOf = (row: SqlRow) => ({
  name: row.name ?? '',
  type: (row.type ?? '').toLowerCase(),
  fullType: row.full_type ?? '',
});

function periodOf(columns: readonly SqlRow[]): readonly [string, string] | undefined {
  const [start, end] = ['ROW START', 'ROW END'].map((word) =>
    columns.find(({ expr }) => expr?.toUpperCase() === word),
  );
  if (start === undefined || end === undefined) return IMPLICIT_PERIOD;
  return start.type === 'bigint' ? undefined : [start.name ?? '', end.name ?? ''];
}
