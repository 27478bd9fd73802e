import { SafeBaseError } from '../../errors.ts';
import type { Query } from '../connection.ts';

/** Refuses a target that takes no rows from its clients. @throws `local_infile_off` */
export async function requireLocalInfile(query: Query): Promise<void> {
  const [row] = await query('SELECT @@GLOBAL.local_infile AS value');
  if (row?.value === '1') return;
  throw new SafeBaseError('local_infile_off', 'the target has local_infile = OFF');
}
