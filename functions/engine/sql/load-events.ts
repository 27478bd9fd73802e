import type { LoadedSchema, LoadViewsInput } from './format-sql.ts';
import { runHeldStatements } from './run-held-statements.ts';

type LoadEventsInput = Omit<LoadViewsInput, 'views'> & {
  readonly loaded: Pick<LoadedSchema, 'events' | 'databaseCollation'>;
  /** Names of those that stay as they stand. */
  readonly except: ReadonlySet<string>;
};

/**
 * Makes the events of a schema anew that ran at its source, exactly as they were; from then on they run. Nothing but
 * this is exact: an ALTER EVENT that enables one gives it a definer, an sql_mode and a time zone of the session.
 * @throws `load_failed`, or the code of the server's answer; the reason of the signal
 */
export async function loadEvents({ loaded, except, ...input }: LoadEventsInput): Promise<void> {
  const wanted = loaded.events.filter(({ name }) => !except.has(name));
  const statements = wanted.flatMap((event) => event.statements);
  await runHeldStatements({ ...input, statements, finally: loaded.databaseCollation });
}
