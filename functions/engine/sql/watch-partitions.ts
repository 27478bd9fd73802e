import { inSchema } from '../catalogue/object-counts.ts';
import type { Query } from '../connection.ts';
import { holdTogether, waitForTables } from '../parallel/hold-tables.ts';
import { readPartitions } from '../parallel/table-partitions.ts';

/** Behind somebody who changes a table. */
const WAIT_SECONDS = 10;

/**
 * Notes the partitions whose rows MySQL may read by an index alone: it passes over those that were emptied or rebuilt
 * since the snapshot of mysqldump, without an error, and only a look at each by its name tells.
 * @param query of a session of its own, that nobody uses until the dump is over
 * @returns what to call then; nothing where there are none
 */
export async function watchPartitions(
  query: Query,
  schema: string,
): Promise<{ refuseChanged(): Promise<void> } | undefined> {
  const partitions = await readPartitions(query, [schema]);
  const narrow = await readNarrow(query, schema);
  const tables = [...partitions].flatMap(([table, names]) => {
    const name = table.slice(schema.length + 1);
    return narrow.has(name) ? [{ schema, name, partitions: names }] : [];
  });
  if (tables.length === 0) return undefined;
  await waitForTables(query, WAIT_SECONDS);
  await query('SET SESSION TRANSACTION ISOLATION LEVEL REPEATABLE READ');
  await query('START TRANSACTION WITH CONSISTENT SNAPSHOT, READ ONLY');
  return {
    /** @throws `dump_failed` naming a table of which a partition is another than before the dump */
    refuseChanged: async () => {
      const release = await holdTogether(query, tables);
      await release();
    },
  };
}

/** Tables that have all columns of a row in one index, to which InnoDB adds those of the primary key. */
async function readNarrow(query: Query, schema: string): Promise<ReadonlySet<string>> {
  const columns = await query(
    `SELECT TABLE_NAME AS tab, COLUMN_NAME AS name FROM information_schema.COLUMNS
      WHERE ${inSchema('TABLE_SCHEMA')} AND GENERATION_EXPRESSION = ''`,
    [schema, schema],
  );
  const parts = await query(
    `SELECT TABLE_NAME AS tab, INDEX_NAME AS key_name, COLUMN_NAME AS name
       FROM information_schema.STATISTICS WHERE ${inSchema('TABLE_SCHEMA')}`,
    [schema, schema],
  );
  const wanted = Map.groupBy(columns, ({ tab }) => tab);
  const narrow = new Set<string>();
  for (const [table, ofTable] of Map.groupBy(parts, ({ tab }) => tab)) {
    const indexes = Map.groupBy(ofTable, ({ key_name }) => key_name);
    const primary = (indexes.get('PRIMARY') ?? []).map(({ name }) => name);
    const isNarrow = [...indexes.values()].some((index) => {
      const held = new Set([...primary, ...index.map(({ name }) => name)]);
      return (wanted.get(table) ?? []).every(({ name }) => held.has(name));
    });
    if (isNarrow) narrow.add(table ?? '');
  }
  return narrow;
}
