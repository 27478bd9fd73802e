import type { Part, PartRecord } from '../part.ts';
import type { Converse } from '../rows/conversation.ts';
import { readRows } from '../rows/read-rows.ts';
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

interface TableDumpInput {
  /** Of a session that `setUpReading` has set up, within its snapshot. */
  readonly converse: Converse;
  readonly product: 'mariadb' | 'mysql';
  readonly table: RowTable;
  /** @default all rows */
  readonly chunk?: Chunk;
  readonly zstdLevel: number;
  readonly partBytes: number;
  readonly signal: AbortSignal;
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
export function dumpTable(input: TableDumpInput): TableDump {
  let dumped: DumpedRows | undefined;
  const parts = dumpParts(input, (rows) => {
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

async function* dumpParts(input: TableDumpInput, onEnd: (rows: DumpedRows) => void) {
  const { condition, index } = input.chunk ?? {};
  const { select, columns } = rowStatements(input.product, input.table, condition, index);
  const rows = readRows(input.converse(select, input.signal), columns);
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
