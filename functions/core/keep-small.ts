import type { Server } from '../engine/catalogue/server.ts';
import { dumpRowsText, readTable, type TableDump } from '../engine/parallel/dump-table.ts';
import { type LockWay, STILL_ENGINES } from '../engine/parallel/open-instant.ts';
import { keepRows, type OutsideTable } from '../engine/parallel/small-tables.ts';
import { partBytesFor } from '../engine/part.ts';
import type { RowTable } from '../engine/rows/table-rows.ts';
import type { DumpWork } from './dump-schemas.ts';
import type { RowSession } from './ports.ts';

/** Others wait meanwhile: after this, no other table is begun. */
const READ_MS = 50;

interface SmallInput<Job> {
  readonly by: LockWay;
  readonly reader: RowSession;
  /** The smallest first. */
  readonly small: readonly OutsideTable[];
  /** All that no snapshot shows. */
  readonly others: readonly Job[];
}

/**
 * Reads small tables of engines without snapshots into memory, while a lock keeps their rows as they are.
 * @returns those that were read; the others are read later, and are of no instant
 * @throws as `readRows`
 */
export async function keepSmall<Job extends { readonly table: RowTable }>(
  { settings, held: { signal } }: DumpWork,
  server: Server,
  { by, reader, small, others }: SmallInput<Job>,
): Promise<ReadonlyMap<Job, TableDump>> {
  const endsAt = performance.now() + READ_MS;
  const engines = new Set(STILL_ENGINES[by].map((engine) => engine.toLowerCase()));
  const kept = new Map<Job, TableDump>();
  for (const { schema, name, engine } of small) {
    const job = others.find(({ table }) => table.schema === schema && table.name === name);
    if (job === undefined || !engines.has(engine.toLowerCase())) continue;
    if (performance.now() > endsAt) break;
    const { product } = server.info;
    const rows = await keepRows(readTable({ converse: reader.converse, product, table: job.table, signal }));
    // It is compressed when nobody waits any more.
    const store = { zstdLevel: settings.zstdLevel, partBytes: partBytesFor(0), onProgress: () => {} };
    kept.set(
      job,
      dumpRowsText(() => rows, store),
    );
  }
  return kept;
}
