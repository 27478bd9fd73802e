import { setTimeout as wait } from 'node:timers/promises';
import { SafeBaseError } from '../../errors.ts';
import type { Query } from '../connection.ts';

/** How long our own program may stand behind somebody who waits for us. */
const PATIENCE_SECONDS = 3;
const LOOK_MS = 1_000;

/** By what its connection is known. */
interface Program {
  readonly schema: string;
  readonly username: string;
}

/**
 * Does some work with a program that reads the definitions of tables that we hold. Whoever wants to change one of them
 * waits for us, and the program behind them: all three would wait for ever, so the work is ended.
 * @param query of a session of the same account, which sees the account's own connections whatever its rights
 * @throws `dump_failed` where somebody waits, what `work` throws
 */
export async function whileNobodyWaits<T>(
  query: Query,
  program: Program,
  signal: AbortSignal,
  work: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  const waited = new AbortController();
  const isOver = new AbortController();
  const watching = watch(query, program, AbortSignal.any([isOver.signal, signal]), waited);
  try {
    return await work(AbortSignal.any([signal, waited.signal]));
  } finally {
    isOver.abort();
    await watching.catch(() => {});
  }
}

async function watch(
  query: Query,
  { schema, username }: Program,
  until: AbortSignal,
  waited: AbortController,
): Promise<void> {
  for (;;) {
    await wait(LOOK_MS, undefined, { signal: until });
    const connections = await query('SHOW PROCESSLIST');
    const isStuck = connections.some(
      ({ user, db, state, time }) =>
        user === username &&
        db?.toLowerCase() === schema.toLowerCase() &&
        /metadata lock/i.test(state ?? '') &&
        Number(time) >= PATIENCE_SECONDS,
    );
    if (!isStuck) continue;
    waited.abort(
      new SafeBaseError('dump_failed', `somebody waits to change a table of ${schema}`, {
        hint: 'Run again while nobody changes tables.',
        details: { errno: WAITED },
      }),
    );
    return;
  }
}

/** As if the change had come first, which it does now. */
const WAITED = 1412;
