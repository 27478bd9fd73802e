import { readServerLife, type ServerLife } from '../engine/catalogue/server-life.ts';
import type { Endpoint } from '../engine/connection.ts';
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
  if (change === undefined) return;
  throw new SafeBaseError('server_changed', `${endpoint.host}:${endpoint.port} ${change}`);
}

/** What has changed from one look to a later one, in words that follow the name of the server. */
function changeBetween(planned: ServerLife, found: ServerLife): string | undefined {
  if (found.identity !== planned.identity) return 'is another server than when the run began';
  if (found.startedFrom <= planned.startedUntil && planned.startedFrom <= found.startedUntil)
    return undefined;
  const [before, now] = [planned, found].map(({ startedFrom }) =>
    new Date(startedFrom * 1_000).toISOString(),
  );
  return `was started at ${now}, and when the run began it was one started at ${before}`;
}
