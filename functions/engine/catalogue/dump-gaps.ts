import { SafeBaseError } from '../../errors.ts';
import type { Query } from '../connection.ts';
import type { SchemaSurvey } from './schemas.ts';
import type { Server } from './server.ts';
import { isAtLeast } from './server-support.ts';

/** What a session is not limited to: no limit on rows is the largest number there is. */
const NO_LIMIT = '18446744073709551615';

/**
 * Refuses sessions that see only some of the rows, or of their columns: the dump tools would leave out the others and end well. Programs of
 * the same account get the same settings, from the server or from its `init_connect`. Nothing that was read before
 * can be trusted either.
 * @throws `reads_limited` naming the setting
 */
export async function refuseLimitedReads(query: Query): Promise<void> {
  const [limit] = await query('SELECT @@session.sql_select_limit AS value');
  if (limit?.value !== NO_LIMIT) throw limited('sql_select_limit', limit?.value);
  // MariaDB alone knows it: rows of system-versioned tables as they were at another time.
  const [asOf] = await query("SHOW SESSION VARIABLES LIKE 'system\\_versioning\\_asof'");
  if (asOf !== undefined && asOf.value !== 'DEFAULT') throw limited('system_versioning_asof', asOf.value);
  // MySQL alone knows it: invisible keys that the server has made by itself are in no answer.
  const [keys] = await query(`SHOW SESSION VARIABLES LIKE '${SHOWS_KEYS}'`);
  if (keys !== undefined && keys.value !== 'ON') throw limited(SHOWS_KEYS, keys.value);
}

const SHOWS_KEYS = 'show_gipk_in_create_table_and_information_schema';

const limited = (setting: string, value: string | null | undefined): SafeBaseError =>
  new SafeBaseError('reads_limited', `new sessions of this account have ${setting} = ${value ?? 'nothing'}`);

/**
 * Refuses a broken view whose name, to the dump tools, is that of another table or view: they compare the names that
 * they are to leave out without regard to case and accents, and would leave out the other too, rows and all.
 * @throws `name_not_dumpable` naming both
 */
export async function refuseAmbiguousNames(
  query: Query,
  server: Server,
  schemas: readonly SchemaSurvey[],
): Promise<void> {
  const collation =
    server.info.product === 'mysql' && isAtLeast(server.version, 8)
      ? 'utf8mb4_0900_ai_ci'
      : 'utf8mb4_general_ci';
  const name = 'CONVERT(TABLE_NAME USING utf8mb4)';
  for (const { contents } of schemas) {
    for (const view of contents.brokenViews) {
      const [other] = await query(
        `SELECT TABLE_NAME AS name FROM information_schema.TABLES
          WHERE TABLE_SCHEMA = ? AND ${name} = CONVERT(? USING utf8mb4) COLLATE ${collation}
            AND CAST(${name} AS BINARY) <> CAST(CONVERT(? USING utf8mb4) AS BINARY) LIMIT 1`,
        [contents.name, view.name, view.name],
      );
      if (other === undefined) continue;
      throw new SafeBaseError(
        'name_not_dumpable',
        `leaving out the broken view ${contents.name}.${view.name} would leave out ${contents.name}.${other.name} too`,
        { hint: 'Repair, rename or drop the view.' },
      );
    }
  }
}
