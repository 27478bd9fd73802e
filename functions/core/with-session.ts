import type { Endpoint, Query } from '../engine/connection.ts';
import { throwIfOver, withOpen } from '../engine/deadline.ts';
import type { SqlConnector } from './ports.ts';

/** One session for some statements, none of which begins after the end of the time. @throws the reason of the signal */
export function withSession<T>(
  connector: SqlConnector,
  endpoint: Endpoint,
  signal: AbortSignal,
  use: (query: Query) => Promise<T>,
): Promise<T> {
  return withOpen(
    signal,
    () => connector.connect(endpoint),
    ({ query }) =>
      use(async (...asked) => {
        throwIfOver(signal);
        return query(...asked);
      }),
  );
}
