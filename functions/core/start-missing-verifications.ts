import { toFailure } from '../errors.ts';
import { completedByTurn } from './look-at-completed.ts';
import type { Backup } from './run.ts';
import { type StartVerificationPorts, startVerification } from './start-verification.ts';

/** Started by one call; the others wait a minute. */
const MAX_STARTED = 10;
/** Of those, after a disaster: all backups of a bucket are adopted at once, and nobody waits for any of them. */
const MAX_ADOPTED = 2;
/** One that fails for reasons of the moment so often, one after the other, is left to whoever reads the record. */
const MAX_FAILED = 3;
const OF_THE_MOMENT = ['worker_lost', 'unavailable'];

/** What one call did. */
export interface MissingReport {
  readonly verificationsStarted: number;
  readonly verificationsRefused: number;
}

/**
 * Starts the verification of complete backups whose run did not read back what it had stored, because it was too large
 * for that, and of those of which only the manifest tells. One that cannot be started is logged, counted and tried again by the next call; it stands in no other's way.
 * @param settings `queueLeaseMs` as of `startVerification`
 * @throws `unavailable` where the records are away
 */
export async function startMissingVerifications(
  ports: StartVerificationPorts,
  { queueLeaseMs, deadline }: { readonly queueLeaseMs: number; readonly deadline: AbortSignal },
): Promise<MissingReport> {
  const counts = { verificationsStarted: 0, verificationsRefused: 0 };
  let adopted = 0;
  for await (const backup of completedByTurn(ports.backups, ports.now())) {
    const tried = counts.verificationsStarted + counts.verificationsRefused;
    if (deadline.aborted || tried >= MAX_STARTED) return counts;
    if (!isMissing(backup)) continue;
    if (backup.adopted && adopted >= MAX_ADOPTED) continue;
    if (backup.adopted) adopted += 1;
    const { id, verification } = backup;
    if (verification !== undefined) {
      ports.log.error('a verification came to no result, trying again', {
        backupId: id,
        failure: verification.failure,
      });
    }
    counts[await tryToStart(ports, id, queueLeaseMs)] += 1;
  }
  return counts;
}

/** A list shows a verification whose worker is gone as failed. */
function isMissing({ reread, adopted, verification }: Backup): boolean {
  if (verification === undefined) return reread === false || adopted === true;
  const { state, failedBefore = 0, failure } = verification;
  return state === 'failed' && failedBefore + 1 < MAX_FAILED && OF_THE_MOMENT.includes(failure?.code ?? '');
}

async function tryToStart(
  ports: StartVerificationPorts,
  backupId: Backup['id'],
  queueLeaseMs: number,
): Promise<keyof MissingReport> {
  try {
    await startVerification(ports, { backupId, requestedBy: 'sweep', queueLeaseMs });
    return 'verificationsStarted';
  } catch (error) {
    ports.log.error('a backup was not verified', { backupId, failure: toFailure(error), error });
    return 'verificationsRefused';
  }
}
