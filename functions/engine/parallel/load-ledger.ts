import { SafeBaseError } from '../../errors.ts';
import { type Query, quoteName } from '../connection.ts';

/** In the target schema while a restore fills it: what is noted there is done, and nothing else is. */
export interface Ledger {
  readonly schema: string;
  /** Of the restore whose notes these are: a schema may come from a backup that was made amid another one. */
  readonly restoreId: string;
}

/** The name of its table, which is ours alone. */
export const ledgerTable = (restoreId: string): string => `safebase_restore_${restoreId.toLowerCase()}`;

/** Makes it where it is not there yet. @param query of any session with the right to create tables there */
export async function makeLedger(query: Query, ledger: Ledger): Promise<void> {
  await query(
    `CREATE TABLE IF NOT EXISTS ${nameOf(ledger)} (
       step VARCHAR(64) CHARACTER SET ascii COLLATE ascii_bin NOT NULL PRIMARY KEY
     ) ENGINE=InnoDB COMMENT='What SafeBase has restored so far; gone when the restore ends'`,
  );
}

/** @see Ledger */
export const dropLedger = async (query: Query, ledger: Ledger): Promise<void> => {
  await query(`DROP TABLE IF EXISTS ${nameOf(ledger)}`);
};

/** The server has no such table (1146), or no such schema (1049, MySQL). */
const IS_NOT_THERE: ReadonlySet<unknown> = new Set([1146, 1049]);

/** What a restore has done so far. @returns nothing where it has no ledger there */
export async function readLedger(query: Query, ledger: Ledger): Promise<ReadonlySet<string> | undefined> {
  try {
    const rows = await query(`SELECT step FROM ${nameOf(ledger)}`);
    return new Set(rows.map(({ step }) => step ?? ''));
  } catch (error) {
    if (!(error instanceof SafeBaseError) || !IS_NOT_THERE.has(error.details.errno)) throw error;
    return undefined;
  }
}

/** Notes what no transaction can take back, once it is done. */
export const note = (query: Query, ledger: Ledger, step: string): Promise<boolean> =>
  doOnce(query, ledger, step, async () => {});

/** Takes notes back, all at once. @param prefixes of the steps: letters, digits and `/`; an empty one is of all */
export async function forget(query: Query, ledger: Ledger, ...prefixes: readonly string[]): Promise<void> {
  const isOne = prefixes.map(() => 'step LIKE ?').join(' OR ');
  await query('START TRANSACTION');
  await query(
    `DELETE FROM ${nameOf(ledger)} WHERE ${isOne}`,
    prefixes.map((prefix) => `${prefix}%`),
  );
  await query('COMMIT');
}

/**
 * Does a step exactly once, whoever dies when: the note and what `work` stores are one transaction. Two workers that do
 * the same step wait for each other at the note, and the later one finds it there.
 * @param query of the session that `work` uses, of which nobody else has a transaction
 * @returns false where it was done before
 * @throws what `work` gives; and where the COMMIT got no answer, what broke the connection: then the ledger tells, on
 * another connection, after the server has ended this one
 */
export async function doOnce(
  query: Query,
  ledger: Ledger,
  step: string,
  work: () => Promise<void>,
): Promise<boolean> {
  await query('START TRANSACTION');
  try {
    // IGNORE gives a warning where the note is there; whether it was written is what counts.
    await query(`INSERT IGNORE INTO ${nameOf(ledger)} VALUES (?)`, [step]);
    const [noted] = await query('SELECT ROW_COUNT() AS n');
    if (noted?.n !== '1') {
      await query('ROLLBACK');
      return false;
    }
    await work();
    await query('COMMIT');
    return true;
  } catch (error) {
    // Where the connection is gone, so is its transaction, unless it was committed.
    await query('ROLLBACK').catch(() => {});
    throw error;
  }
}

const nameOf = ({ schema, restoreId }: Ledger): string =>
  `${quoteName(schema)}.${quoteName(ledgerTable(restoreId))}`;
