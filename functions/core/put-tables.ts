import { setTimeout as wait } from 'node:timers/promises';
import { inSchema, isSchemaEmpty, schemaExists } from '../engine/catalogue/object-counts.ts';
import { type Endpoint, type Query, quoteName } from '../engine/connection.ts';
import { endingWith, withOpen } from '../engine/deadline.ts';
import { endFormerLoad } from '../engine/sql/load-lock.ts';
import { isCode, SafeBaseError } from '../errors.ts';
import { type MadeBefore, prefixOf } from './chosen-tables.ts';
import type { HeldRun } from './hold-run.ts';
import type { SchemaRestore } from './plan-restore.ts';
import type { LoadSession, Log, SqlConnector } from './ports.ts';
import { defaultsOf } from './prepare-target.ts';
import type { RestoreWork } from './restore-work.ts';
import type { Restore } from './run.ts';
import { withSession } from './with-session.ts';

/**
 * Makes the target ready for tables that are put beside what it holds: the schema where there is none, sequences where
 * they lack. A sequence gets its name once it has its value.
 * @throws what the server answers, the reason of the signal
 */
export async function prepareTables(
  { ports, held, endpoint, plan, made }: RestoreWork,
  { target, contents, tables }: SchemaRestore,
): Promise<void> {
  const { signal } = held;
  await withSession(ports.connector, endpoint, signal, async (query) => {
    await endFormerLoad(query, target);
    if (await schemaExists(query, target)) return;
    await query(`CREATE DATABASE ${quoteName(target)} ${defaultsOf(contents, plan.server.info.product)}`);
    made.schemas.push(target);
  });
  const open = () => ports.connector.openStatements(endpoint, target);
  await withOpen(signal, open, async ({ run }) => {
    for (const { name, loadedAs, statements } of tables?.sequences ?? []) {
      for (const { text, name: place } of statements) {
        const before = text.subarray(0, place.start);
        await run(Buffer.concat([before, Buffer.from(quoteName(loadedAs)), text.subarray(place.end)]));
      }
      await run(Buffer.from(`RENAME TABLE ${quoteName(loadedAs)} TO ${quoteName(name)}`));
      made.sequences.push({ schema: target, name });
    }
  });
}

/** Whoever uses a table that a foreign key refers to waits behind us for at most so long (s), so often, after pauses (ms). */
const LOCK_WAIT_SECONDS = 2;
const ATTEMPTS = 20;
const PAUSE_MS = 3_000;
/** ER_LOCK_WAIT_TIMEOUT, ER_TABLE_EXISTS_ERROR. */
const LOCK_WAIT_TIMEOUT = 1205;
const TABLE_EXISTS = 1050;

/**
 * Gives all tables of the plan their names, by one statement. It never touches what is there: where a name is taken
 * meanwhile, none gets its own.
 * @throws `target_object_exists`, what the server answers, the reason of the signal
 */
export async function putTablesInPlace({ ports, held, endpoint, plan, made }: RestoreWork): Promise<void> {
  const moves = plan.schemas.flatMap(({ target, tables }) =>
    (tables?.tables ?? []).map(({ loadedAs, as }) => ({ schema: target, from: loadedAs, to: as })),
  );
  if (moves.length === 0) return;
  // One that was taken over stops here.
  await held.save();
  const renames = moves.map(({ schema, from, to }) => {
    const in_ = quoteName(schema);
    return `${in_}.${quoteName(from)} TO ${in_}.${quoteName(to)}`;
  });
  const { signal } = held;
  const inSession = (use: (query: Query) => Promise<void>) =>
    withSession(ports.connector, endpoint, signal, use);
  await inSession(async (query) => {
    await query(`SET SESSION lock_wait_timeout = ${LOCK_WAIT_SECONDS}`);
    made.isPutting = true;
    for (let attempt = 1; ; attempt += 1) {
      try {
        await query(`RENAME TABLE ${renames.join(', ')}`);
        return;
      } catch (error) {
        const errno = error instanceof SafeBaseError ? error.details.errno : undefined;
        // An answer tells that none has its name; without one, that may be.
        made.isPutting = errno === undefined;
        if (errno === TABLE_EXISTS) throw nameTaken(error);
        if (errno !== LOCK_WAIT_TIMEOUT || attempt === ATTEMPTS) throw error;
      }
      await wait(PAUSE_MS, undefined, { signal });
    }
  }).catch(async (error: unknown) => {
    if (!made.isPutting || signal.aborted) throw error;
    // The answer was lost: all have their names, or none.
    await inSession(async (query) => {
      const left = await Promise.all(moves.map(({ schema, from }) => readLeft(query, schema, from)));
      made.isPutting = left.flat().length === 0;
      if (!made.isPutting) throw error;
    });
  });
}

const nameTaken = (cause: unknown): SafeBaseError =>
  new SafeBaseError('target_object_exists', 'a table of that name has been made meanwhile', { cause });

/** A session that makes and fills tables beside others, and lets nobody wait long behind it. */
export async function openBeside(
  connector: SqlConnector,
  endpoint: Endpoint,
  schema: string,
): Promise<LoadSession> {
  const session = await connector.openLoad(endpoint, schema);
  await session.query(`SET SESSION lock_wait_timeout = ${LOCK_WAIT_SECONDS}`);
  return session;
}

/** A run must not hang at its end on a server that does not answer. */
const TAKE_BACK_MS = 20_000;

interface TakeBackInput {
  /** Of its own: those of the run begin nothing any more. */
  readonly connector: SqlConnector;
  readonly endpoint: Endpoint;
  readonly held: Pick<HeldRun<Restore>, 'run' | 'signal'>;
  readonly log: Log;
  readonly made: MadeBefore;
}

/** Does the work of a restore of tables; where that fails, drops what it has made, and nothing else. */
export async function takingBack<T>(input: TakeBackInput, work: () => Promise<T>): Promise<T> {
  const { held, log } = input;
  try {
    return await work();
  } catch (error) {
    // Once taken over, what is there may be the next worker's.
    const isFenced = held.signal.aborted && isCode(held.signal.reason, 'fenced');
    if (held.run.tables !== undefined && !held.run.dryRun && !isFenced) {
      const late = AbortSignal.timeout(TAKE_BACK_MS);
      await endingWith(late, takeBack(input, late)).catch((reason: unknown) => {
        log.error('tables of this restore may be left', { prefix: prefixOf(held.run.id), error: reason });
      });
    }
    throw error;
  }
}

async function takeBack(
  { connector, endpoint, held, made }: TakeBackInput,
  late: AbortSignal,
): Promise<void> {
  const { id, schemas } = held.run;
  await withSession(connector, endpoint, late, async (query) => {
    // Among themselves they go in any order; a table that one of them refers to may be in use.
    await query(`SET SESSION foreign_key_checks = 0, lock_wait_timeout = ${LOCK_WAIT_SECONDS}`);
    for (const schema of new Set(Object.values(schemas))) {
      for (const { name, kind } of await readLeft(query, schema, prefixOf(id))) {
        await query(
          `DROP ${kind === 'SEQUENCE' ? 'SEQUENCE' : 'TABLE'} ${quoteName(schema)}.${quoteName(name)}`,
        );
      }
    }
    if (made.isPutting) return;
    for (const { schema, name } of made.sequences) {
      await query(`DROP SEQUENCE ${quoteName(schema)}.${quoteName(name)}`);
    }
    for (const schema of made.schemas) {
      if (await isSchemaEmpty(query, schema)) await query(`DROP DATABASE ${quoteName(schema)}`);
    }
    made.whenTakenBack();
  });
}

/** What of this restore has not got its name yet. */
async function readLeft(query: Query, schema: string, prefix: string) {
  const rows = await query(
    `SELECT TABLE_NAME AS name, TABLE_TYPE AS kind FROM information_schema.TABLES WHERE ${inSchema('TABLE_SCHEMA')}`,
    [schema, schema],
  );
  return rows.flatMap(({ name, kind }) => (name?.startsWith(prefix) ? [{ name, kind }] : []));
}
