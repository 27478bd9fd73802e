import { SafeBaseError } from '../../errors.ts';
import { type Query, quoteName, type SqlRow } from '../connection.ts';
import type { SchemaContents } from '../contents.ts';
import { countObjects, inSchema } from './object-counts.ts';
import type { Server } from './server.ts';
import { isAtLeast } from './server-support.ts';
import { readTransactionalEngines } from './transactional.ts';

/** One schema as a dump needs to know it. */
export interface SchemaSurvey {
  readonly contents: SchemaContents;
  /** Bytes of rows as the engines count them, without secondary indexes: an estimate. */
  readonly sizeBytes: number;
  /** The one with most of them; absent where there is no table. */
  readonly largestTable?: { readonly name: string; readonly sizeBytes: number };
  /** Whether it has system-versioned tables whose past the dump tool can carry: then it must be asked to. */
  readonly history: boolean;
}

/**
 * Looks at the schemas to back up, in order of their names.
 * @param wanted names, or all that are not the system's
 * @throws `schema_unknown` where one is not there or cannot be seen
 */
export async function readSchemas(
  query: Query,
  wanted: readonly string[] | 'all',
  server: Server,
): Promise<readonly SchemaSurvey[]> {
  if (server.info.product === 'mysql' && isAtLeast(server.version, 8)) {
    // Sizes would else be as old as a day.
    await query('SET SESSION information_schema_stats_expiry = 0');
  }
  const chosen = await chooseSchemas(query, wanted, server);
  const transactional = await readTransactionalEngines(query);
  const surveys: SchemaSurvey[] = [];
  for (const row of chosen) {
    surveys.push(await surveySchema(query, row, server, transactional));
  }
  return surveys;
}

/**
 * Names the schemas to back up, in order. Takes no right on them, so that the rights can be asked for by name.
 * @throws `schema_unknown` where one is not there or cannot be seen
 */
export async function listSchemas(
  query: Query,
  wanted: readonly string[] | 'all',
  server: Server,
): Promise<readonly string[]> {
  return (await chooseSchemas(query, wanted, server)).map(nameOf);
}

async function chooseSchemas(
  query: Query,
  wanted: readonly string[] | 'all',
  server: Server,
): Promise<readonly SqlRow[]> {
  const rows = await query('SELECT * FROM information_schema.SCHEMATA');
  const chosen =
    wanted === 'all'
      ? rows.filter((row) => !SYSTEM.has(nameOf(row).toLowerCase()))
      : pick(rows, wanted, server);
  return [...chosen].sort((a, b) => (nameOf(a) < nameOf(b) ? -1 : 1));
}

/** Schemas of the server itself. The last is what MariaDB makes of the folder that ext4 puts into a volume. */
const SYSTEM = new Set([
  'information_schema',
  'mysql',
  'performance_schema',
  'sys',
  'ndbinfo',
  '#mysql50#lost+found',
]);

const nameOf = (row: SqlRow): string => row.schema_name ?? '';

function pick(rows: readonly SqlRow[], wanted: readonly string[], server: Server): readonly SqlRow[] {
  const fold = (name: string): string => (server.lowerCaseTableNames === 0 ? name : name.toLowerCase());
  const picked = new Set<SqlRow>();
  for (const name of wanted) {
    const row = rows.find((candidate) => fold(nameOf(candidate)) === fold(name));
    if (row === undefined || SYSTEM.has(name.toLowerCase())) {
      throw new SafeBaseError('schema_unknown', `the server shows no schema ${name} to this account`);
    }
    picked.add(row);
  }
  return [...picked];
}

async function surveySchema(
  query: Query,
  row: SqlRow,
  server: Server,
  transactional: ReadonlySet<string>,
): Promise<SchemaSurvey> {
  const name = nameOf(row);
  const tables = await query(
    `SELECT TABLE_NAME AS name, TABLE_TYPE AS type, ENGINE AS engine, DATA_LENGTH AS bytes
       FROM information_schema.TABLES WHERE ${inSchema('TABLE_SCHEMA')} ORDER BY TABLE_NAME`,
    [name, name],
  );
  const isTable = ({ type }: SqlRow): boolean => type === 'BASE TABLE' || type === 'SYSTEM VERSIONED';
  const contents: SchemaContents = {
    name,
    characterSet: row.default_character_set_name ?? '',
    collation: row.default_collation_name ?? '',
    comment: row.schema_comment ?? '',
    counts: await countObjects(query, name),
    notOfOneInstant: tables
      .filter((table) => isTable(table) && !transactional.has(table.engine ?? ''))
      .map((table) => table.name ?? ''),
    brokenViews: await findBrokenViews(
      query,
      name,
      tables.filter(({ type }) => type === 'VIEW').map((view) => view.name ?? ''),
    ),
    definers: await readDefiners(query, name),
  };
  const versioned = tables.some(({ type }) => type === 'SYSTEM VERSIONED');
  const sizes = tables
    .filter(isTable)
    .map((table) => ({ name: table.name ?? '', sizeBytes: Number(table.bytes ?? 0) }));
  const [largestTable] = sizes.toSorted((one, other) => other.sizeBytes - one.sizeBytes);
  return {
    contents,
    sizeBytes: sizes.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0),
    ...(largestTable && { largestTable }),
    history: versioned && server.insertsHistory && !(await hasTransactionHistory(query, name)),
  };
}

/** The error of a view that refers to something gone, or that this account may not read: ER_VIEW_INVALID. */
const VIEW_INVALID = 1356;

/** SHOW FIELDS is what the dump tools ask for, and what they stop at. */
async function findBrokenViews(
  query: Query,
  schema: string,
  views: readonly string[],
): Promise<SchemaContents['brokenViews']> {
  const broken: { name: string; definition: string }[] = [];
  for (const name of views) {
    try {
      await query(`SHOW FIELDS FROM ${quoteName(schema)}.${quoteName(name)}`);
    } catch (error) {
      if (!(error instanceof SafeBaseError) || error.details.errno !== VIEW_INVALID) throw error;
      broken.push({ name, definition: await readViewText(query, schema, name) });
    }
  }
  return broken;
}

async function readViewText(query: Query, schema: string, name: string): Promise<string> {
  const rows = await query(
    `SELECT TABLE_NAME AS name, VIEW_DEFINITION AS text FROM information_schema.VIEWS WHERE ${inSchema('TABLE_SCHEMA')}`,
    [schema, schema],
  );
  return rows.find((row) => row.name === name)?.text ?? '';
}

/** The accounts under which views, triggers, routines and events run, as `user@host`. */
async function readDefiners(query: Query, schema: string): Promise<readonly string[]> {
  const sources = [
    ['VIEWS', 'TABLE_SCHEMA'],
    ['TRIGGERS', 'TRIGGER_SCHEMA'],
    ['ROUTINES', 'ROUTINE_SCHEMA'],
    ['EVENTS', 'EVENT_SCHEMA'],
  ] as const;
  const definers = new Set<string>();
  for (const [table, column] of sources) {
    const rows = await query(
      `SELECT DISTINCT DEFINER AS definer FROM information_schema.${table} WHERE ${inSchema(column)}`,
      [schema, schema],
    );
    for (const { definer } of rows) if (typeof definer === 'string' && definer !== '') definers.add(definer);
  }
  return [...definers].sort();
}

/**
 * Whether a table keeps its past by transaction numbers: they mean nothing on another server, and one such table makes
 * mariadb-dump --dump-history stop.
 */
async function hasTransactionHistory(query: Query, schema: string): Promise<boolean> {
  const rows = await query(
    `SELECT TABLE_NAME AS name FROM information_schema.COLUMNS
      WHERE ${inSchema('TABLE_SCHEMA')} AND DATA_TYPE = 'bigint' AND GENERATION_EXPRESSION = 'ROW START' LIMIT 1`,
    [schema, schema],
  );
  return rows.length > 0;
}
