import { endingWith } from '../engine/deadline.ts';
import { dropLedger } from '../engine/parallel/load-ledger.ts';
import { isCode } from '../errors.ts';
import type { HeldRun } from './hold-run.ts';
import type { RestoreLedger } from './load-steps.ts';
import type { RestorePlan } from './plan-restore.ts';
import type { RestoreWork } from './restore-work.ts';
import type { Restore } from './run.ts';
import { withSession } from './with-session.ts';

/** @returns nothing where no other worker can go on: format `sql`, some tables alone, a dry run */
export function restoreLedger(held: HeldRun<Restore>, { life }: RestorePlan): RestoreLedger | undefined {
  const { id, goesOn } = held.run;
  if (!goesOn) return undefined;
  let isTold = false;
  return {
    restoreId: id,
    life,
    onDone: async () => {
      if (isTold) return;
      isTold = true;
      held.keep({ workersSinceProgress: 0 });
      await held.save();
    },
  };
}

/** Drops the ledgers of all schemas. @throws what the server answers, the reason of the signal */
export async function dropLedgers(
  { ports, held, endpoint }: Pick<RestoreWork, 'ports' | 'held' | 'endpoint'>,
  signal = held.signal,
): Promise<void> {
  const { id, schemas } = held.run;
  await withSession(ports.connector, endpoint, signal, async (query) => {
    for (const schema of Object.values(schemas)) await dropLedger(query, { schema, restoreId: id });
  });
}

/** Whether an earlier worker has done all and died before it could say so: only ledgers may be left. */
export const isRestored = ({ goesOn, restored = [] }: Restore): boolean =>
  goesOn === true && restored.length > 0 && restored.every(({ state }) => state === 'restored');

const DROP_MS = 15_000;

/** Leaves no ledger behind where a restore fails for good. @throws what `work` throws */
export async function leavingNoLedger<T>(of: RestoreWork, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    const { held, ports } = of;
    const isAnothers =
      of.ledger === undefined ||
      isCode(held.signal.aborted ? held.signal.reason : error, 'deadline_exceeded', 'fenced');
    if (!isAnothers) {
      const late = AbortSignal.timeout(DROP_MS);
      await endingWith(late, dropLedgers(of, late)).catch((reason: unknown) => {
        ports.log.error('a ledger of this restore may be left', { runId: held.run.id, error: reason });
      });
    }
    throw error;
  }
}
