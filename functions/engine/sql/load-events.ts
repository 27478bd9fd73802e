import type { LoadedSchema, LoadViewsInput } from './format-sql.ts';
import { runHeldStatements } from './run-held-statements.ts';

type LoadEventsInput = Omit<LoadViewsInput, 'views'> & {
  readonly loaded: Pick<LoadedSchema, 'events' | 'databaseCollation'>;
};

/**
 * Makes the events of a schema anew that ran at its source, exactly as they were; from then on they run. Nothing but
 * this is exact: an ALTER EVENT that enables one gives it a definer, an sql_mode and a time zone of the session.
 * @throws `load_failed`, or the code of the server's answer; the reason of the signal
 */
export const loadEvents = ({ loaded, ...input }: LoadEventsInput): Promise<void> =>
  runHeldStatements({ ...input, statements: loaded.events, finally: loaded.databaseCollation });
