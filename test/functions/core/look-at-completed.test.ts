import { newDatabaseId } from '../../../functions/core/ids.ts';
import { completedByTurn } from '../../../functions/core/look-at-completed.ts';
import type { Backup } from '../../../functions/core/run.ts';
import { corePorts } from '../../fixtures/core-ports.ts';
import { aBackup } from '../../fixtures/records.ts';

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const ROUND = 6 * HOUR;
const NOW = Date.parse('2028-02-29T13:37:11Z');
const databaseId = newDatabaseId();

/** As many backups as are given times, in a store that only lists. */
function holding(times: readonly number[]) {
  const all = times
    .map((time) => aBackup(databaseId, { state: 'completed' }, time))
    .sort((one, other) => (one.createdAt < other.createdAt ? 1 : -1));
  const backups: ReturnType<typeof corePorts>['backups'] = {
    ...corePorts().backups,
    list: async ({ from = '', until = '9', states }, { limit, cursor = '0' }) => {
      expect(states).toEqual(['completed']);
      const fit = all.filter(({ createdAt }) => createdAt >= from && createdAt <= until);
      const next = Number(cursor) + limit;
      const items = fit.slice(Number(cursor), next);
      return next < fit.length ? { items, nextCursor: `${next}` } : { items };
    },
  };
  return { backups, all };
}

async function looked(backups: ReturnType<typeof holding>['backups'], now: number): Promise<string[]> {
  const ids: string[] = [];
  for await (const { id } of completedByTurn(backups, now)) ids.push(id);
  return ids;
}
const idsOf = (backups: readonly Backup[]): string[] => backups.map(({ id }) => id);

describe('completedByTurn', () => {
  it('gives what began in the last two days in every minute, newest first, and nothing twice', async () => {
    const recent = [1, 2, 30, 47].map((hours) => NOW - hours * HOUR);
    const { backups, all } = holding(recent);
    for (let turn = 0; turn < 360; turn += 1) {
      expect(await looked(backups, NOW + turn * 1_000)).toEqual(idsOf(all));
    }
  });

  it('comes to all within six hours, however old they are and however many at once, also where a minute is skipped', async () => {
    const burst = Array.from({ length: 1_500 }, (_, index) => NOW - 3 * HOUR - index * 1_000);
    const old = Array.from({ length: 400 }, (_, index) => NOW - 3 * 24 * HOUR - index * 29 * HOUR);
    const { backups, all } = holding([...burst, ...old, Date.parse('2024-01-01'), Date.parse('2026-11-01')]);
    const missing = new Set(idsOf(all));
    let largest = 0;
    // Each call comes some seconds early or late.
    for (let at = NOW; at <= NOW + ROUND + 2 * MINUTE; at += MINUTE) {
      const ids = await looked(backups, at + ((at / MINUTE) % 2 < 1 ? 50_000 : 0));
      largest = Math.max(largest, ids.length);
      for (const id of ids) missing.delete(id);
    }
    expect(missing).toEqual(new Set());
    expect(largest).toBeLessThan(1_600);
  });
});
