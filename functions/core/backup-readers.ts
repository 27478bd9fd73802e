import { isCode, SafeBaseError } from '../errors.ts';
import type { BackupId, RestoreId } from './ids.ts';
import type { Now, RunStore } from './ports.ts';
import { asOf, type Backup, isActive, type Restore } from './run.ts';

interface ReaderPorts {
  readonly backups: RunStore<Backup>;
  readonly restores: RunStore<Restore>;
  readonly now: Now;
}

/** Restores of one backup that begin in the same moment, each of which makes the others look again. */
const MAX_ATTEMPTS = 10;

/**
 * Notes on a backup that a restore is about to read it. The note and the mark for deletion are writes to one record,
 * each on the condition that nothing was written between its look and itself: of the two, one comes second and sees the
 * other. The restore's record must be there before, and its worker start after.
 * @throws `backup_not_restorable`, `unavailable`
 */
export async function noteReader(ports: ReaderPorts, id: BackupId, restoreId: RestoreId): Promise<void> {
  for (let attempt = 1; attempt <= MAX_ATTEMPTS; attempt += 1) {
    const backup = await ports.backups.get(id);
    if (backup?.state !== 'completed') {
      throw new SafeBaseError('backup_not_restorable', `${id} is ${backup?.state ?? 'gone'}`);
    }
    const { fence } = backup;
    const restoring = [...(await activeReaders(ports, backup)), restoreId];
    try {
      await ports.backups.transition(
        id,
        { from: ['completed'], fence },
        { state: 'completed', fence: fence + 1, restoring },
      );
      return;
    } catch (error) {
      if (!isCode(error, 'fenced', 'wrong_state')) throw error;
    }
  }
  throw new SafeBaseError('unavailable', `too many restores of ${id} begin at once`);
}

/**
 * A restore that loses its source in the middle would leave an overwritten target half filled.
 * @param backup as it was just read: mark it as to be deleted under its fence only
 * @throws `run_active` with `details.runId`
 */
export async function refuseWhileRead(ports: ReaderPorts, backup: Backup): Promise<void> {
  const [runId] = await activeReaders(ports, backup);
  if (runId === undefined) return;
  throw new SafeBaseError('run_active', `${runId} is restoring ${backup.id}`, { details: { runId } });
}

/** Those of the noted restores that have not ended: each is looked up by its id, which shows the newest write. */
async function activeReaders(ports: ReaderPorts, { restoring = [] }: Backup): Promise<readonly RestoreId[]> {
  const now = ports.now();
  const restores = await Promise.all(restoring.map((id) => ports.restores.get(id)));
  return restores.flatMap((restore) => {
    return restore && isActive(asOf(restore, now).state) ? [restore.id] : [];
  });
}
