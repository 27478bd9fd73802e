import { SafeBaseError } from '../../errors.ts';
import { type Query, quoteName } from '../connection.ts';
import { inSchema } from './object-counts.ts';
import type { SchemaSurvey } from './schemas.ts';
import type { Server } from './server.ts';

/**
 * Refuses what makes the dump tools hang or stop. Needs the EVENT right: without it there are no events to see.
 * @throws `event_delimiter` naming the events; `name_not_dumpable` naming the schema
 */
export async function refuseDumpHangs(
  query: Query,
  server: Server,
  schemas: readonly SchemaSurvey[],
): Promise<void> {
  for (const { contents } of schemas) {
    if (contents.counts.events === 0) continue;
    // mariadb-dump --events puts such a name into SHOW EVENTS as if it were another one, and stops with 1049.
    if (server.info.product === 'mariadb' && /['"\\]/.test(contents.name)) {
      throw new SafeBaseError(
        'name_not_dumpable',
        `mariadb-dump cannot read the events of the schema ${contents.name}, whose name holds a quote or backslash`,
        { hint: 'Move the events to a schema with a plain name.' },
      );
    }
    const hanging = await findEventsWithDelimiter(query, contents.name);
    if (hanging.length === 0) continue;
    throw new SafeBaseError('event_delimiter', `;; stands in ${hanging.join(', ')}`, {
      details: { events: hanging },
    });
  }
}

/**
 * Both makers' tools look for a delimiter that does not occur in the text of an event, and never find one where the
 * text holds `;;`: anywhere in it, also in the name or comment. So the very text that they read is looked at.
 */
async function findEventsWithDelimiter(query: Query, schema: string): Promise<readonly string[]> {
  const events = await query(
    `SELECT EVENT_NAME AS name FROM information_schema.EVENTS WHERE ${inSchema('EVENT_SCHEMA')} ORDER BY EVENT_NAME`,
    [schema, schema],
  );
  const hanging: string[] = [];
  for (const { name } of events) {
    const event = `${quoteName(schema)}.${quoteName(name ?? '')}`;
    const [shown] = await query(`SHOW CREATE EVENT ${event}`);
    if (shown?.['create event']?.includes(';;') !== false) hanging.push(event);
  }
  return hanging;
}
