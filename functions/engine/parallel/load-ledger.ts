import { type Query, quoteName } from '../connection.ts';

/**
 * In the target while a restore fills it: what is noted here is loaded, and nothing else is. Its name is ours; a schema
 * that has a table of this name is not restored.
 */
const LEDGER_TABLE = 'safebase_restore_ledger';

/** One chunk of one table of a restore. */
export interface LedgerEntry {
  readonly restoreId: string;
  /** Place of the table in the manifest, and of the chunk in the table. */
  readonly table: number;
  readonly chunk: number;
}

/** Makes the ledger where it is not there yet. @param query of any session with the right to create tables there */
export async function makeLedger(query: Query, schema: string): Promise<void> {
  await query(
    `CREATE TABLE IF NOT EXISTS ${ledgerOf(schema)} (
       restore_id VARCHAR(64) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
       table_number INT UNSIGNED NOT NULL,
       chunk_number INT UNSIGNED NOT NULL,
       PRIMARY KEY (restore_id, table_number, chunk_number)
     ) ENGINE=InnoDB COMMENT='What SafeBase has restored so far; gone when the restore ends'`,
  );
}

/** @see LEDGER_TABLE */
export const dropLedger = async (query: Query, schema: string): Promise<void> => {
  await query(`DROP TABLE IF EXISTS ${ledgerOf(schema)}`);
};

/** What a restore has loaded so far, as `<table>/<chunk>`: what the next worker need not load again. */
export async function readLedger(
  query: Query,
  schema: string,
  restoreId: string,
): Promise<ReadonlySet<string>> {
  const rows = await query(
    `SELECT table_number AS tab, chunk_number AS chunk FROM ${ledgerOf(schema)} WHERE restore_id = ?`,
    [restoreId],
  );
  return new Set(rows.map(({ tab, chunk }) => `${tab}/${chunk}`));
}

/**
 * Loads a chunk exactly once, whoever dies when: the note and the rows are one transaction. Two workers that load the same
 * chunk wait for each other at the note, and the later one finds it there.
 * @param query of the session that `load` uses, of which nobody else has a transaction
 * @returns false where it was loaded before
 * @throws what `load` gives; and where the COMMIT got no answer, what broke the connection: then the ledger tells, on
 * another connection, after the server has ended this one
 */
export async function loadOnce(
  query: Query,
  schema: string,
  entry: LedgerEntry,
  load: () => Promise<void>,
): Promise<boolean> {
  await query('START TRANSACTION');
  try {
    // IGNORE gives a warning where the note is there; whether it was written is what counts.
    await query(`INSERT IGNORE INTO ${ledgerOf(schema)} VALUES (?, ?, ?)`, [
      entry.restoreId,
      entry.table,
      entry.chunk,
    ]);
    const [noted] = await query('SELECT ROW_COUNT() AS n');
    if (noted?.n !== '1') {
      await query('ROLLBACK');
      return false;
    }
    await load();
    await query('COMMIT');
    return true;
  } catch (error) {
    // Where the connection is gone, so is its transaction, unless it was committed.
    await query('ROLLBACK').catch(() => {});
    throw error;
  }
}

const ledgerOf = (schema: string): string => `${quoteName(schema)}.${quoteName(LEDGER_TABLE)}`;
