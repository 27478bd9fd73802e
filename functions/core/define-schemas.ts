import { inSchema } from '../engine/catalogue/object-counts.ts';
import type { Server } from '../engine/catalogue/server.ts';
import { type Query, quoteName } from '../engine/connection.ts';
import type { Loss } from '../engine/contents.ts';
import { type DumpedDefinitions, dumpDefinitions } from '../engine/parallel/dump-definitions.ts';
import { changedTable, isLocked } from '../engine/parallel/hold-tables.ts';
import { readEvents } from '../engine/parallel/read-events.ts';
import { readTableMends, type TableMends } from '../engine/parallel/table-mends.ts';
import { ROWS_ELSEWHERE_SQL } from '../engine/rows/read-row-tables.ts';
import type { RowTable } from '../engine/rows/table-rows.ts';
import { SafeBaseError } from '../errors.ts';
import { type DumpWork, OTHER_OBJECTS, refuseOtherObjects } from './dump-schemas.ts';
import type { HeldSchemas } from './hold-schemas.ts';
import type { BackupPlan, PlannedSchema } from './plan-backup.ts';

/** A schema before its rows are read. */
export interface DefinedSchema extends Pick<DumpedDefinitions, 'before' | 'after' | 'program'> {
  /** What could not be mended. */
  readonly losses: readonly Loss[];
}

/** Looking for what a definition means may take this long for each schema; what is not found is told as a loss. */
const MENDS_MS = 60_000;

/**
 * Reads what the schemas are made of, while every table of them is held.
 * @param query of a session of its own, for the catalogue
 * @throws `dump_failed` where somebody waits to change a table that must be read; `dump_incomplete`; as `dumpDefinitions`
 */
export async function defineSchemas(
  work: DumpWork,
  plan: BackupPlan,
  query: Query,
  { server, held, others }: HeldSchemas,
): Promise<readonly DefinedSchema[]> {
  const listed = Map.groupBy([...held, ...others], (job) => job.schema);
  const defined: DefinedSchema[] = [];
  for (const [index, schema] of plan.schemas.entries()) {
    const tables = (listed.get(index) ?? []).map(({ table }) => table);
    const definitions = await defineSchema(work, { query, server, schema, tables }).catch(
      (error: unknown) => {
        throw changedTable({ schema: schema.contents.name, name: '*' }, error);
      },
    );
    defined.push(definitions);
  }
  return defined;
}

interface DefineInput {
  readonly query: Query;
  readonly server: Server;
  readonly schema: PlannedSchema;
  readonly tables: readonly RowTable[];
}

async function defineSchema(
  { settings, held, source }: DumpWork,
  { query, server, schema, tables }: DefineInput,
): Promise<DefinedSchema> {
  const { contents, dumpInput } = schema;
  const { name } = contents;
  const endsAt = performance.now() + MENDS_MS;
  const mends = await unlessLocked(query, (asking) =>
    readTableMends(asking, server, name, () => endsAt - performance.now()),
  );
  const events = await readEvents(query, name);
  // A login that was refused has read nothing: with another one, all of it is done anew.
  const definitions = await source.logIn(source.endpoint, (endpoint) =>
    source.sessions.duringDump(endpoint, name, () =>
      dumpDefinitions({
        ...dumpInput,
        history: false,
        endpoint,
        clientRoot: settings.clientRoot,
        signal: held.signal,
        mends,
        events,
      }),
    ),
  );
  const { before, after, program, found, unmended } = definitions;
  refuseOtherObjects(contents, found.created);
  await refuseOtherTables(query, name, tables, found.tables);
  return { before, after, program, losses: lossesOf(name, mends, unmended) };
}

/** Looking for mends goes on where a question fails: one that waited in vain for a table must be asked again instead. */
async function unlessLocked<T>(query: Query, look: (query: Query) => Promise<T>): Promise<T> {
  let locked: unknown;
  const found = await look((...asked) =>
    query(...asked).catch((error: unknown) => {
      if (isLocked(error)) locked ??= error;
      throw error;
    }),
  );
  if (locked !== undefined) throw locked;
  return found;
}

/** A table whose definition is there has its rows there too, or shows those of others. @throws `dump_incomplete` */
async function refuseOtherTables(
  query: Query,
  schema: string,
  listed: readonly RowTable[],
  defined: readonly { readonly name: string }[],
): Promise<void> {
  const elsewhere = await query(
    `SELECT TABLE_NAME AS name FROM information_schema.TABLES
      WHERE ${inSchema('TABLE_SCHEMA')} AND UPPER(ENGINE) IN (${ROWS_ELSEWHERE_SQL})`,
    [schema, schema],
  );
  const known = new Set([...listed.map(({ name }) => name), ...elsewhere.map(({ name }) => name ?? '')]);
  const made = new Set(defined.map(({ name }) => name));
  const other = [...known]
    .filter((name) => !made.has(name))
    .concat([...made].filter((name) => !known.has(name)));
  if (other.length === 0) return;
  const names = other.slice(0, 5).map(quoteName).join(', ');
  throw new SafeBaseError(
    'dump_incomplete',
    `in ${schema}, either rows or a definition of ${names} would be missing`,
    { details: OTHER_OBJECTS },
  );
}

function lossesOf(
  schema: string,
  mends: ReadonlyMap<string, TableMends>,
  unmended: readonly string[],
): readonly Loss[] {
  const columns = [...mends].flatMap(([object, { unknown }]) =>
    unknown.map(
      (column): Loss => ({
        kind: 'default_beyond_bmp',
        schema,
        object,
        column,
        effect: 'members or default of this column come back as the server prints them, with question marks',
        certain: true,
      }),
    ),
  );
  const tables = unmended.map(
    (object): Loss => ({
      kind: 'expression_beyond_bmp',
      schema,
      object,
      effect: 'its definition comes back as the server prints it, with question marks in it',
      certain: true,
    }),
  );
  return [...columns, ...tables];
}
