import { readServer, type Server } from '../engine/catalogue/server.ts';
import type { Query } from '../engine/connection.ts';
import { type HeldTables, holdTables, waitForTables } from '../engine/parallel/hold-tables.ts';
import { type Instant, openInstant } from '../engine/parallel/open-instant.ts';
import { changedSince, readTableBirths, refuseOtherBirths } from '../engine/parallel/table-births.ts';
import { readRowTables } from '../engine/rows/read-row-tables.ts';
import type { RowTable } from '../engine/rows/table-rows.ts';
import type { DumpWork } from './dump-schemas.ts';
import type { BackupPlan } from './plan-backup.ts';
import type { RowSession } from './ports.ts';

/** Behind somebody who waits for what we hold, all of us would wait for ever. */
const WAIT_SECONDS = 3;

/** A table whose rows are to be read, and where it stands in the manifest. */
export interface RowJob {
  /** Both are places, from 0. */
  readonly schema: number;
  readonly place: number;
  readonly table: RowTable;
  /** Of its rows, an estimate. */
  readonly bytes: number;
}

/** A connection within the snapshot, and the tables that it holds. */
export interface Lane {
  readonly session: RowSession;
  /** In the order of `HeldSchemas.held`. */
  readonly tables: HeldTables;
}

/** All that is known once every table is held. */
export interface HeldSchemas {
  readonly server: Server;
  /** When the snapshot was asked for (ISO 8601). */
  readonly instant: string;
  readonly position: Instant<RowSession>['position'];
  readonly lanes: readonly Lane[];
  /** The tables of the snapshot, the largest first: as soon as its rows are through, nobody waits for it. */
  readonly held: readonly RowJob[];
  /** Those that no snapshot shows. */
  readonly others: readonly RowJob[];
}

/**
 * Opens a snapshot and holds every table of the schemas that it shows, the one whose rows are read first as the last.
 * @param query of a session of its own, for the catalogue
 * @param sessions that are in no snapshot yet; those that are left out of `lanes` have no part in it
 * @throws `dump_failed` where a table was changed before it was held
 */
export async function holdSchemas(
  { ports, held: { signal } }: DumpWork,
  plan: BackupPlan,
  query: Query,
  sessions: readonly RowSession[],
): Promise<HeldSchemas> {
  const names = plan.schemas.map(({ contents }) => contents.name);
  for (const asking of [query, ...sessions.map((session) => session.query)]) {
    await waitForTables(asking, WAIT_SECONDS);
  }
  const server = await readServer(query);
  const before = await readTableBirths(query, names);
  const instant = new Date(ports.now()).toISOString();
  const [first] = sessions;
  if (first === undefined) throw new Error('no lane');
  const { position } = await openInstant({
    product: server.info.product,
    lanes: [first],
    holder: first,
    tables: [],
    lockBudgetMs: 0,
    patienceMs: 0,
    signal,
  });
  const lists = await listTables(query, server, names);
  const jobs = lists.flatMap((tables, schema) =>
    tables.map((table, place): RowJob => {
      const bytes = before.get(`${table.schema}.${table.name}`)?.bytes ?? 0;
      return { schema, place, table, bytes };
    }),
  );
  const isHeld = ({ table }: RowJob): boolean => before.has(`${table.schema}.${table.name}`);
  const held = jobs.filter(isHeld).toSorted((a, b) => b.bytes - a.bytes);
  const toHold = held.map(({ table }) => table);
  const lanes: readonly Lane[] = [{ session: first, tables: await holdTables(first.query, toHold) }];
  refuseOtherBirths(before, await readTableBirths(query, names));
  refuseOtherColumns(lists.flat(), (await listTables(query, server, names)).flat());
  return { server, instant, position, lanes, held, others: jobs.filter((job) => !isHeld(job)) };
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
