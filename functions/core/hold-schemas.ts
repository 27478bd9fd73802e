import type { Server } from '../engine/catalogue/server.ts';
import type { Query } from '../engine/connection.ts';
import type { TableDump } from '../engine/parallel/dump-table.ts';
import { type HeldTables, holdTables, waitForTables } from '../engine/parallel/hold-tables.ts';
import { type Instant, type LaneSession, openInstant } from '../engine/parallel/open-instant.ts';
import { readSmallTables } from '../engine/parallel/small-tables.ts';
import {
  changedSince,
  readTableBirths,
  refuseOtherBirths,
  type TableBirths,
} from '../engine/parallel/table-births.ts';
import { readPartitions } from '../engine/parallel/table-partitions.ts';
import { readRowTables } from '../engine/rows/read-row-tables.ts';
import type { RowTable } from '../engine/rows/table-rows.ts';
import { isCode } from '../errors.ts';
import type { DumpWork } from './dump-schemas.ts';
import { keepSmall } from './keep-small.ts';
import type { BackupPlan } from './plan-backup.ts';
import type { RowSession } from './ports.ts';
import { readSameServer } from './server-changed.ts';
import type { Snapshot } from './snapshot.ts';

/** Behind somebody who waits for what we hold, all of us would wait for ever. */
const WAIT_SECONDS = 3;
/** How long transactions of others may take to end before a lock on tables is asked for; none is held meanwhile. */
const PATIENCE_MS = 10_000;
const NO_SUCH_TABLE = 1146;

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
  readonly position: Instant<RowSession, never>['position'];
  readonly snapshot: Snapshot;
  readonly lanes: readonly Lane[];
  /** The tables of the snapshot, the largest first: as soon as its rows are through, nobody waits for it. */
  readonly held: readonly RowJob[];
  /** Those that no snapshot shows. */
  readonly others: readonly RowJob[];
  /** The rows of those of `others` that were read under the lock, and so are of the instant. */
  readonly kept: ReadonlyMap<RowJob, TableDump>;
}

/**
 * Opens a snapshot and holds every table of the schemas that it shows, the one whose rows are read first as the last.
 * @param catalogue a session of its own, which asks for the lock too
 * @param sessions that are in no snapshot yet; those that are left out of `lanes` have no part in it
 * @throws `dump_failed` where a table was changed before it was held; `server_changed`
 */
export async function holdSchemas(
  work: DumpWork,
  plan: BackupPlan,
  catalogue: LaneSession,
  sessions: readonly RowSession[],
): Promise<HeldSchemas> {
  const {
    ports,
    settings,
    held: { signal, keep },
    source,
  } = work;
  const { query } = catalogue;
  const names = plan.schemas.map(({ contents }) => contents.name);
  for (const lane of sessions) await waitForTables(lane.query, WAIT_SECONDS);
  const queries = [query, ...sessions.map((lane) => lane.query)];
  const server = await readSameServer(source.endpoint, plan.life, queries);
  const before = await readTableBirths(query, names);
  const instant = new Date(ports.now()).toISOString();
  const lists = await listTables(query, server, names);
  const partitions =
    server.info.product === 'mysql' ? await readPartitions(query, names) : new Map<string, string[]>();
  const jobs = jobsOf(lists, before);
  const isHeld = ({ table }: RowJob): boolean => before.has(`${table.schema}.${table.name}`);
  const others = jobs.filter((job) => !isHeld(job));
  const small = others.length > 0 && sessions.length > 1 ? await readSmallTables(query, names) : [];
  const { lanes, position, way, lockMs, still } = await openInstant({
    product: server.info.product,
    lanes: sessions,
    holder: catalogue,
    tables: lists.flat(),
    lockBudgetMs: settings.lockBudgetMs,
    patienceMs: PATIENCE_MS,
    signal,
    whileStill: (by, reader) => keepSmall(work, server, { by, reader, small, others }),
  }).catch((error: unknown) => {
    // A lock on all tables does not tell which one is gone.
    throw isCode(error, 'query_failed') && error.details.errno === NO_SUCH_TABLE
      ? changedSince('that was listed')
      : error;
  });
  const snapshot = { lanes: lanes.length, way, lockMs: Math.round(lockMs) };
  keep({ snapshot });
  await waitForTables(query, WAIT_SECONDS);
  const held = jobs.filter(isHeld).toSorted((a, b) => b.bytes - a.bytes);
  const toHold = held.map(({ table: { schema, name } }) => {
    return { schema, name, partitions: partitions.get(`${schema}.${name}`) ?? [] };
  });
  const holders = await holdInEach(lanes, toHold);
  refuseOtherBirths(before, await readTableBirths(query, names));
  refuseOtherColumns(lists.flat(), (await listTables(query, server, names)).flat());
  return { server, instant, position, snapshot, lanes: holders, held, others, kept: still ?? new Map() };
}

/** Nothing is under way any more when it fails. @throws as `holdTables` */
async function holdInEach(
  lanes: readonly RowSession[],
  tables: Parameters<typeof holdTables>[1],
): Promise<readonly Lane[]> {
  const holding = await Promise.allSettled(
    lanes.map(
      async (session): Promise<Lane> => ({ session, tables: await holdTables(session.query, tables) }),
    ),
  );
  return holding.map((one) => {
    if (one.status === 'rejected') throw one.reason;
    return one.value;
  });
}

/** What there is to read, from the catalogue and what it estimates. */
const jobsOf = (lists: readonly (readonly RowTable[])[], births: TableBirths): readonly RowJob[] =>
  lists.flatMap((tables, schema) =>
    tables.map((table, place): RowJob => {
      const bytes = births.get(`${table.schema}.${table.name}`)?.bytes ?? 0;
      return { schema, place, table, bytes };
    }),
  );

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
