import type { Query } from '../engine/connection.ts';
import { readChunkKeys } from '../engine/parallel/chunk-key.ts';
import { changedTable } from '../engine/parallel/hold-tables.ts';
import { type Chunk, planChunks } from '../engine/parallel/plan-chunks.ts';
import { setUpPlanning } from '../engine/rows/session-settings.ts';
import type { RowJob } from './hold-schemas.ts';

/** The chunks of a table that is cut. */
export type CutTables = ReadonlyMap<RowJob, readonly Chunk[]>;

/**
 * Cuts tables that are larger than a chunk, while they are held; those that are left out go in one piece.
 * @param query of a session of its own, which is of no use for anything else then
 * @param chunkBytes of rows, as the server estimates them
 * @throws `dump_failed` where somebody waits to change a table that must be read
 */
export async function cutTables(
  query: Query,
  product: 'mariadb' | 'mysql',
  jobs: readonly RowJob[],
  chunkBytes: number,
): Promise<CutTables> {
  const large = jobs.filter(({ bytes }) => bytes > chunkBytes);
  const cut = new Map<RowJob, readonly Chunk[]>();
  if (large.length > 0) await setUpPlanning(query);
  for (const [schema, ofSchema] of Map.groupBy(large, ({ table }) => table.schema)) {
    const keys = await readChunkKeys(query, schema);
    for (const job of ofSchema) {
      const key = keys.get(job.table.name);
      if (key === undefined) continue;
      const wanted = Math.ceil(job.bytes / chunkBytes);
      const chunks = await planChunks({ query, product, key, wanted }).catch((error: unknown) => {
        throw changedTable(job.table, error);
      });
      if (chunks.length > 0) cut.set(job, chunks);
    }
  }
  return cut;
}
