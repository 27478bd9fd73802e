import type { Part, PartRecord } from '../part.ts';
import type { Converse } from '../rows/conversation.ts';
import { type RowsText, readRows } from '../rows/read-rows.ts';
import { type RowTable, rowStatements } from '../rows/table-rows.ts';
import type { RowsProof } from '../rows/tsv-text.ts';
import { PartCutter } from '../sql/part-cutter.ts';
import { compressFrames } from '../zstd-frames.ts';
import type { Chunk } from './plan-chunks.ts';

/** Rows of a table that lie in one object, as far as their bytes tell. */
interface DumpedRows extends RowsProof {
  /** Compressed. */
  readonly sizeBytes: number;
  /** Hex, over all parts in order. */
  readonly sha256: string;
  readonly parts: readonly PartRecord[];
}

/** What is to be read. */
export interface TableReadInput {
  /** Of a session that `setUpReading` has set up, within its snapshot. */
  readonly converse: Converse;
  readonly product: 'mariadb' | 'mysql';
  readonly table: RowTable;
  /** @default all rows */
  readonly chunk?: Chunk;
  readonly signal: AbortSignal;
}

/** How it is stored. */
interface StoreInput {
  readonly zstdLevel: number;
  readonly partBytes: number;
  /** Called with rows and bytes of text so far. */
  readonly onProgress: (rows: number, bytes: number) => void;
}

/** Rows on their way to their object. */
export interface TableDump {
  /** Whoever stops early, or finds this to throw, throws away what was taken so far. No part comes where there are no rows. */
  readonly parts: AsyncGenerator<Part, void, undefined>;
  /** @throws Error before the last part was taken */
  summary(): DumpedRows;
}

/** Reads the rows of a table, or of a chunk of it. @throws (from `parts`) as `readRows` */
export const dumpTable = (input: TableReadInput & StoreInput): TableDump =>
  dumpRowsText(() => readTable(input), input);

/** The lines of a table, or of a chunk of it. */
export function readTable({ converse, product, table, chunk, signal }: TableReadInput): RowsText {
  const { select, columns } = rowStatements(product, table, chunk?.condition, chunk?.index);
  return readRows(converse(select, signal), columns);
}

/** The same for lines that come from elsewhere. @param read called once the first part is wanted */
export function dumpRowsText(read: () => RowsText, input: StoreInput): TableDump {
  let dumped: DumpedRows | undefined;
  const parts = dumpParts(read, input, (rows) => {
    dumped = rows;
  });
  return {
    parts,
    summary: () => {
      if (dumped === undefined) throw new Error('the rows have not ended');
      return dumped;
    },
  };
}

async function* dumpParts(read: () => RowsText, input: StoreInput, onEnd: (rows: DumpedRows) => void) {
  const rows = read();
  const cutter = new PartCutter(input.partBytes);
  for await (const bytes of compressFrames(rows.texts, input.zstdLevel)) {
    const { rows: count, bytes: textBytes } = rows.proof();
    input.onProgress(count, textBytes);
    yield* cutter.take(bytes);
  }
  rows.free();
  yield* cutter.end();
  onEnd({ ...cutter.summary(), ...rows.proof() });
}
