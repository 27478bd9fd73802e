import type { Query } from '../connection.ts';

/** Whether a target takes rows from its clients by LOAD DATA LOCAL: MySQL does so only where it was told to. */
export async function takesLocalRows(query: Query): Promise<boolean> {
  const [row] = await query('SELECT @@GLOBAL.local_infile AS value');
  return row?.value === '1';
}
