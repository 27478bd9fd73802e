import { isCode, SafeBaseError } from '../errors.ts';
import type { BackupId } from './ids.ts';
import type { RunStore } from './ports.ts';
import type { Backup } from './run.ts';
import type { Verification } from './verification.ts';

/** Other writers of one record (a restore that begins, a signature), each of which makes this one look again. */
const MAX_ATTEMPTS = 10;

/**
 * Changes the verification of a complete backup. What is written is made of what was read: a step in its life raises the
 * fence of the record, so that of two steps at once the second sees the first.
 * @param next what comes of the record as it stands; may refuse
 * @param isStep false for signs of life, which must stand in nobody's way
 * @throws `not_found`, `wrong_state`, `unavailable`, what `next` throws
 */
export async function changeVerification(
  backups: RunStore<Backup>,
  id: BackupId,
  next: (backup: Backup) => Verification,
  isStep = true,
): Promise<Backup> {
  for (let attempt = 1; attempt <= MAX_ATTEMPTS; attempt += 1) {
    const backup = await backups.get(id);
    if (backup === undefined) throw new SafeBaseError('not_found', `there is no ${id}`);
    if (backup.state !== 'completed') {
      throw new SafeBaseError('wrong_state', `${id} is ${backup.state}`, {
        hint: 'Only a completed backup can be verified.',
      });
    }
    const { fence } = backup;
    const verification = next(backup);
    try {
      return await backups.transition(
        id,
        { from: ['completed'], fence },
        { state: 'completed', verification, ...(isStep ? { fence: fence + 1 } : {}) },
      );
    } catch (error) {
      if (!isCode(error, 'fenced', 'wrong_state')) throw error;
    }
  }
  throw new SafeBaseError('unavailable', `too many others write to ${id} at once`);
}

/**
 * The verification with this number, if it is in one of these states.
 * @throws `fenced`
 */
export function ownVerification(
  { id, verification }: Backup,
  attempt: number,
  states: readonly Verification['state'][],
): Verification {
  if (verification?.attempt === attempt && states.includes(verification.state)) return verification;
  throw new SafeBaseError('fenced', `verification ${attempt} of ${id} is over`);
}
