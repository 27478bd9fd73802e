import { setTimeout } from 'node:timers/promises';
import { throwIfOver, withOpen } from '../engine/deadline.ts';
import { waitedFor } from '../engine/parallel/hold-tables.ts';
import { findWaitedFor, setUpWatching } from '../engine/parallel/watch-waiters.ts';
import type { DumpWork } from './dump-schemas.ts';
import type { HeldSchemas } from './hold-schemas.ts';

/** Whoever waits for a table makes all that come after wait: with the look itself they wait for two seconds or so. */
const LOOK_MS = 1_000;
/** Of more tables, some are looked at each time. */
const MAX_TABLES = 1_000;

/**
 * Does something while tables are held, and ends it as soon as somebody waits to change one of them: by then all of them
 * are let go of.
 * @param use gets the work with a signal that tells so
 * @throws `dump_failed` naming the table that was waited for; what `use` throws
 */
export async function yieldingToOwner<T>(
  work: DumpWork,
  schemas: HeldSchemas,
  use: (work: DumpWork) => Promise<T>,
): Promise<T> {
  const { held, ports } = work;
  const waited = new AbortController();
  const over = new AbortController();
  const watching = watch(work, schemas, over.signal, (error) => waited.abort(error)).catch(
    (error: unknown) => {
      if (!over.signal.aborted) ports.log.error('nobody looks any more who waits for tables', { error });
    },
  );
  const signal = AbortSignal.any([held.signal, waited.signal]);
  try {
    return await use({ ...work, held: { ...held, signal } });
  } catch (error) {
    throwIfOver(held.signal);
    // What is told of a lane that was ended is only that.
    throw waited.signal.aborted ? waited.signal.reason : error;
  } finally {
    over.abort();
    await watching;
  }
}

async function watch(
  { ports, held: { signal }, source }: DumpWork,
  { lanes, held }: HeldSchemas,
  over: AbortSignal,
  onWaited: (error: unknown) => void,
): Promise<void> {
  const open = () => ports.connector.connect(source.endpoint);
  await withOpen(AbortSignal.any([signal, over]), open, async ({ query }) => {
    await setUpWatching(query);
    for (let looks = 0; ; looks += 1) {
      await setTimeout(LOOK_MS, undefined, { signal: over });
      const letGo = Math.min(...lanes.map(({ tables }) => tables.released()));
      const stillHeld = held.slice(letGo).map(({ table }) => table);
      const from = (looks * MAX_TABLES) % Math.max(1, stillHeld.length);
      const table = await findWaitedFor(query, stillHeld.slice(from, from + MAX_TABLES));
      if (table === undefined) continue;
      ports.log.info('somebody waits to change a table, and all are let go of', { table });
      onWaited(waitedFor(table));
      // A client that goes away is noticed late where the server searches rows.
      for (const { session } of lanes) await query(`KILL ${session.connectionId}`).catch(() => {});
      return;
    }
  });
}
