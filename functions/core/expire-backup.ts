import type { BackupId } from './ids.ts';
import { backupPrefix } from './manifest.ts';
import type { Log, Now, ObjectStore, RunStore } from './ports.ts';
import type { Backup } from './run.ts';

interface ExpirePorts {
  readonly backups: RunStore<Backup>;
  readonly objects: ObjectStore;
  readonly log: Log;
  readonly now: Now;
}

/**
 * Removes everything of a backup that is marked for it. Safe to repeat; a backup that is not marked is left alone,
 * whoever asks.
 * @throws `unavailable` where objects are left: the record stays `deleting`
 */
export async function expireBackup(ports: ExpirePorts, id: BackupId): Promise<void> {
  const backup = await ports.backups.get(id);
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
