import { createHash } from 'node:crypto';
import { SafeBaseError } from '../../errors.ts';
import type { Query } from '../connection.ts';
import type { ServerInfo } from '../contents.ts';

/**
 * A load holds a lock of the server as long as its connection stands. Where a worker died without a farewell, as a
 * sandbox of Lambda does, the server keeps that connection for hours, with locks on the tables that it was filling; the
 * next load finds it by this lock. A server's lock has a name of at most 64 characters.
 * @see https://dev.mysql.com/doc/refman/9.7/en/locking-functions.html
 */
export const loadLockName = (schema: string): string =>
  `safebase load ${createHash('sha256').update(schema).digest('hex').slice(0, 32)}`;

/** Fails where the lock is held, as a statement that is none: SQL outside of a program has no other way to stop. */
const takeOrFail = (name: string): string =>
  `SET @safebase_take = IF(GET_LOCK('${name}', 0) = 1, 'DO 0', 'another load holds this schema');\n`;
const RUN = `PREPARE safebase_take FROM @safebase_take;
EXECUTE safebase_take;
DEALLOCATE PREPARE safebase_take;
`;
/** Until MDEV-31325, a node of a Galera cluster refuses such locks (1235): there a load goes without. */
const unlessClustered = (sql: string): string =>
  `SET @safebase_take = IF((SELECT COUNT(*) FROM information_schema.GLOBAL_VARIABLES WHERE VARIABLE_NAME = 'WSREP_ON' AND VARIABLE_VALUE = 'ON') > 0, 'DO 0', "${sql.trim().replace(/;$/, '')}");\n`;

/** The statements with which a load takes its schema, for the load program. */
export function takeLoadLock(product: ServerInfo['product'], schema: string): string {
  const take = takeOrFail(loadLockName(schema));
  return product === 'mysql' ? `${take}${RUN}` : `${unlessClustered(take)}${RUN}${RUN}`;
}

/** The connection that loads into a schema now. @returns nothing where none does, or where such locks are refused */
export async function loadingConnection(query: Query, schema: string): Promise<string | undefined> {
  const [row] = await query('SELECT IS_USED_LOCK(?) AS holder', [loadLockName(schema)]).catch(
    (error: unknown) => {
      if (error instanceof SafeBaseError && error.details.errno === NOT_SUPPORTED) return [];
      throw error;
    },
  );
  return row?.holder ?? undefined;
}

const NOT_SUPPORTED = 1235;
const NO_SUCH_THREAD = 1094;
/** The killed connection first takes back what it had not committed. */
const ROLLBACK_SECONDS = 300;

/**
 * Ends the connection of an earlier load into a schema, and waits until its changes are taken back.
 * @throws `load_failed` where it stays, and what the server answers where it is another account's
 */
export async function endFormerLoad(query: Query, schema: string): Promise<void> {
  const name = loadLockName(schema);
  const ask = async (sql: string, accepted: number): Promise<string | null | undefined> => {
    try {
      const [row] = await query(sql, sql.includes('?') ? [name] : []);
      return row?.answer;
    } catch (error) {
      if (error instanceof SafeBaseError && error.details.errno === accepted) return undefined;
      throw error;
    }
  };
  const holder = await ask('SELECT IS_USED_LOCK(?) AS answer', NOT_SUPPORTED);
  if (holder === null || holder === undefined) return;
  await ask(`KILL CONNECTION ${Number(holder)}`, NO_SUCH_THREAD);
  if ((await ask(`SELECT GET_LOCK(?, ${ROLLBACK_SECONDS}) AS answer`, NOT_SUPPORTED)) === '1') {
    await ask('DO RELEASE_LOCK(?)', NOT_SUPPORTED);
    return;
  }
  throw new SafeBaseError('load_failed', `an earlier load into ${schema} still holds it`, {
    hint: `Wait until connection ${holder} is gone from SHOW PROCESSLIST, then restore again.`,
  });
}

/**
 * Takes a schema for a load over a session of our own, as long as that stands.
 * @throws `load_failed` where another load holds it
 */
export async function holdLoadLock(query: Query, schema: string): Promise<void> {
  const [row] = await query('SELECT GET_LOCK(?, 0) AS held', [loadLockName(schema)]).catch(
    (error: unknown) => {
      if (error instanceof SafeBaseError && error.details.errno === NOT_SUPPORTED) return [{ held: '1' }];
      throw error;
    },
  );
  if (row?.held !== '1') throw new SafeBaseError('load_failed', `another load holds the schema ${schema}`);
}
