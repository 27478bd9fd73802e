import type { Query } from '../connection.ts';
import { inSchema } from './object-counts.ts';

/** A column as far as losses depend on it. */
export interface ColumnFacts {
  readonly name: string;
  /** Lower case, without length: `float`, `enum`. */
  readonly type: string;
  /** Whole, as information_schema prints it: `enum('a','b')`. */
  readonly fullType: string;
  /** Its character set, where some values of that do not go through utf8mb4 and back unchanged. */
  readonly lossyCharset: string | undefined;
  /** Whether its character set holds characters beyond the BMP. */
  readonly beyondBmp: boolean;
  /** As information_schema prints it; MariaDB quotes strings in it. */
  readonly defaultText: string | undefined;
  /** Whether the default is an expression (MySQL; MariaDB does not tell). */
  readonly defaultIsExpression: boolean;
  /** The expression of a generated column. */
  readonly generation: string | undefined;
  readonly autoIncrement: boolean;
}

export interface TableFacts {
  readonly schema: string;
  readonly name: string;
  /** Upper case. */
  readonly engine: string;
  readonly versioned: boolean;
  readonly columns: readonly ColumnFacts[];
}

/** The tables of a schema whose definitions and rows are in a dump; neither views nor sequences. */
export async function readTables(query: Query, schema: string): Promise<readonly TableFacts[]> {
  const tables = await query(
    `SELECT TABLE_NAME AS name, TABLE_TYPE AS type, ENGINE AS engine
       FROM information_schema.TABLES
      WHERE ${inSchema('TABLE_SCHEMA')} AND TABLE_TYPE IN ('BASE TABLE', 'SYSTEM VERSIONED') ORDER BY TABLE_NAME`,
    [schema, schema],
  );
  const columns = await readColumns(query, schema);
  return tables.map((table) => ({
    schema,
    name: table.name ?? '',
    engine: (table.engine ?? '').toUpperCase(),
    versioned: table.type === 'SYSTEM VERSIONED',
    columns: columns.get(table.name ?? '') ?? [],
  }));
}

/** Only columns that can take part in a loss, by table: a schema may have a million others. */
async function readColumns(
  query: Query,
  schema: string,
): Promise<ReadonlyMap<string, readonly ColumnFacts[]>> {
  const rows = await query(
    `SELECT TABLE_NAME AS tab, COLUMN_NAME AS name, DATA_TYPE AS type, COLUMN_TYPE AS full_type, EXTRA AS extra,
            CHARACTER_SET_NAME AS charset, COLUMN_DEFAULT AS def, GENERATION_EXPRESSION AS expr
       FROM information_schema.COLUMNS
      WHERE ${inSchema('TABLE_SCHEMA')}
        AND (DATA_TYPE IN ('float', 'double', 'enum', 'set', 'json') OR EXTRA LIKE '%auto_increment%'
             OR EXTRA LIKE '%DEFAULT_GENERATED%' OR GENERATION_EXPRESSION <> '' OR COLUMN_DEFAULT LIKE '%?%'
             OR CHARACTER_SET_NAME NOT IN (${EXACT_CHARSETS.map((name) => `'${name}'`).join(', ')}))
      ORDER BY TABLE_NAME, ORDINAL_POSITION`,
    [schema, schema],
  );
  const byTable = new Map<string, ColumnFacts[]>();
  for (const row of rows) {
    const extra = (row.extra ?? '').toUpperCase();
    const column: ColumnFacts = {
      name: row.name ?? '',
      type: (row.type ?? '').toLowerCase(),
      fullType: row.full_type ?? '',
      lossyCharset: typeof row.charset === 'string' && isLossy(row.charset) ? row.charset : undefined,
      beyondBmp: WIDE_CHARSETS.has(row.charset ?? ''),
      defaultText: row.def ?? undefined,
      defaultIsExpression: extra.includes('DEFAULT_GENERATED'),
      generation: row.expr === null || row.expr === '' ? undefined : row.expr,
      autoIncrement: extra.includes('AUTO_INCREMENT'),
    };
    const columns = byTable.get(row.tab ?? '') ?? [];
    columns.push(column);
    byTable.set(row.tab ?? '', columns);
  }
  return byTable;
}

/**
 * A dump is in utf8mb4. All values of these go there and back; others have bytes that stand for no character, or two
 * ways to write one.
 */
const EXACT_CHARSETS = ['utf8mb4', 'utf8mb3', 'utf8', 'utf16', 'utf16le', 'utf32', 'latin1', 'binary'];

/** The name becomes SQL; a server's own text cannot be trusted. */
const isLossy = (charset: string): boolean => /^\w{1,64}$/.test(charset) && !EXACT_CHARSETS.includes(charset);

const WIDE_CHARSETS = new Set(['utf8mb4', 'utf16', 'utf16le', 'utf32', 'gb18030']);

/** The members of an ENUM or SET as information_schema prints its type. */
export const membersOf = (fullType: string): readonly string[] =>
  [...fullType.matchAll(/'((?:[^']|'')*)'/g)].map(([, member]) => member ?? '');
