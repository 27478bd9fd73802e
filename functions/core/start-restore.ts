import { SafeBaseError } from '../errors.ts';
import { noteReader } from './backup-readers.ts';
import { type BackupId, type DatabaseId, newRestoreId, parseRestoreId, type RestoreId } from './ids.ts';
import { readRun } from './read-run.ts';
import type { Backup, Restore } from './run.ts';
import type { Starts } from './start-once.ts';
import { type StartPorts, startRun } from './start-run.ts';

export interface RestoreOrder {
  readonly backupId: BackupId;
  /** The target. */
  readonly databaseId: DatabaseId;
  readonly requestedBy: string;
  readonly queueLeaseMs: number;
  /** Source schema → target schema; absent: all of the backup, each under its own name. */
  readonly schemas?: Readonly<Record<string, string>> | undefined;
  readonly overwrite: boolean;
  /** Changes nothing, and tells what stands in the way: then nothing needs to be confirmed. @default false */
  readonly dryRun?: boolean | undefined;
  /** The names of the target schemas as typed, in any order. */
  readonly confirm?: string | readonly string[] | undefined;
  readonly events?: Restore['events'] | undefined;
  readonly definers?: Restore['definers'] | undefined;
  /** For starts that may be repeated; otherwise a new one. */
  readonly id?: RestoreId;
}

/**
 * Starts the restore of a backup to a registered database.
 * @throws `not_found`, `backup_not_restorable`, `schema_not_in_backup`, `invalid_request`, `confirm_mismatch`, and as
 * `startRun`
 */
export async function startRestore(ports: StartPorts, order: RestoreOrder): Promise<Restore> {
  const { backupId, overwrite, events, definers, dryRun } = order;
  const backup = await readRun(ports.backups, backupId, ports.now());
  const schemas = chooseSchemas(schemasOf(backup), order.schemas);
  if (!dryRun) checkConfirmation(Object.values(schemas), order);

  const id = order.id ?? newRestoreId(ports.now());
  return startRun<Restore>(ports, {
    ...order,
    id,
    runs: ports.restores,
    record: (common) => ({
      id,
      backupId,
      sourceDatabaseId: backup.databaseId,
      schemas,
      overwrite,
      ...(events === undefined ? {} : { events }),
      ...(definers && { definers }),
      ...(dryRun && { dryRun }),
      ...common,
    }),
    beforeStart: (run) => noteReader(ports, backupId, run.id),
    job: (run, { network }) => ({ version: 1, kind: 'restore', runId: run.id, network }),
  });
}

/** The same for `startOnce`. */
export const startsRestore = (ports: StartPorts, order: Omit<RestoreOrder, 'id'>): Starts<Restore> => ({
  runs: ports.restores,
  newId: () => newRestoreId(ports.now()),
  parseId: parseRestoreId,
  start: (id) => startRestore(ports, { ...order, id }),
});

/** The schemas of a backup that is one. @throws `backup_not_restorable` */
function schemasOf({ id, state, manifest, schemas }: Backup): readonly string[] {
  if (state === 'completed' && manifest !== undefined && schemas !== undefined) {
    return schemas.map(({ name }) => name);
  }
  throw new SafeBaseError('backup_not_restorable', `${id} is ${state}`);
}

function chooseSchemas(
  inBackup: readonly string[],
  wanted: Readonly<Record<string, string>> | undefined,
): Readonly<Record<string, string>> {
  if (wanted === undefined) return Object.fromEntries(inBackup.map((name) => [name, name]));
  for (const source of Object.keys(wanted)) {
    if (!inBackup.includes(source)) {
      throw new SafeBaseError('schema_not_in_backup', `the backup holds no schema ${source}`);
    }
  }
  // Some servers fold the case of schema names: two targets that differ in case only may be one.
  const targets = Object.values(wanted).map((name) => name.toLowerCase());
  if (new Set(targets).size < targets.length) {
    throw new SafeBaseError('invalid_request', 'two schemas would be restored into one', {
      hint: 'Give each source schema a target of its own in schemas.',
    });
  }
  return wanted;
}

/** Overwriting asks for the names once more, typed; a confirmation of something else is refused in any case. */
function checkConfirmation(targets: readonly string[], order: RestoreOrder): void {
  if (order.confirm === undefined && !order.overwrite) return;
  const typed = [order.confirm ?? []].flat();
  if ([...typed].sort().join('\0') === [...targets].sort().join('\0')) return;
  throw new SafeBaseError('confirm_mismatch', 'confirm does not name exactly the schemas to be overwritten', {
    hint: `Type ${targets.map((name) => JSON.stringify(name)).join(', ')} in confirm.`,
  });
}
