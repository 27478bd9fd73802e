import { SafeBaseError } from '../errors.ts';
import { noteReader } from './backup-readers.ts';
import { type BackupId, type DatabaseId, newRestoreId, parseRestoreId, type RestoreId } from './ids.ts';
import { readRun } from './read-run.ts';
import type { Backup, Restore, WantedTable } from './run.ts';
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
  /** Some tables alone; then `schemas` says where to, and nothing that is there is touched. */
  readonly tables?: readonly WantedTable[] | undefined;
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
  const { backupId, overwrite, events, definers, dryRun, tables } = order;
  const backup = await readRun(ports.backups, backupId, ports.now());
  if (tables) refuseOddTables(backup, order, tables);
  const schemas = chooseSchemas(schemasOf(backup), tables ? schemasOfTables(order, tables) : order.schemas);
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
      ...(tables && { tables }),
      ...(events === undefined ? {} : { events }),
      ...(definers && { definers }),
      ...(dryRun && { dryRun }),
      ...(backup.format === 'parallel' && !tables && !dryRun && { goesOn: true as const }),
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

/** @throws `invalid_request` */
function refuseOddTables({ format }: Backup, order: RestoreOrder, tables: readonly WantedTable[]): void {
  const refuse = (detail: string, hint: string): never => {
    throw new SafeBaseError('invalid_request', detail, { hint });
  };
  if (format !== 'parallel') {
    refuse(
      'tables of a backup in format sql cannot be restored by themselves',
      'Restore its schema under another name in schemas, then copy the tables from there.',
    );
  }
  if (order.overwrite) {
    refuse(
      'tables are never restored over others',
      'Leave overwrite out; give a table another name with as where its own is taken.',
    );
  }
  if (order.events !== undefined) refuse('tables come without events', 'Leave events out.');
  const sources = tables.map(({ schema, name }) => JSON.stringify([schema, name]));
  const targets = tables.map(({ schema, name, as = name }) => {
    const target = order.schemas?.[schema] ?? schema;
    return JSON.stringify([target, as]).toLowerCase();
  });
  const areDistinct = [sources, targets].every((names) => new Set(names).size === names.length);
  if (!areDistinct)
    refuse('two of the tables are one', 'Name each table once, and give each a name of its own.');
  const unnamed = Object.keys(order.schemas ?? {}).find(
    (name) => !tables.some(({ schema }) => schema === name),
  );
  if (unnamed !== undefined) {
    refuse(`no table of schema ${unnamed} is named`, 'Name in schemas those of tables alone.');
  }
}

const schemasOfTables = (
  { schemas }: RestoreOrder,
  tables: readonly WantedTable[],
): Readonly<Record<string, string>> =>
  Object.fromEntries(tables.map(({ schema }) => [schema, schemas?.[schema] ?? schema]));

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
