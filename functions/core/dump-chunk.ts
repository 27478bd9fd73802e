import { dumpTable, type TableDump } from '../engine/parallel/dump-table.ts';
import { changedTable } from '../engine/parallel/hold-tables.ts';
import type { Chunk } from '../engine/parallel/plan-chunks.ts';
import type { RowTable } from '../engine/rows/table-rows.ts';
import type { DumpWork } from './dump-schemas.ts';
import type { StoredChunk } from './manifest.ts';
import type { RowSession } from './ports.ts';
import { storeParts } from './store-parts.ts';

interface ChunkInput {
  readonly work: DumpWork;
  readonly product: 'mariadb' | 'mysql';
  /** Within the snapshot, with the table held. */
  readonly lane: RowSession;
  readonly table: RowTable;
  /** @default the whole table */
  readonly chunk: Chunk | undefined;
  /** What was read before. @default it is read now */
  readonly kept: TableDump | undefined;
  readonly key: string;
  readonly partBytes: number;
  readonly signal: AbortSignal;
  readonly onProgress: (rows: number, bytes: number) => void;
}

/** A chunk whose rows are read, and which may still be on its way. */
interface DumpedChunk {
  readonly rows: number;
  readonly textBytes: number;
  /** Nothing where there are no rows: an object is not made for them. */
  readonly stored: Promise<StoredChunk | undefined>;
}

/** Reads the rows of a chunk and stores them. @throws as `readRows` and `storeParts`; `dump_failed` where it was changed */
export async function dumpChunk(input: ChunkInput): Promise<DumpedChunk> {
  const { work, product, lane, table, chunk, kept, key, partBytes, signal, onProgress } = input;
  const { ports, settings } = work;
  const dump =
    kept ??
    dumpTable({
      converse: lane.converse,
      product,
      table,
      ...(chunk && { chunk }),
      zstdLevel: settings.zstdLevel,
      partBytes,
      signal,
      onProgress,
    });
  const storing = await storeParts(ports.objects, key, dump.parts, signal).catch((error: unknown) => {
    throw changedTable(table, error);
  });
  if (storing === undefined) return { rows: 0, textBytes: 0, stored: Promise.resolve(undefined) };
  const { bytes: textBytes, ...summary } = dump.summary();
  const stored = storing.written.then((written) => ({ key, ...written, ...summary, textBytes }));
  return { rows: summary.rows, textBytes, stored };
}
