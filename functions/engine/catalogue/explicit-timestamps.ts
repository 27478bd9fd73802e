import { SafeBaseError } from '../../errors.ts';
import type { Query } from '../connection.ts';

/** MariaDB's answer where it knows a variable for the whole server only: ER_GLOBAL_VARIABLE, or ER_INCORRECT_GLOBAL_LOCAL_VAR. */
const NOT_OF_A_SESSION = [1229, 1238];

/**
 * Refuses a target that would change what a CREATE TABLE says: without `explicit_defaults_for_timestamp`, a server gives
 * defaults to TIMESTAMP columns that have none, and older ones let no session ask otherwise. Sets it for this session.
 * @throws `timestamps_implicit`
 * @see https://jira.mariadb.org/browse/MDEV-29225
 */
export async function requireExplicitTimestamps(query: Query): Promise<void> {
  const [row] = await query('SELECT @@explicit_defaults_for_timestamp AS value');
  if (row?.value === '1') return;
  try {
    await query('SET SESSION explicit_defaults_for_timestamp = 1');
  } catch (error) {
    const isFixed =
      error instanceof SafeBaseError && NOT_OF_A_SESSION.some((errno) => errno === error.details.errno);
    if (!isFixed) throw error;
    throw new SafeBaseError(
      'timestamps_implicit',
      'the target has explicit_defaults_for_timestamp = OFF, and lets no session change it',
    );
  }
}
