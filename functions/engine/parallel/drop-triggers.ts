import { inSchema } from '../catalogue/object-counts.ts';
import { type Query, quoteName } from '../connection.ts';

/** Drops what a worker has made of the triggers of a schema before it died: no statement of the backup does. */
export async function dropTriggers(query: Query, schema: string): Promise<void> {
  const triggers = await query(
    `SELECT TRIGGER_NAME AS name FROM information_schema.TRIGGERS WHERE ${inSchema('TRIGGER_SCHEMA')}`,
    [schema, schema],
  );
  for (const { name } of triggers) {
    await query(`DROP TRIGGER ${quoteName(schema)}.${quoteName(name ?? '')}`);
  }
}
