import { throwIfOver, withOpen } from '../engine/deadline.ts';
import { setUpReading } from '../engine/rows/session-settings.ts';
import type { DumpWork } from './dump-schemas.ts';
import type { RowSession } from './ports.ts';

/** Opens the lanes; where the server lets us have no more, those that there are must do. @throws as `SqlConnector.openRows` */
export const withLanes = <T>(work: DumpWork, use: (lanes: readonly RowSession[]) => Promise<T>): Promise<T> =>
  withMore(work, [], use);

async function withMore<T>(
  work: DumpWork,
  opened: readonly RowSession[],
  use: (lanes: readonly RowSession[]) => Promise<T>,
): Promise<T> {
  const { ports, settings, held, source } = work;
  if (opened.length === settings.lanes) return use(opened);
  const one = await ports.connector.openRows(source.endpoint).catch((error: unknown) => {
    throwIfOver(held.signal);
    if (opened.length === 0) throw error;
    ports.log.info('there is no connection for another lane', { lanes: opened.length, error });
  });
  if (one === undefined) return use(opened);
  return withOpen(
    held.signal,
    async () => one,
    async (lane) => {
      await setUpReading(lane.query);
      return withMore(work, [...opened, lane], use);
    },
  );
}
