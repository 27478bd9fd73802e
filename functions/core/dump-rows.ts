import type { Query } from '../engine/connection.ts';
import { throwIfOver } from '../engine/deadline.ts';
import { holdTogether } from '../engine/parallel/hold-tables.ts';
import type { Chunk } from '../engine/parallel/plan-chunks.ts';
import { readRowTables } from '../engine/rows/read-row-tables.ts';
import { sumOfChunks } from './check-stored.ts';
import type { CutTables } from './cut-tables.ts';
import { describedTable } from './described-table.ts';
import { dumpChunk } from './dump-chunk.ts';
import type { DumpWork } from './dump-schemas.ts';
import { type HeldSchemas, type Lane, type RowJob, refuseOtherColumns } from './hold-schemas.ts';
import type { StoredChunk, StoredTable } from './manifest.ts';
import { type RowProgress, rowProgress } from './row-progress.ts';

/** Small objects that are on their way while further rows are read. */
const OBJECTS_IN_FLIGHT = 4;

interface RowsInput {
  readonly work: DumpWork;
  /** Of a session in no snapshot: MySQL shows its catalogue as of then, too. */
  readonly query: Query;
  readonly schemas: HeldSchemas;
  readonly cut: CutTables;
  /** Of the object of a chunk. */
  readonly keyOf: (job: RowJob, chunk: number) => string;
  readonly partBytesOf: (job: RowJob) => number;
  /** How many bytes of definitions went before, and what is expected of all. */
  readonly textBytes: number;
  readonly bytesEstimated: number;
}

/** What one lane reads at a time. */
interface Piece {
  readonly job: RowJob;
  /** The place of its table among those that are held. */
  readonly at: number;
  readonly number: number;
  readonly chunk: Chunk | undefined;
}

/** What all lanes have stored so far. */
interface Storing {
  readonly signal: AbortSignal;
  /** Ends all lanes. */
  readonly fail: (error: unknown) => void;
  readonly progress: RowProgress;
  readonly inFlight: Set<Promise<unknown>>;
  readonly stored: Map<RowJob, Promise<StoredChunk | undefined>[]>;
}

/**
 * Dumps the rows of all tables to S3: each lane takes the next piece of the largest table that is left, and lets go of the
 * tables that no lane begins with any more. Nothing is under way any more when it ends.
 * @returns by table
 * @throws as `readRows` and `ObjectStore.writeParts`; `dump_failed` naming a table that was changed
 */
export async function dumpRows(input: RowsInput): Promise<ReadonlyMap<RowJob, StoredTable>> {
  const { work, schemas, cut, textBytes, bytesEstimated } = input;
  const { held, others, lanes, server } = schemas;
  const broken = new AbortController();
  const pieces = held.flatMap((job, at) => piecesOf(cut, job, at));
  let failure: { readonly error: unknown } | undefined;
  const fail = (error: unknown): void => {
    failure ??= { error };
    // Nobody waits for what others read, or S3 does not answer, once something has failed.
    broken.abort();
  };
  const storing: Storing = {
    fail,
    signal: AbortSignal.any([work.held.signal, broken.signal]),
    progress: rowProgress(work.held.report, {
      tablesTotal: held.length + others.length,
      textBytes,
      bytesEstimated,
    }),
    inFlight: new Set(),
    stored: new Map([...held, ...others].map((job) => [job, []])),
  };
  const next = (): Piece | undefined => (failure === undefined ? pieces.shift() : undefined);
  await Promise.all(
    lanes.map((lane, number) =>
      runLane(input, storing, lane, { others: number === 0 ? others : [], next }).catch(fail),
    ),
  );
  await Promise.allSettled(storing.inFlight);
  if (failure) throw failure.error;
  const tables = new Map<RowJob, StoredTable>();
  for (const [job, chunks] of storing.stored) {
    const { name, ...described } = describedTable(server.info.product, job.table);
    if (Object.keys(chunks).length !== numberOfPieces(cut, job))
      throw new Error(`${name} was not read whole`);
    const all = (await Promise.all(chunks)).filter((chunk) => chunk !== undefined);
    tables.set(job, { name, ...sumOfChunks(all), ...described, chunks: all });
  }
  return tables;
}

function piecesOf(cut: CutTables, job: RowJob, at: number): readonly Piece[] {
  const chunks: readonly (Chunk | undefined)[] = cut.get(job) ?? [undefined];
  return chunks.map((chunk, number) => ({ job, at, number, chunk }));
}

/** A table that is not cut is one. */
const numberOfPieces = (cut: CutTables, job: RowJob): number => cut.get(job)?.length ?? 1;

interface LaneWork {
  /** That this lane alone reads. */
  readonly others: readonly RowJob[];
  readonly next: () => Piece | undefined;
}

async function runLane(
  input: RowsInput,
  storing: Storing,
  lane: Lane,
  { others, next }: LaneWork,
): Promise<void> {
  for (const ofSchema of Map.groupBy(others, ({ schema }) => schema).values()) {
    const release = await holdOthers(input, lane, ofSchema);
    for (const job of ofSchema)
      await dumpPiece(input, storing, lane, { job, at: 0, number: 0, chunk: undefined });
    await release();
  }
  for (let piece = next(); piece !== undefined; piece = next()) {
    await lane.tables.releaseBefore(piece.at);
    await dumpPiece(input, storing, lane, piece);
  }
  // Others may read on for long.
  await lane.tables.releaseBefore(input.schemas.held.length);
}

async function dumpPiece(
  { work, schemas, cut, keyOf, partBytesOf }: RowsInput,
  { signal, fail, progress, inFlight, stored }: Storing,
  { session }: Lane,
  { job, number, chunk }: Piece,
): Promise<void> {
  throwIfOver(work.held.signal);
  if (inFlight.size >= OBJECTS_IN_FLIGHT) await Promise.race(inFlight);
  const reading = progress.begin();
  const dumped = await dumpChunk({
    work,
    product: schemas.server.info.product,
    lane: session,
    table: job.table,
    chunk,
    kept: schemas.kept.get(job),
    key: keyOf(job, number),
    partBytes: partBytesOf(job),
    signal,
    onProgress: reading.onProgress,
  });
  const chunks = stored.get(job) ?? [];
  chunks[number] = dumped.stored;
  follow(inFlight, dumped.stored);
  dumped.stored.catch(fail);
  const isWhole = Object.keys(chunks).length === numberOfPieces(cut, job);
  reading.through(dumped.rows, dumped.textBytes, isWhole);
}

/** Tables that no snapshot shows: what counts is that they are still what their definitions say. */
async function holdOthers(
  { query, schemas }: RowsInput,
  { session }: Lane,
  jobs: readonly RowJob[],
): Promise<() => Promise<void>> {
  const others = jobs.map(({ table }) => table);
  const release = await holdTogether(session.query, others);
  const names = new Set(others.map(({ name }) => name));
  const [first] = others;
  const now = first ? await readRowTables(query, first.schema) : [];
  const { insertsHistory } = schemas.server;
  refuseOtherColumns(
    others,
    now
      .filter(({ name }) => names.has(name))
      .map(({ period, ...table }) => (period && insertsHistory ? { ...table, period } : table)),
  );
  return release;
}

/** Keeps what is under way until it has ended; a failure is told where it is awaited. */
function follow(inFlight: Set<Promise<unknown>>, work: Promise<unknown>): void {
  inFlight.add(work);
  const ended = (): boolean => inFlight.delete(work);
  work.then(ended, ended);
}
