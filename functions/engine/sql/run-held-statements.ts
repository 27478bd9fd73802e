import { SafeBaseError } from '../../errors.ts';
import { quoteName } from '../connection.ts';
import { throwIfOver, withOpen } from '../deadline.ts';
import type { HeldStatement, OpenSession, SessionSettings, StatementSession } from './format-sql.ts';

interface RunInput {
  readonly openSession: OpenSession;
  readonly targetSchema: string;
  readonly statements: readonly HeldStatement[];
  /** How the dump leaves the schema's own character set, where it switched it. */
  readonly finally?: SessionSettings['databaseCollation'] | undefined;
  readonly signal: AbortSignal;
}

/** The session in which ASCII and the names of schemas mean what they say. */
const PLAIN: SessionSettings = {
  sqlMode: '',
  characterSetClient: 'utf8mb4',
  collationConnection: 'utf8mb4_general_ci',
  timeZone: '+00:00',
};

/**
 * Runs statements one by one, each in the session that it was written for, over a connection that takes a single
 * statement at a time: whatever stands behind a `;` in the body of a program cannot run.
 * @throws `load_failed`, or the code of the server's answer; the reason of the signal
 */
export async function runHeldStatements(input: RunInput): Promise<void> {
  const { statements, signal } = input;
  if (statements.length === 0) return;
  const open = () => input.openSession(input.targetSchema);
  await withOpen(signal, open, (session) => runAll(session, input));
}

async function runAll(session: StatementSession, input: RunInput): Promise<void> {
  await switchTo(session, PLAIN);
  let current = PLAIN;
  let collation: SessionSettings['databaseCollation'];
  const toCollation = async (wanted: SessionSettings['databaseCollation']) => {
    if (wanted === undefined || sameCollation(wanted, collation)) return;
    if (current !== PLAIN) await switchTo(session, PLAIN);
    current = PLAIN;
    const alter = `ALTER DATABASE ${quoteName(input.targetSchema)} CHARACTER SET ${wanted.characterSet}`;
    await session.run(Buffer.from(`${alter} COLLATE ${wanted.collation}`));
    collation = wanted;
  };
  for (const held of input.statements) {
    throwIfOver(input.signal);
    await toCollation(held.session.databaseCollation);
    if (!sameSession(current, held.session)) await switchTo(session, held.session);
    current = held.session;
    if (held.mayBeOver) await setClock(session, BEFORE_ALL_TIMES);
    await session.run(held.text).catch((error: unknown) => {
      throw failedObject(held.object, error);
    });
    if (held.mayBeOver) await setClock(session, 'DEFAULT');
  }
  await toCollation(input.finally);
}

/** The values were checked when the dump was read: words, numbers, signs and commas. */
const switchTo = (session: StatementSession, wanted: SessionSettings): Promise<void> =>
  session.run(
    Buffer.from(
      `SET sql_mode='${wanted.sqlMode}', character_set_client=${wanted.characterSetClient}, ` +
        `collation_connection=${wanted.collationConnection}, time_zone='${wanted.timeZone}'`,
    ),
  );

/** Seconds since the epoch. */
const BEFORE_ALL_TIMES = '1';

/**
 * What time it is to the session. MariaDB may forbid to set it (`secure_timestamp`); that matters only to an event whose
 * time is over, and is then seen when events are counted.
 */
const setClock = (session: StatementSession, time: string): Promise<void> =>
  session.run(Buffer.from(`SET timestamp=${time}`)).catch(() => {});

const sameSession = (one: SessionSettings, other: SessionSettings): boolean =>
  one.sqlMode === other.sqlMode &&
  one.characterSetClient === other.characterSetClient &&
  one.collationConnection === other.collationConnection &&
  one.timeZone === other.timeZone;

const sameCollation = (
  one: NonNullable<SessionSettings['databaseCollation']>,
  other: SessionSettings['databaseCollation'],
): boolean => one.characterSet === other?.characterSet && one.collation === other.collation;

/** Says what could not be made. @param object such as "view `v`" */
export function failedObject(object: string, error: unknown): unknown {
  if (!(error instanceof SafeBaseError)) return error;
  const code = error.code === 'query_failed' ? 'load_failed' : error.code;
  return new SafeBaseError(code, `${object} could not be made: ${error.message}`, {
    cause: error,
    hint: error.hint,
    details: error.details,
  });
}
