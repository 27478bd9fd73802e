import type { Query } from '../connection.ts';
import { inSchema } from './object-counts.ts';

/**
 * Names the events of a schema whose time is over: one day that has passed, or an end that has. A server drops such an
 * event in the moment in which it is enabled, or runs it once more, years late.
 */
export async function findOverEvents(query: Query, schema: string): Promise<ReadonlySet<string>> {
  const rows = await query(
    `SELECT EVENT_NAME AS name FROM information_schema.EVENTS WHERE ${inSchema('EVENT_SCHEMA')}
        AND CONVERT_TZ(COALESCE(EXECUTE_AT, ENDS), TIME_ZONE, '+00:00') <= UTC_TIMESTAMP()`,
    [schema, schema],
  );
  return new Set(rows.map(({ name }) => name ?? ''));
}
