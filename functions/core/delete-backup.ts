import { SafeBaseError } from '../errors.ts';
import { endLostRun } from './end-lost-run.ts';
import type { BackupId } from './ids.ts';
import type { Log, Now, RunStore, Workflows } from './ports.ts';
import { asOf, type Backup, type Restore } from './run.ts';

export interface DeletePorts {
  readonly backups: RunStore<Backup>;
  readonly restores: RunStore<Restore>;
  readonly workflows: Workflows;
  readonly log: Log;
  readonly now: Now;
}

/**
 * Marks a backup as to be deleted and queues the job that does it; repeating it queues the job again.
 * @throws `not_found`, `wrong_state` while it runs, `run_active` while it is being restored, `unavailable`
 */
export async function deleteBackup(ports: DeletePorts, id: BackupId): Promise<Backup> {
  const backup = await settled(ports, id);
  if (backup.state === 'deleted') return backup;
  await refuseWhileRestored(ports, id);
  const deleting =
    backup.state === 'deleting'
      ? backup
      : await ports.backups.transition(
          id,
          { from: ['completed', 'failed'], fence: backup.fence },
          { state: 'deleting' },
        );
  await ports.workflows.start({ version: 1, kind: 'expire', runId: id });
  return deleting;
}

/** The record, after a run whose worker was lost has been written down as failed. */
async function settled(ports: DeletePorts, id: BackupId): Promise<Backup> {
  const stored = await ports.backups.get(id);
  if (stored !== undefined && asOf(stored, ports.now()).state !== stored.state) await endLostRun(ports, id);
  const backup = await ports.backups.get(id);
  if (backup === undefined) throw new SafeBaseError('not_found', `there is no ${id}`);
  if (backup.state === 'queued' || backup.state === 'running') {
    throw new SafeBaseError('wrong_state', `${id} is ${backup.state}`, {
      hint: 'Wait until it has ended, then delete it.',
    });
  }
  return backup;
}

/** A restore that loses its source in the middle would leave an overwritten target half filled. */
async function refuseWhileRestored(ports: DeletePorts, id: BackupId): Promise<void> {
  let cursor: string | undefined;
  do {
    const page = await ports.restores.list(
      { states: ['queued', 'running'] },
      { limit: 100, ...(cursor === undefined ? {} : { cursor }) },
    );
    const user = page.items.find(({ backupId }) => backupId === id);
    if (user !== undefined) {
      throw new SafeBaseError('run_active', `${user.id} is restoring ${id}`, { details: { runId: user.id } });
    }
    cursor = page.nextCursor;
  } while (cursor !== undefined);
}
