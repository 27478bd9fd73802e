import { SafeBaseError } from '../errors.ts';
import { type DeletePorts, deleteBackup } from './delete-backup.ts';
import type { DatabaseId } from './ids.ts';
import type { DatabaseStore, SecretStore } from './ports.ts';
import type { Backup, RunState } from './run.ts';
import { type UnusedPorts, whileUnused } from './while-unused.ts';

type RemovePorts = DeletePorts &
  UnusedPorts & { readonly databases: DatabaseStore; readonly secrets: SecretStore };

/**
 * Forgets a database and removes the secrets that SafeBase made for it. Every step can be repeated, and the record
 * goes last: a removal that broke off is ended by the next.
 * @param backups what becomes of its backups; undecided, they forbid the removal
 * @returns how many backups were queued for deletion
 * @throws `not_found`, `run_active`, `database_has_backups`, `version_conflict`, `unavailable`
 */
export async function removeDatabase(
  ports: RemovePorts,
  id: DatabaseId,
  backups: 'keep' | 'delete' | undefined,
): Promise<number> {
  const database = await ports.databases.get(id);
  if (database === undefined) throw new SafeBaseError('not_found', `there is no ${id}`);
  return whileUnused(ports, id, async () => {
    const queued = await settleBackups(ports, id, backups);
    for (const credentials of [database.backupCredentials, database.restoreCredentials]) {
      if (credentials?.managed) await ports.secrets.remove(credentials.secretArn);
    }
    await ports.databases.remove(id, database.version);
    return queued;
  });
}

async function settleBackups(
  ports: RemovePorts,
  id: DatabaseId,
  backups: 'keep' | 'delete' | undefined,
): Promise<number> {
  if (backups === 'keep') return 0;
  let queued = 0;
  const states: readonly RunState[] =
    backups === 'delete' ? ['completed', 'failed', 'cancelled', 'deleting'] : ['completed'];
  for await (const backup of backupsOf(ports, id, states)) {
    if (backups === undefined) {
      throw new SafeBaseError('database_has_backups', `${id} has backups, such as ${backup.id}`);
    }
    await deleteBackup(ports, backup.id);
    queued += 1;
  }
  return queued;
}

async function* backupsOf(
  ports: RemovePorts,
  databaseId: DatabaseId,
  states: readonly RunState[],
): AsyncGenerator<Backup> {
  let cursor: string | undefined;
  do {
    const page = await ports.backups.list(
      { databaseId, states },
      { limit: 100, ...(cursor === undefined ? {} : { cursor }) },
    );
    yield* page.items;
    cursor = page.nextCursor;
  } while (cursor !== undefined);
}
