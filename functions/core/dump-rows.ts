import { throwIfOver } from '../engine/deadline.ts';
import { dumpTable } from '../engine/parallel/dump-table.ts';
import { changedTable, type HeldTables, holdTogether } from '../engine/parallel/hold-tables.ts';
import { readRowTables } from '../engine/rows/read-row-tables.ts';
import type { RowTable } from '../engine/rows/table-rows.ts';
import type { OnProgress } from '../engine/sql/format-sql.ts';
import { sumOfChunks } from './check-stored.ts';
import { refuseOtherColumns } from './define-schemas.ts';
import { describedTable } from './described-table.ts';
import type { DumpWork } from './dump-schemas.ts';
import type { ParallelKeys, StoredChunk, StoredTable } from './manifest.ts';
import type { RowSession } from './ports.ts';
import { storeParts } from './store-parts.ts';

/** Small objects that are on their way while further tables are read. */
const OBJECTS_IN_FLIGHT = 4;

interface RowsInput {
  readonly work: DumpWork;
  readonly product: 'mariadb' | 'mysql';
  /** Within the snapshot, with the tables held. */
  readonly lane: RowSession;
  readonly keys: ParallelKeys;
  readonly partBytes: number;
  readonly tables: readonly RowTable[];
  /** Names of those that the lane holds, in this order; the others are held while their rows are read. */
  readonly held: ReadonlySet<string>;
  /** Lets go of the held table whose rows are through. */
  readonly release: () => Promise<void>;
  /** Of the rows of this schema. */
  readonly onProgress: OnProgress;
}

/**
 * Dumps the rows of the tables of a schema to S3, one table after the other; nothing is under way any more when it ends.
 * @throws as `readRows` and `ObjectStore.writeParts`; `dump_failed` naming a table that was changed
 */
export async function dumpRows(input: RowsInput): Promise<readonly StoredTable[]> {
  const { tables, keys, product, release, onProgress } = input;
  const stored = new Map<RowTable, Promise<StoredTable>>();
  const inFlight = new Set<Promise<unknown>>();
  const cut = new AbortController();
  const signal = AbortSignal.any([input.work.held.signal, cut.signal]);
  let bytesBefore = 0;
  let rowsBefore = 0;
  try {
    const store = async (table: RowTable): Promise<void> => {
      throwIfOver(input.work.held.signal);
      if (inFlight.size >= OBJECTS_IN_FLIGHT) await Promise.race(inFlight);
      const report = (rows: number, bytes: number): void =>
        onProgress(bytesBefore + bytes, { tables: stored.size + 1, rows: rowsBefore + rows });
      const key = keys.chunk(tables.indexOf(table), 0);
      const chunk = await dumpChunk(input, { table, key, signal, report });
      const told = storedTable(product, table, chunk);
      follow(inFlight, told);
      stored.set(table, told);
      bytesBefore += chunk?.textBytes ?? 0;
      rowsBefore += chunk?.rows ?? 0;
    };
    const others = tables.filter(({ name }) => !input.held.has(name));
    const together = await holdOthers(input, others);
    for (const table of others) await store(table);
    await together.release();
    for (const table of tables) {
      if (!input.held.has(table.name)) continue;
      await store(table);
      await release();
    }
    return await Promise.all(tables.flatMap((table) => stored.get(table) ?? []));
  } catch (error) {
    // Nobody waits for what S3 does not answer once another object has failed.
    cut.abort();
    await Promise.allSettled(inFlight);
    throw error;
  }
}

/** Tables that no snapshot shows: what counts is that they are still what their definitions say. */
async function holdOthers({ lane, tables }: RowsInput, others: readonly RowTable[]): Promise<HeldTables> {
  const [first] = others;
  const held = await holdTogether(lane.query, others);
  if (first === undefined) return held;
  const names = new Set(others.map(({ name }) => name));
  const now = await readRowTables(lane.query, first.schema);
  const withPast = new Set(tables.filter(({ period }) => period).map(({ name }) => name));
  refuseOtherColumns(
    others,
    now
      .filter(({ name }) => names.has(name))
      .map(({ period, ...table }) => (period && withPast.has(table.name) ? { ...table, period } : table)),
  );
  return held;
}

/** Keeps what is under way until it has ended; a failure is told where it is awaited. */
function follow(inFlight: Set<Promise<unknown>>, work: Promise<unknown>): void {
  inFlight.add(work);
  const ended = (): boolean => inFlight.delete(work);
  work.then(ended, ended);
}

interface ChunkInput {
  readonly table: RowTable;
  readonly key: string;
  readonly signal: AbortSignal;
  readonly report: (rows: number, bytes: number) => void;
}

/** A chunk whose rows are read, and which may still be on its way. */
interface DumpedChunk extends Omit<StoredChunk, 'versionId'> {
  readonly written: Promise<Pick<StoredChunk, 'versionId'>>;
}

/** @returns nothing where there are no rows: an object is not made for them */
async function dumpChunk(
  { work, product, lane, partBytes }: RowsInput,
  { table, key, signal, report }: ChunkInput,
): Promise<DumpedChunk | undefined> {
  const { ports, settings } = work;
  const dump = dumpTable({
    converse: lane.converse,
    product,
    table,
    zstdLevel: settings.zstdLevel,
    partBytes,
    signal,
    onProgress: report,
  });
  const storing = await storeParts(ports.objects, key, dump.parts, signal).catch((error: unknown) => {
    throw changedTable(table, error);
  });
  if (storing === undefined) return undefined;
  const { bytes: textBytes, ...summary } = dump.summary();
  return { key, ...storing, ...summary, textBytes };
}

async function storedTable(
  product: 'mariadb' | 'mysql',
  table: RowTable,
  dumped: DumpedChunk | undefined,
): Promise<StoredTable> {
  const chunks: StoredChunk[] = [];
  if (dumped !== undefined) {
    const { written, ...chunk } = dumped;
    chunks.push({ ...chunk, ...(await written) });
  }
  const { name, ...described } = describedTable(product, table);
  return { name, ...sumOfChunks(chunks), ...described, chunks };
}
