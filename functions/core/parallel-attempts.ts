import { withOpen } from '../engine/deadline.ts';
import { isChangedTable, waitForTables } from '../engine/parallel/hold-tables.ts';
import { isCode } from '../errors.ts';
import { type DumpWork, isOtherObjects } from './dump-schemas.ts';
import type { BackupPlan } from './plan-backup.ts';

const MAX_ATTEMPTS = 3;
/** Whoever changes tables for longer meets the next attempt. */
const OWNER_SECONDS = 60;

/**
 * Dumps anew, from a new snapshot and behind a new look, where somebody changes tables under the dump.
 * @param dump one attempt, counted from 1; what it stored counts for nothing where it throws
 * @throws what ended the last attempt
 */
export async function eachAttempt<T>(
  work: DumpWork,
  first: BackupPlan,
  lookAgain: () => Promise<BackupPlan>,
  dump: (plan: BackupPlan, attempt: number) => Promise<T>,
): Promise<T> {
  let plan = first;
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await dump(plan, attempt);
    } catch (error) {
      if (!(isChangedTable(error) || isOtherObjects(error)) || attempt === MAX_ATTEMPTS) throw error;
      work.ports.log.info('tables were changed under the dump, which begins anew', { attempt, error });
      await letThrough(work, error);
      plan = await lookAgain();
    }
  }
}

/** Waits behind whoever wanted a table, and holds none meanwhile. */
async function letThrough({ ports, held, source }: DumpWork, error: unknown): Promise<void> {
  const table = isCode(error, 'dump_failed') ? error.details.table : undefined;
  if (typeof table !== 'string') return;
  const open = () => ports.connector.connect(source.endpoint);
  await withOpen(held.signal, open, async ({ query }) => {
    await waitForTables(query, OWNER_SECONDS);
    // It may be gone, or be theirs for longer: the next attempt finds that out.
    await query(`SELECT 1 FROM ${table} WHERE FALSE`).catch(() => {});
  });
}
