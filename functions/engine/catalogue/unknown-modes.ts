import { isCode, SafeBaseError } from '../../errors.ts';
import type { Query } from '../connection.ts';

/** ER_WRONG_VALUE_FOR_VAR. */
const UNKNOWN = 1231;

/**
 * Refuses a restore whose programs or views were made under a `sql_mode` that the target does not know, such as one that
 * newer servers have no more: it would stop behind all rows.
 * @param query of a session that is of no use for anything else then
 * @param modes as programs name them: words and commas
 * @throws `sql_mode_unknown` naming all of them
 */
export async function refuseUnknownModes(query: Query, modes: readonly string[]): Promise<void> {
  const unknown: string[] = [];
  for (const mode of new Set(modes)) {
    await query('SET SESSION sql_mode = ?', [mode]).catch((error: unknown) => {
      if (!isCode(error, 'query_failed') || error.details.errno !== UNKNOWN) throw error;
      unknown.push(mode);
    });
  }
  if (unknown.length === 0) return;
  throw new SafeBaseError(
    'sql_mode_unknown',
    `the target does not know the sql_mode ${unknown.join(' and ')}`,
    {
      details: { modes: unknown },
    },
  );
}
