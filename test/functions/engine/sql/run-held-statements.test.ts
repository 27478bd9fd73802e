import type { HeldStatement, SessionSettings } from '../../../../functions/engine/sql/format-sql.ts';
import { runHeldStatements } from '../../../../functions/engine/sql/run-held-statements.ts';
import { SafeBaseError } from '../../../../functions/errors.ts';

const SESSION: SessionSettings = {
  sqlMode: 'ORACLE',
  characterSetClient: 'latin1',
  collationConnection: 'latin1_swedish_ci',
  timeZone: 'SYSTEM',
};
const held = (text: string, session: SessionSettings = SESSION): HeldStatement => ({
  object: `procedure \`${text}\``,
  text: Buffer.from(text),
  session,
});

async function run(statements: readonly HeldStatement[], fails?: (statement: string) => void) {
  const log: string[] = [];
  const openSession = async (schema: string) => {
    log.push(`open ${schema}`);
    return {
      run: async (statement: Buffer) => {
        log.push(statement.toString());
        fails?.(statement.toString());
      },
      close: async () => {
        log.push('close');
      },
    };
  };
  const collation = { characterSet: 'utf8mb4', collation: 'utf8mb4_bin' };
  const signal = new AbortController().signal;
  const input = { openSession, targetSchema: 'a`b', statements, signal, finally: collation };
  const failure = await runHeldStatements(input).catch((error: unknown) => error);
  return { log, failure };
}

const PLAIN =
  "SET sql_mode='', character_set_client=utf8mb4, collation_connection=utf8mb4_general_ci, time_zone='+00:00'";
const OWN =
  "SET sql_mode='ORACLE', character_set_client=latin1, collation_connection=latin1_swedish_ci, time_zone='SYSTEM'";
const FINALLY = 'ALTER DATABASE `a``b` CHARACTER SET utf8mb4 COLLATE utf8mb4_bin';

describe('runHeldStatements', () => {
  it('sets each session once for all statements that want it', async () => {
    const { log } = await run([held('one'), held('two')]);
    expect(log).toEqual(['open a`b', PLAIN, OWN, 'one', 'two', PLAIN, FINALLY, 'close']);
  });

  it('switches the character set of the schema where the dump did, in a plain session, and back', async () => {
    const databaseCollation = { characterSet: 'latin1', collation: 'latin1_bin' };
    const { log } = await run([held('one'), held('two', { ...SESSION, databaseCollation })]);
    const switched = 'ALTER DATABASE `a``b` CHARACTER SET latin1 COLLATE latin1_bin';
    expect(log).toEqual([
      'open a`b',
      PLAIN,
      OWN,
      'one',
      PLAIN,
      switched,
      OWN,
      'two',
      PLAIN,
      FINALLY,
      'close',
    ]);
  });

  it('makes an event whose time may be over before that time, and goes on where the clock may not be set', async () => {
    const clock = (time: string) => `SET timestamp=${time}`;
    const { log, failure } = await run([{ ...held('once'), mayBeOver: true }, held('two')], (statement) => {
      if (statement.startsWith('SET timestamp')) throw new SafeBaseError('query_failed', 'secure_timestamp');
    });
    expect(failure).toBeUndefined();
    expect(log.slice(2, -3)).toEqual([OWN, clock('1'), 'once', clock('DEFAULT'), 'two']);
  });

  it('opens no connection for nothing', async () => {
    expect((await run([])).log).toEqual([]);
  });

  it.each([
    ['query_failed', 'load_failed'],
    ['insufficient_privileges', 'insufficient_privileges'],
  ] as const)('stops at the first error, names the object, and tells %s as %s', async (code, told) => {
    const { log, failure } = await run([held('one'), held('two')], (statement) => {
      if (statement === 'one') throw new SafeBaseError(code, 'error 1064');
    });
    expect(failure).toMatchObject({ code: told, message: 'procedure `one` could not be made: error 1064' });
    expect(log).toEqual(['open a`b', PLAIN, OWN, 'one', 'close']);
  });
});
