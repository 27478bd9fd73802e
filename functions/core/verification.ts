import { type Failure, SafeBaseError, toFailure } from '../errors.ts';

/** The latest re-reading of everything that a backup has stored; it never changes the state of the backup. */
export interface Verification {
  /** `failed` says that the backup is damaged, or that this could not be found out: the failure tells. */
  readonly state: 'queued' | 'running' | 'passed' | 'failed';
  /** Counts the verifications of this backup: only the worker of this one may write. */
  readonly attempt: number;
  /** How many failed right before this one, one after the other. Absent where none did. */
  readonly failedBefore?: number;
  /** A token id, `backup` (the run itself, for its end), or `sweep`. */
  readonly requestedBy: string;
  readonly requestedAt: string;
  readonly startedAt?: string;
  readonly endedAt?: string;
  /** Until when the worker counts as alive (ISO 8601); absent once it has ended. */
  readonly leaseExpiresAt?: string;
  /** Stored bytes that were read, and all of them; grows while it runs. */
  readonly bytesRead?: number;
  readonly bytesToRead?: number;
  /** Schemas whose statements nobody can read: proved by their bytes alone. Absent where there are none. */
  readonly bytesOnly?: readonly string[];
  readonly failure?: Failure;
}

/** How long a backup that has just ended waits for its workflow to verify it (ms): then the sweeper has it done. */
const FIRST_WAIT_MS = 120_000;

/**
 * The verification that a backup is left with whose run did not read back what it had stored. It is written together with
 * `completed`, so that at no time the backup says nothing of it, and its workflow runs it next.
 */
export const firstVerification = (now: number): Verification =>
  queuedVerification({ attempt: 1, requestedBy: 'backup' }, now, FIRST_WAIT_MS);

/** @param waitMs how long it may wait for its worker */
export const queuedVerification = (
  asked: Pick<Verification, 'attempt' | 'requestedBy' | 'failedBefore'>,
  now: number,
  waitMs: number,
): Verification => ({
  ...asked,
  state: 'queued',
  requestedAt: new Date(now).toISOString(),
  leaseExpiresAt: new Date(now + waitMs).toISOString(),
});

const isActive = ({ state }: Verification): boolean => state === 'queued' || state === 'running';

/**
 * The verification as it truly stands: one whose lease ran out has failed, also before anything has written that down.
 * @param id of the backup
 * @param now milliseconds since the epoch
 */
export function verificationAsOf(verification: Verification, id: string, now: number): Verification {
  const { leaseExpiresAt } = verification;
  if (!isActive(verification) || leaseExpiresAt === undefined || Date.parse(leaseExpiresAt) > now) {
    return verification;
  }
  return unfinished(verification, id, leaseExpiresAt);
}

/** One whose worker is gone before it had a result, which tells nothing of the backup. @param endedAt ISO 8601 */
export function unfinished(verification: Verification, id: string, endedAt: string): Verification {
  const lost = new SafeBaseError(
    'worker_lost',
    `the verification of ${id} was not finished: its worker is gone`,
    {
      hint: `No damage was found. Verify it again: POST /backup/${id}/verify.`,
    },
  );
  return failedBy(verification, lost, endedAt);
}

/** One that comes to no result. @param endedAt ISO 8601 */
export function failedBy(verification: Verification, error: unknown, endedAt: string): Verification {
  const { leaseExpiresAt: _, ...rest } = verification;
  return { ...rest, state: 'failed', endedAt, failure: toFailure(error) };
}

/**
 * Its objects must stay until the worker has read them, and one worker at a time is enough.
 * @throws `verify_active`
 */
export function refuseWhileVerified(
  { id, verification }: { readonly id: string; readonly verification?: Verification },
  now: number,
): void {
  if (verification === undefined || !isActive(verificationAsOf(verification, id, now))) return;
  throw new SafeBaseError('verify_active', `${id} is being verified`);
}
