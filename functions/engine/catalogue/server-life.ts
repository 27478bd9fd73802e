import { SafeBaseError } from '../../errors.ts';
import type { Query } from '../connection.ts';
import type { ServerInfo } from '../contents.ts';
import { readServer } from './server.ts';

/** One server from its start to its end: what it keeps in memory, and what it had yet to write, ends with it. */
export interface ServerLife {
  readonly identity: ServerInfo['identity'];
  /** When its process was started, in seconds of its own clock since the epoch: between these two, both inclusive. */
  readonly startedFrom: number;
  readonly startedUntil: number;
}

/** Whether two looks at one server have seen the same life of it. */
export const isSameLife = (
  one: Pick<ServerLife, 'startedFrom' | 'startedUntil'>,
  other: Pick<ServerLife, 'startedFrom' | 'startedUntil'>,
): boolean => one.startedFrom <= other.startedUntil && other.startedFrom <= one.startedUntil;

/** Reads which life of which server this is; no right is needed. @throws `query_failed` where it does not tell */
export async function readServerLife(
  query: Query,
  server?: { readonly info: ServerInfo },
): Promise<ServerLife> {
  const { info } = server ?? (await readServer(query));
  // Both makers count Uptime from a time that they noted once, by the same clock as this: where that is set, both change.
  const from = await readNumber(query, 'SELECT UNIX_TIMESTAMP() AS value');
  const uptime = await readNumber(query, `SHOW GLOBAL STATUS LIKE 'Uptime'`);
  const until = await readNumber(query, 'SELECT UNIX_TIMESTAMP() AS value');
  return { identity: info.identity, startedFrom: from - uptime, startedUntil: until - uptime };
}

async function readNumber(query: Query, statement: string): Promise<number> {
  const [row] = await query(statement);
  const value = Number.parseInt(row?.value ?? '', 10);
  if (!Number.isNaN(value)) return value;
  throw new SafeBaseError('query_failed', 'the server does not tell since when it runs');
}
