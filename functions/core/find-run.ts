import { isBackupId, isRestoreId } from './ids.ts';
import type { RunStore } from './ports.ts';
import type { Backup, Restore } from './run.ts';

export interface FindPorts {
  readonly backups: Pick<RunStore<Backup>, 'get'>;
  readonly restores: Pick<RunStore<Restore>, 'get'>;
}

/** The run with this id; none where the id names something else. */
export async function findRun(
  { backups, restores }: FindPorts,
  id: string,
): Promise<Backup | Restore | undefined> {
  if (isBackupId(id)) return backups.get(id);
  return isRestoreId(id) ? restores.get(id) : undefined;
}
