import { inSchema } from '../catalogue/object-counts.ts';
import type { Query } from '../connection.ts';

/**
 * The partitions of the tables of schemas, by `schema.name`: MySQL passes over those that were emptied or made since a
 * snapshot, without a word, where it reads by an index and another partition came before. Asked for by name, each one tells.
 */
export async function readPartitions(
  query: Query,
  schemas: readonly string[],
): Promise<ReadonlyMap<string, readonly string[]>> {
  const partitions = new Map<string, readonly string[]>();
  for (const schema of schemas) {
    const rows = await query(
      `SELECT TABLE_NAME AS tab, COALESCE(SUBPARTITION_NAME, PARTITION_NAME) AS name
         FROM information_schema.PARTITIONS WHERE ${inSchema('TABLE_SCHEMA')} AND PARTITION_NAME IS NOT NULL`,
      [schema, schema],
    );
    for (const [table, ofTable] of Map.groupBy(rows, ({ tab }) => tab ?? ''))
      partitions.set(
        `${schema}.${table}`,
        ofTable.map(({ name }) => name ?? ''),
      );
  }
  return partitions;
}
