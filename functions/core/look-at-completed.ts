import type { RunFilter, RunStore } from './ports.ts';
import type { Backup } from './run.ts';

/** The backups that a call looks at first, as it comes every minute: so many of the newest, begun within this (ms). */
const MAX_NEWEST = 1_000;
const LOOK_BACK_MS = 48 * 3_600_000;
/** All there are come round once in this (ms), a part of them in each minute. */
const ROUND_MS = 6 * 3_600_000;
const TURN_MS = 60_000;
const TURNS = ROUND_MS / TURN_MS;
/** Parts are of the time since then, in which backups were made; what is older belongs to the first part. */
const FIRST_BACKUPS = Date.parse('2026-11-01T00:00:00Z');
const PAGE = 100;

/**
 * The complete backups that a call every minute looks at, so that it sees new ones at once and each of all there are
 * within hours, however many, and remembers nothing for it: the newest ones, then the part whose turn it is by the clock.
 * @param now milliseconds since the epoch
 * @throws `unavailable`
 */
export async function* completedByTurn(
  backups: RunStore<Backup>,
  now: number,
): AsyncGenerator<Backup, void, undefined> {
  const seen = new Set<string>();
  const newest = completedWithin(backups, { from: iso(now - LOOK_BACK_MS) });
  for await (const backup of newest) {
    seen.add(backup.id);
    yield backup;
    if (seen.size >= MAX_NEWEST) break;
  }
  for await (const backup of completedWithin(backups, turnOf(now))) {
    if (!seen.has(backup.id)) yield backup;
  }
}

/** Newest first. @param time ISO 8601, both inclusive @throws `unavailable` */
export async function* completedWithin(
  backups: RunStore<Backup>,
  time: Pick<RunFilter, 'from' | 'until'>,
): AsyncGenerator<Backup, void, undefined> {
  let cursor: string | undefined;
  do {
    const filter = { ...time, states: ['completed'] } as const;
    const page = await backups.list(filter, { limit: PAGE, ...(cursor !== undefined && { cursor }) });
    yield* page.items;
    cursor = page.nextCursor;
  } while (cursor !== undefined);
}

/** The part before it belongs to a turn too: a call may come some seconds early or late, and so skip a minute. */
function turnOf(now: number): Pick<RunFilter, 'from' | 'until'> {
  const turn = Math.floor(now / TURN_MS) % TURNS;
  // The same all through a round, so that its parts leave no gaps.
  const roundEndsAt = (Math.floor(now / ROUND_MS) + 1) * ROUND_MS;
  const startOf = (part: number): number =>
    FIRST_BACKUPS + Math.floor(((roundEndsAt - FIRST_BACKUPS) * part) / TURNS);
  return { ...(turn > 1 && { from: iso(startOf(turn - 1)) }), until: iso(startOf(turn + 1)) };
}

const iso = (time: number): string => new Date(time).toISOString();
