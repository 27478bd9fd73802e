import { setTimeout as wait } from 'node:timers/promises';
import { SafeBaseError } from '../errors.ts';
import type { Query, SqlRow } from './connection.ts';

/** Without any right, an account sees the connections of its own user, and may end them. */
const LIST = 'SHOW PROCESSLIST';
const NO_SUCH_THREAD = 1094;
const POLL_MS = 50;

interface Wanted {
  /** The default schema of the connection. */
  readonly schema: string;
  /** Only connections that were opened after the one with this id: servers count upwards. */
  readonly after: string;
}

/**
 * Other connections to a schema by the same user from the same address as this one.
 * @param ownId the connection behind `query`
 */
export async function siblingConnections(
  query: Query,
  ownId: string,
  { schema, after }: Wanted,
): Promise<readonly string[]> {
  const rows = await query(LIST);
  const own = rows.find(({ id }) => id === ownId);
  if (own === undefined) return [];
  return (
    rows
      .filter(({ user }) => user === own.user)
      .filter((row) => addressOf(row) === addressOf(own))
      // A server may fold the case of schema names.
      .filter(({ db }) => db?.toLowerCase() === schema.toLowerCase())
      .flatMap(({ id }) => (id && id !== ownId && BigInt(id) > BigInt(after) ? [id] : []))
  );
}

/** `host:port` without the port. */
const addressOf = ({ host }: SqlRow): string => (host ?? '').replace(/:\d+$/, '');

/**
 * Ends connections of the same user, and waits until they are gone: one may have changes to take back. Others are left
 * alone: a proxy tells ids of its own, which may be somebody else's on the server.
 * @param ownId the connection behind `query`
 * @param signal how long to wait
 * @throws `query_failed` where the server does not list ours, the reason of the signal
 */
export async function endConnections(
  query: Query,
  ownId: string,
  noted: readonly string[],
  signal: AbortSignal,
): Promise<void> {
  const before = await query(LIST);
  const own = before.find(({ id }) => id === ownId);
  if (own === undefined) throw new SafeBaseError('query_failed', `the server does not list ${ownId}, ours`);
  const ids = before.flatMap(({ id, user }) => (id && noted.includes(id) && user === own.user ? [id] : []));
  for (const id of ids) {
    await query(`KILL CONNECTION ${BigInt(id)}`).catch((error: unknown) => {
      if (!(error instanceof SafeBaseError) || error.details.errno !== NO_SUCH_THREAD) throw error;
    });
  }
  for (;;) {
    const rows = await query(LIST);
    if (!rows.some(({ id }) => id && ids.includes(id))) return;
    await wait(POLL_MS, undefined, { signal });
  }
}
