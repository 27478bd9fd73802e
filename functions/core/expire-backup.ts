import type { BackupId } from './ids.ts';
import { backupPrefix, formerPrefixes } from './manifest.ts';
import type { Log, Now, ObjectStore, RunStore } from './ports.ts';
import type { Backup } from './run.ts';

interface ExpirePorts {
  readonly backups: RunStore<Backup>;
  readonly objects: ObjectStore;
  readonly log: Log;
  readonly now: Now;
}

/**
 * Removes everything of a backup that is marked for it, and of one that is complete what attempts before the last one
 * have left. Safe to repeat; whatever else a backup has is left alone, whoever asks.
 * @throws `unavailable` where objects are left: the record stays `deleting`
 */
export async function expireBackup(ports: ExpirePorts, id: BackupId): Promise<void> {
  const backup = await ports.backups.get(id);
  if (backup !== undefined && hasLitter(backup)) {
    for (const prefix of formerPrefixes(backup.databaseId, id, backup.attempts ?? 1)) {
      await ports.objects.removeAll(prefix);
    }
    return;
  }
  if (backup?.state !== 'deleting') {
    ports.log.info('backup is not to be deleted', { backupId: id, state: backup?.state });
    return;
  }
  await ports.objects.removeAll(backupPrefix(backup.databaseId, id));
  await ports.backups.transition(
    id,
    { from: ['deleting'], fence: backup.fence },
    { state: 'deleted', endedAt: backup.endedAt ?? new Date(ports.now()).toISOString() },
  );
}

/** Whether attempts before the last one may have left objects. */
const hasLitter = ({ state, attempts = 1 }: Backup): boolean => state === 'completed' && attempts > 1;

/** The same, by the record as it stands. */
export async function litterLeft(backups: RunStore<Backup>, id: BackupId): Promise<boolean> {
  const backup = await backups.get(id);
  return backup !== undefined && hasLitter(backup);
}
