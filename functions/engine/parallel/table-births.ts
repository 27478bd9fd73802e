import { isCode, SafeBaseError } from '../../errors.ts';
import { inSchema } from '../catalogue/object-counts.ts';
import type { Query } from '../connection.ts';

/** MariaDB. */
const UNKNOWN_VARIABLE = 1193;

/** When a table was made or last changed, and about how many bytes its rows take, as the server estimates that. */
interface TableBirth {
  readonly born: string;
  readonly bytes: number;
}

/** By `schema.name`. */
export type TableBirths = ReadonlyMap<string, TableBirth>;

/**
 * Reads when the tables of schemas were made, of the engine whose old rows a snapshot shows: where a tool for online
 * changes puts one table in the place of another, the new one is whole, and in an older snapshot it is not.
 */
export async function readTableBirths(query: Query, schemas: readonly string[]): Promise<TableBirths> {
  // MySQL would tell what it was up to a day ago.
  await query('SET SESSION information_schema_stats_expiry = 0').catch((error: unknown) => {
    if (!isCode(error, 'query_failed') || error.details.errno !== UNKNOWN_VARIABLE) throw error;
  });
  const births = new Map<string, TableBirth>();
  for (const schema of schemas) {
    const tables = await query(
      `SELECT TABLE_NAME AS name, CREATE_TIME AS born, DATA_LENGTH AS bytes FROM information_schema.TABLES
        WHERE ${inSchema('TABLE_SCHEMA')} AND ENGINE = 'InnoDB' AND TABLE_TYPE IN ('BASE TABLE', 'SYSTEM VERSIONED')`,
      [schema, schema],
    );
    for (const { name, born, bytes } of tables) {
      births.set(`${schema}.${name}`, { born: born ?? '', bytes: Number(bytes ?? 0) });
    }
  }
  return births;
}

/** @throws `dump_failed` naming a table that is another than before, as `holdTables` does */
export function refuseOtherBirths(before: TableBirths, now: TableBirths): void {
  for (const name of new Set([...before.keys(), ...now.keys()])) {
    if (before.get(name)?.born === now.get(name)?.born) continue;
    throw changedSince(name);
  }
}

/** As a server says it of a table that is another than in its snapshot. */
export const changedSince = (name: string): SafeBaseError =>
  new SafeBaseError('dump_failed', `table ${name} was changed while it was to be dumped`, {
    hint: 'Run again while nobody changes tables.',
    details: { errno: CHANGED },
  });

/** ER_TABLE_DEF_CHANGED. */
const CHANGED = 1412;
