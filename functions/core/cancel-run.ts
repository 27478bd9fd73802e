import { isCode, SafeBaseError } from '../errors.ts';
import type { Log, Now, RunLocks, RunStore } from './ports.ts';
import { readRun } from './read-run.ts';
import { releaseLock } from './release-lock.ts';
import { type Backup, type CancelWish, isActive, type Restore, runLockKey } from './run.ts';

export interface CancelPorts<R extends Backup | Restore> {
  readonly runs: RunStore<R>;
  readonly locks: RunLocks;
  readonly log: Log;
  readonly now: Now;
}

/** A run goes from queued to running and from there to its end: whoever loses a race to it twice has seen all. */
const MAX_ATTEMPTS = 3;

/**
 * Ends a queued run at once, and asks the worker of a running one to end it: the worker reads that with its next sign of
 * life. Repeating it changes nothing.
 * @returns the record: `cancelled`, or `running` with the wish
 * @throws `not_found`; `wrong_state` with `details.state` where it has ended
 */
export async function cancelRun<R extends Backup | Restore>(
  ports: CancelPorts<R>,
  id: R['id'],
  requestedBy: string,
): Promise<R> {
  const cancel: CancelWish = { requestedBy, requestedAt: new Date(ports.now()).toISOString() };
  for (let attempt = 1; attempt <= MAX_ATTEMPTS; attempt += 1) {
    const run = await readRun(ports.runs, id, ports.now());
    if (!isActive(run.state)) throw hasEnded(run);
    try {
      if (run.state === 'queued') return await endQueued(ports, run, cancel);
      return run.cancel === undefined ? await ports.runs.requestCancel(id, run.fence, cancel) : run;
    } catch (error) {
      // It went on between the look and the write.
      if (!isCode(error, 'fenced', 'wrong_state')) throw error;
    }
  }
  throw new SafeBaseError('unavailable', `${id} changes too fast to be cancelled`);
}

async function endQueued<R extends Backup | Restore>(
  { runs, locks, log }: CancelPorts<R>,
  run: R,
  cancel: CancelWish,
): Promise<R> {
  const ended = await runs.transition(
    run.id,
    { from: ['queued'], fence: run.fence },
    { state: 'cancelled', cancel, endedAt: cancel.requestedAt },
  );
  await releaseLock({ locks, log }, { key: runLockKey(run.databaseId), owner: run.id });
  return ended;
}

const hasEnded = ({ id, state }: Backup | Restore): SafeBaseError =>
  new SafeBaseError('wrong_state', `${id} is ${state}`, {
    hint: 'There is nothing to cancel any more.',
    details: { state },
  });
