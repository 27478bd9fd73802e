import type { Query } from '../connection.ts';
import { inSchema } from './object-counts.ts';

/** The storage engines of the server that have transactions, as it writes them. */
export async function readTransactionalEngines(query: Query): Promise<ReadonlySet<string>> {
  const engines = await query(
    `SELECT ENGINE AS engine FROM information_schema.ENGINES WHERE TRANSACTIONS = 'YES'`,
  );
  return new Set(engines.map(({ engine }) => engine ?? ''));
}

/** The tables of a schema, and whether what is stored in each can be taken back. */
export async function readTransactions(query: Query, schema: string): Promise<ReadonlyMap<string, boolean>> {
  const transactional = await readTransactionalEngines(query);
  const tables = await query(
    `SELECT TABLE_NAME AS name, ENGINE AS engine FROM information_schema.TABLES
      WHERE ${inSchema('TABLE_SCHEMA')} AND TABLE_TYPE IN ('BASE TABLE', 'SYSTEM VERSIONED')`,
    [schema, schema],
  );
  return new Map(tables.map(({ name, engine }) => [name ?? '', transactional.has(engine ?? '')]));
}
