import { SafeBaseError } from '../../errors.ts';
import { type Query, quoteName } from '../connection.ts';
import type { OutsideNeed } from '../sql/format-sql.ts';
import { refuseMissing } from './backup-rights.ts';
import type { Grants } from './grants.ts';

/** ER_BAD_DB_ERROR, ER_NO_SUCH_TABLE. */
const NOT_THERE = [1049, 1146];

/**
 * Refuses a restore whose views or foreign keys could not be made, for what they need of other schemas of the target:
 * views come last, when everything that stood there has been dropped.
 * @param grants of the session's account
 * @throws `insufficient_privileges` with the statements that grant it, `outside_missing`
 */
export async function refuseUnmetNeeds(
  query: Query,
  grants: Grants,
  needs: readonly OutsideNeed[],
): Promise<void> {
  const missing = new Set<string>();
  for (const need of distinct(needs)) {
    const { schema, table, right } = need;
    const isMet = right === 'SELECT' ? await canRead(query, need) : grants.holdsOnTable(schema, table, right);
    if (!isMet)
      missing.add(`GRANT ${right} ON ${quoteName(schema)}.${quoteName(table)} TO ${grants.account}`);
  }
  refuseMissing(grants, [...missing]);
}

const distinct = (needs: readonly OutsideNeed[]): Iterable<OutsideNeed> =>
  new Map(
    needs.map((need) => [JSON.stringify([need.schema, need.table, need.right]), need] as const),
  ).values();

async function canRead(query: Query, { by, schema, table }: OutsideNeed): Promise<boolean> {
  try {
    await query(`SELECT 1 FROM ${quoteName(schema)}.${quoteName(table)} LIMIT 0`);
    return true;
  } catch (error) {
    if (!(error instanceof SafeBaseError)) throw error;
    if (error.code === 'insufficient_privileges') return false;
    if (!NOT_THERE.some((errno) => errno === error.details.errno)) throw error;
    throw new SafeBaseError(
      'outside_missing',
      `${by} reads ${schema}.${table}, which the target does not have`,
    );
  }
}
