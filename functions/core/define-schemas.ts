import { inSchema } from '../engine/catalogue/object-counts.ts';
import { readServer, type Server } from '../engine/catalogue/server.ts';
import { type Query, quoteName } from '../engine/connection.ts';
import type { Loss } from '../engine/contents.ts';
import type { BinlogPosition } from '../engine/parallel/binlog-position.ts';
import { type DumpedDefinitions, dumpDefinitions } from '../engine/parallel/dump-definitions.ts';
import {
  changedTable,
  type HeldTables,
  holdTables,
  isLocked,
  waitForTables,
} from '../engine/parallel/hold-tables.ts';
import { openInstant } from '../engine/parallel/open-instant.ts';
import { readEvents } from '../engine/parallel/read-events.ts';
import { changedSince, readTableBirths, refuseOtherBirths } from '../engine/parallel/table-births.ts';
import { readTableMends, type TableMends } from '../engine/parallel/table-mends.ts';
import { readRowTables } from '../engine/rows/read-row-tables.ts';
import type { RowTable } from '../engine/rows/table-rows.ts';
import { SafeBaseError } from '../errors.ts';
import { type DumpWork, refuseOtherObjects } from './dump-schemas.ts';
import type { BackupPlan, PlannedSchema } from './plan-backup.ts';
import type { RowSession } from './ports.ts';

/** A schema before its rows are read. */
interface DefinedSchema extends Pick<DumpedDefinitions, 'before' | 'after' | 'program'> {
  /** Those with rows of their own, and the names of those that are held: the others are of no instant. */
  readonly tables: readonly RowTable[];
  readonly held: ReadonlySet<string>;
  /** What could not be mended. */
  readonly losses: readonly Loss[];
}

/** Looking for what a definition means may take this long for each schema; what is not found is told as a loss. */
const MENDS_MS = 60_000;
const CATALOGUE_WAIT_SECONDS = 3;
const LANE_WAIT_SECONDS = 60;

/** All that is known once every table is held. */
export interface HeldSchemas {
  /** When the snapshot was asked for (ISO 8601), and where it lies in the server's log. */
  readonly instant: string;
  readonly position: BinlogPosition | undefined;
  readonly defined: readonly DefinedSchema[];
  readonly tables: HeldTables;
}

/**
 * Opens a snapshot, holds every table of the schemas that it shows, in the order in which their rows will be read, and reads what they
 * are made of.
 * @param query of a session of its own, for the catalogue
 * @param lane whose snapshot it is; it is not in one yet
 * @throws `dump_failed` where a table was changed before it was held; `dump_incomplete`; as `dumpDefinitions`
 */
export async function holdSchemas(
  work: DumpWork,
  plan: BackupPlan,
  query: Query,
  lane: RowSession,
): Promise<HeldSchemas> {
  const { ports, held } = work;
  const names = plan.schemas.map(({ contents }) => contents.name);
  // Behind somebody who waits for what the lane holds, all three would wait for ever.
  await waitForTables(query, CATALOGUE_WAIT_SECONDS);
  await waitForTables(lane.query, LANE_WAIT_SECONDS);
  const server = await readServer(query);
  const before = await readTableBirths(query, names);
  const instant = new Date(ports.now()).toISOString();
  const { position } = await openInstant({
    product: server.info.product,
    lanes: [lane],
    holder: lane,
    tables: [],
    lockBudgetMs: 0,
    patienceMs: 0,
    signal: held.signal,
  });
  const lists = await listTables(query, server, names);
  const isHeld = ({ schema, name }: RowTable): boolean => before.has(`${schema}.${name}`);
  const tables = await holdTables(lane.query, lists.flat().filter(isHeld));
  refuseOtherBirths(before, await readTableBirths(query, names));
  refuseOtherColumns(lists.flat(), (await listTables(query, server, names)).flat());
  const defined: DefinedSchema[] = [];
  for (const [index, schema] of plan.schemas.entries()) {
    const list = lists[index] ?? [];
    const definitions = await defineSchema(work, { query, server, schema, tables: list }).catch(
      (error: unknown) => {
        throw changedTable({ schema: schema.contents.name, name: '*' }, error);
      },
    );
    const heldHere = new Set(list.filter(isHeld).map(({ name }) => name));
    defined.push({ ...definitions, tables: list, held: heldHere });
  }
  return { instant, position, defined, tables };
}

/** By schema. The past of rows travels where a load can bring it. */
async function listTables(
  query: Query,
  server: Server,
  schemas: readonly string[],
): Promise<readonly (readonly RowTable[])[]> {
  const lists: (readonly RowTable[])[] = [];
  for (const schema of schemas) {
    const tables = await readRowTables(query, schema);
    lists.push(server.insertsHistory ? tables : tables.map(({ period: _, ...table }) => table));
  }
  return lists;
}

/** What was listed before it was held may have got another column since, of which no row would be read. */
export function refuseOtherColumns(listed: readonly RowTable[], held: readonly RowTable[]): void {
  const tables = new Set(listed.map((table) => JSON.stringify(table)));
  const other = held.find((table) => !tables.delete(JSON.stringify(table)));
  const [gone] = tables;
  if (other === undefined && gone === undefined) return;
  throw changedSince(other ? `${other.schema}.${other.name}` : 'that was listed');
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
): Promise<Omit<DefinedSchema, 'tables' | 'held'>> {
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
  const merged = await query(
    `SELECT TABLE_NAME AS name FROM information_schema.TABLES WHERE ${inSchema('TABLE_SCHEMA')} AND ENGINE = 'MRG_MYISAM'`,
    [schema, schema],
  );
  const known = new Set([...listed.map(({ name }) => name), ...merged.map(({ name }) => name ?? '')]);
  const made = new Set(defined.map(({ name }) => name));
  const other = [...known]
    .filter((name) => !made.has(name))
    .concat([...made].filter((name) => !known.has(name)));
  if (other.length === 0) return;
  const names = other.slice(0, 5).map(quoteName).join(', ');
  throw new SafeBaseError(
    'dump_incomplete',
    `in ${schema}, either rows or a definition of ${names} would be missing`,
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
