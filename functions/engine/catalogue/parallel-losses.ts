import { SafeBaseError } from '../../errors.ts';
import type { Query } from '../connection.ts';
import type { Loss } from '../contents.ts';
import { ROWS_ELSEWHERE } from '../rows/read-row-tables.ts';
import { findDefinitionLosses } from './definition-losses.ts';
import { readTables, type TableFacts } from './loss-tables.ts';
import { inSchema } from './object-counts.ts';
import type { SchemaSurvey } from './schemas.ts';
import type { Server } from './server.ts';
import { scanTable } from './value-losses.ts';

/** What no way out of a server carries. The others of `Loss` are mended, or never arise where rows are no SQL. */
const REMAINING: ReadonlySet<Loss['kind']> = new Set(['view_broken', 'general_tablespace']);

/**
 * Finds what format `parallel` cannot carry exactly, where it occurs.
 * @param budget as of `findLosses`
 * @throws `name_not_dumpable` where the server prints a table in a way that nobody can read
 */
export async function findParallelLosses(
  query: Query,
  server: Server,
  schemas: readonly SchemaSurvey[],
  budget: { readonly deadlineMs: number },
): Promise<readonly Loss[]> {
  const endsAt = performance.now() + budget.deadlineMs;
  const remainingMs = (): number => endsAt - performance.now();
  const losses: Loss[] = [];
  for (const schema of schemas) {
    const tables = await readTables(query, schema.contents.name);
    const definitions = await findDefinitionLosses(query, server, schema, tables);
    refuseUnreadable(definitions);
    losses.push(...definitions.filter(({ kind }) => REMAINING.has(kind)), ...archiveLosses(tables));
    losses.push(...elsewhereLosses(tables));
    losses.push(...(await historyLosses(query, server, tables, schema.contents.name)));
    for (const table of server.info.product === 'mysql' ? tables : []) {
      const documents = { ...table, columns: table.columns.filter(({ type }) => type === 'json') };
      losses.push(...(await scanTable(query, server, documents, { history: false, remainingMs })));
    }
  }
  return losses;
}

function refuseUnreadable(losses: readonly Loss[]): void {
  const found = losses.find(({ kind }) => kind === 'foreign_key_backtick');
  if (found === undefined) return;
  throw new SafeBaseError(
    'name_not_dumpable',
    `the server prints the table ${found.schema}.${found.object} in a way that nobody can read`,
    { hint: 'Rename its foreign key, or send format sql with POST /backup.' },
  );
}

/** The option goes, as ARCHIVE refuses rows below it; from then on the server counts from the last row. */
const archiveLosses = (tables: readonly TableFacts[]): readonly Loss[] =>
  tables
    .filter(({ engine, columns }) => engine === 'ARCHIVE' && columns.some((column) => column.autoIncrement))
    .map(({ schema, name }) => ({
      kind: 'archive_auto_increment',
      schema,
      object: name,
      effect: 'the next value of AUTO_INCREMENT follows that of the last row',
      certain: true,
    }));

/** Of MERGE tables, the rows are those of other tables here. */
const elsewhereLosses = (tables: readonly TableFacts[]): readonly Loss[] =>
  tables
    .filter(({ engine }) => ROWS_ELSEWHERE.has(engine) && !engine.startsWith('MRG_'))
    .map(({ schema, name, engine }) => ({
      kind: 'rows_elsewhere',
      schema,
      object: name,
      effect: `only its definition is stored: rows of ${engine} tables lie on another server or in a file`,
      certain: true,
    }));

/** Times can be set, numbers of transactions cannot; and before 10.11 neither. */
async function historyLosses(
  query: Query,
  server: Server,
  tables: readonly TableFacts[],
  schema: string,
): Promise<readonly Loss[]> {
  const versioned = tables.filter((table) => table.versioned);
  if (versioned.length === 0) return [];
  const rows = await query(
    `SELECT TABLE_NAME AS name FROM information_schema.COLUMNS
      WHERE ${inSchema('TABLE_SCHEMA')} AND DATA_TYPE = 'bigint' AND GENERATION_EXPRESSION = 'ROW START'`,
    [schema, schema],
  );
  const counted = new Set(rows.map(({ name }) => name));
  return versioned
    .filter(({ name }) => !server.insertsHistory || counted.has(name))
    .map(({ name }) => ({
      kind: 'history',
      schema,
      object: name,
      effect: 'only the present rows come back, as if they had begun with the restore',
      certain: true,
    }));
}
