import { quoteName } from '../engine/connection.ts';
import { damagedDump } from '../engine/damaged-dump.ts';
import { checkTable } from '../engine/parallel/load-table.ts';
import { longRowsOf, type RowsWay } from '../engine/parallel/long-rows.ts';
import { sumOfFingerprints } from '../engine/rows/fingerprint.ts';
import { ROWS_ELSEWHERE } from '../engine/rows/read-row-tables.ts';
import { checkDump, DumpCheck } from '../engine/sql/check-dump.ts';
import { decompressDump } from '../engine/sql/decompress-dump.ts';
import type { CheckedDump, OnProgress } from '../engine/sql/format-sql.ts';
import type { ChooseStatement } from '../engine/sql/statements/read-statements.ts';
import type { ParallelSchema, StoredChunk, StoredFile, StoredSchema, StoredTable } from './manifest.ts';

/** Gives the bytes of a stored object, each part only after its SHA-256 matched. */
export type OpenFile = (file: StoredFile) => AsyncIterable<Buffer>;

/** A row that may be too long for a target. */
export interface LongRow {
  readonly table: string;
  /** What the server must take at once. */
  readonly packetBytes: number;
}

/** Asked and told of each chunk, in the order of the manifest. */
export interface ChunkWatch {
  /** Whether an earlier worker has read the next one through. */
  readonly isThrough: () => boolean;
  /** @param longRow of this chunk */
  readonly through: (longRow?: LongRow) => void;
}

interface CheckInput {
  readonly open: OpenFile;
  readonly schema: StoredSchema;
  /** The name that it is to have @default the one that it had */
  readonly targetSchema?: string;
  /** What becomes of its statements where not all of the schema is restored (format `parallel`) @default themselves */
  readonly choose?: ChooseStatement | undefined;
  /** Where rows of format `parallel` are to go @default nowhere */
  readonly way?: RowsWay | undefined;
  readonly chunks?: ChunkWatch | undefined;
  readonly signal: AbortSignal;
  readonly onProgress: OnProgress;
}

/**
 * Reads all that is stored of a schema and touches no server: every part, the end line, every statement, every row.
 * @throws as `checkDump` and `checkTable`
 */
export function checkStored({
  open,
  schema,
  targetSchema = schema.name,
  choose,
  way,
  chunks,
  signal,
  onProgress,
}: CheckInput): Promise<CheckedDump> {
  const { name } = schema;
  if (!('dump' in schema))
    return checkParallel({ open, targetSchema, choose, way, chunks, signal, onProgress }, schema);
  const { dumpBytes } = schema.dump;
  return checkDump({ schema: name, targetSchema, dump: open(schema.dump), dumpBytes, signal, onProgress });
}

async function checkParallel(
  {
    open,
    targetSchema,
    choose,
    way,
    chunks,
    signal,
    onProgress,
  }: Omit<CheckInput, 'schema'> & { readonly targetSchema: string },
  schema: ParallelSchema,
): Promise<CheckedDump> {
  const check = new DumpCheck(schema.name, targetSchema, choose);
  let bytesBefore = 0;
  let rowsBefore = 0;
  for (const text of [schema.definitions, schema.objects]) {
    const report = (bytes: number): void => onProgress(bytesBefore + bytes, { tables: 0, rows: 0 });
    const { dumpBytes } = text;
    for await (const piece of decompressDump({ dump: open(text), dumpBytes, signal, onProgress: report })) {
      check.take(piece);
    }
    bytesBefore += dumpBytes;
  }
  check.end();
  const checked = check.result();
  refuseOtherTables(schema, checked);
  for (const [place, table] of schema.tables.entries()) {
    refuseOtherSums(table);
    const long = way && longRowsOf(way, { ...table, schema: targetSchema });
    for (const chunk of table.chunks) {
      const packetBytes = chunks?.isThrough()
        ? 0
        : await checkTable(
            {
              stored: open(chunk),
              proof: proofOf(chunk),
              signal,
              onProgress: (bytes) => onProgress(bytesBefore + bytes, { tables: place + 1, rows: rowsBefore }),
            },
            long,
          );
      chunks?.through(packetBytes > 0 ? { table: table.name, packetBytes } : undefined);
      bytesBefore += chunk.textBytes;
      rowsBefore += chunk.rows;
    }
  }
  onProgress(bytesBefore, { tables: schema.tables.length + 1, rows: rowsBefore });
  return { ...checked, tables: schema.tables.map(({ name, rows }) => ({ name, rows })) };
}

/** What a chunk must turn out to be. */
export const proofOf = ({ rows, textBytes, fingerprint }: StoredChunk) => ({
  rows,
  bytes: textBytes,
  fingerprint,
});

/**
 * Every table has its definition and its rows, but for those that show rows of others, such as MERGE tables.
 * @throws `backup_damaged`
 */
function refuseOtherTables({ tables }: ParallelSchema, { tables: made, engines }: CheckedDump): void {
  const names = new Set(made.map(({ name }) => name));
  const other = tables.find(({ name }) => !names.has(name));
  if (other) throw damagedDump(`no definition makes the table ${quoteName(other.name)}`);
  if (engines.some((engine) => ROWS_ELSEWHERE.has(engine))) return;
  const stored = new Set(tables.map(({ name }) => name));
  const without = made.find(({ name }) => !stored.has(name));
  if (without) throw damagedDump(`nothing is stored of the table ${quoteName(without.name)}`);
}

/** @throws `backup_damaged` where the chunks of a table are more or fewer than all of it */
function refuseOtherSums({ name, rows, bytes, fingerprint, chunks }: StoredTable): void {
  const found = sumOfChunks(chunks);
  if (found.rows === rows && found.bytes === bytes && found.fingerprint === fingerprint) return;
  throw damagedDump(`the chunks of ${quoteName(name)} are not all of it`);
}

/** What the chunks of a table amount to. */
export const sumOfChunks = (
  chunks: readonly StoredChunk[],
): Pick<StoredTable, 'rows' | 'bytes' | 'fingerprint'> => ({
  rows: chunks.reduce((total, { rows }) => total + rows, 0),
  bytes: chunks.reduce((total, { textBytes }) => total + textBytes, 0),
  fingerprint: sumOfFingerprints(chunks.map(({ fingerprint }) => fingerprint)),
});
