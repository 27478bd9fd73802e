import { isCode, SafeBaseError } from '../../errors.ts';
import { type Query, quoteName } from '../connection.ts';

/** ER_UNKNOWN_COLLATION. */
const UNKNOWN = 1273;

/**
 * Refuses a restore whose tables, views or programs name collations that the target does not have. The target is asked
 * for each: its list leaves out older names that it takes all the same.
 * @throws `collation_unknown` naming all of them
 */
export async function refuseUnknownCollations(query: Query, names: readonly string[]): Promise<void> {
  const unknown: string[] = [];
  for (const name of new Set(names)) if (!(await isKnown(query, name))) unknown.push(name);
  if (unknown.length === 0) return;
  throw new SafeBaseError('collation_unknown', `the target has no collation ${unknown.join(', ')}`, {
    details: { collations: unknown },
  });
}

/** One of another character set than that of the text is known as well, and is another error. */
async function isKnown(query: Query, name: string): Promise<boolean> {
  try {
    await query(`SELECT '' COLLATE ${quoteName(name)}`);
    return true;
  } catch (error) {
    if (!isCode(error, 'query_failed')) throw error;
    return error.details.errno !== UNKNOWN;
  }
}
