import { SafeBaseError } from '../../errors.ts';
import type { Query } from '../connection.ts';

/**
 * Refuses a target that gives tables without a primary key an invisible one: they would be others than in the backup, and
 * the rows that they hold would not tell. Turning that off for a session takes a right that few accounts have.
 * @throws `keys_generated`
 * @see https://dev.mysql.com/doc/refman/9.7/en/create-table-gipks.html
 */
export async function refuseGeneratedKeys(query: Query): Promise<void> {
  const [row] = await query("SHOW SESSION VARIABLES LIKE 'sql\\_generate\\_invisible\\_primary\\_key'");
  if (row?.value !== 'ON') return;
  throw new SafeBaseError('keys_generated', 'the target has sql_generate_invisible_primary_key = ON');
}
