import { readServer, type Server } from '../engine/catalogue/server.ts';
import { isSameLife, readServerLife, type ServerLife } from '../engine/catalogue/server-life.ts';
import type { Endpoint, Query } from '../engine/connection.ts';
import { withOpen } from '../engine/deadline.ts';
import { SafeBaseError } from '../errors.ts';
import type { SqlConnector } from './ports.ts';

/**
 * A run belongs to one server from its start to its end. Behind a restart or a failover, tables in memory are empty, the
 * last commits may be gone, and what the run had looked at may be otherwise.
 * @param planned which one the run has looked at
 * @throws `server_changed`, the codes of reaching the database, the reason of the signal
 */
export async function refuseChangedServer(
  connector: SqlConnector,
  endpoint: Endpoint,
  planned: ServerLife,
  signal: AbortSignal,
): Promise<void> {
  const open = () => connector.connect(endpoint);
  const found = await withOpen(signal, open, ({ query }) => readServerLife(query));
  const change = changeBetween(planned, found);
  if (change !== undefined) throw changed(endpoint, change);
}

/**
 * Looks at the server over each of several connections. Behind a name or proxy that spreads connections, each may reach another server: a lock on the one holds nobody on the
 * other, and what their connections see is of different instants, which no row tells.
 * @param queries of connections that must all reach the server that the run has looked at
 * @returns what all of them reach
 * @throws `server_changed`, the codes of reaching the database
 */
export async function readSameServer(
  endpoint: Endpoint,
  planned: ServerLife,
  queries: readonly Query[],
): Promise<Server> {
  const servers = await Promise.all(queries.map(readServer));
  const [first] = servers;
  if (first === undefined || servers.some(({ info }) => info.identity !== planned.identity)) {
    throw changed(endpoint, 'leads to several servers');
  }
  return first;
}

const changed = ({ host, port }: Endpoint, what: string): SafeBaseError =>
  new SafeBaseError('server_changed', `${host}:${port} ${what}`);

/** What has changed from one look to a later one, in words that follow the name of the server. */
function changeBetween(planned: ServerLife, found: ServerLife): string | undefined {
  if (found.identity !== planned.identity) return 'is another server than when the run began';
  if (isSameLife(found, planned)) return undefined;
  const [before, now] = [planned, found].map(({ startedFrom }) =>
    new Date(startedFrom * 1_000).toISOString(),
  );
  return `was started at ${now}, and when the run began it was one started at ${before}`;
}
