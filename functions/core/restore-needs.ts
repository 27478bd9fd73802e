import { refuseMissing } from '../engine/catalogue/backup-rights.ts';
import { type Rates, refuseTooLarge } from '../engine/catalogue/estimate.ts';
import { missingForRestore, readDefinerAccounts } from '../engine/catalogue/restore-rights.ts';
import type { Query } from '../engine/connection.ts';
import type { BackupFormat } from './backup-format.ts';
import { type StoredSchema, textBytesOf } from './manifest.ts';
import type { Look } from './obstacles.ts';
import type { RestorePlan } from './plan-restore.ts';
import type { RestoreWork } from './restore-work.ts';
import { withSession } from './with-session.ts';

/** Of rows by INSERT, against LOAD DATA. */
const INSERT_SPEED = 0.5;

/**
 * Looks whether the worker has the time for a plan, and its account the rights.
 * @throws `too_large_for_sql`, `too_large_for_one_worker`, `insufficient_privileges`, the reason of the signal
 */
export async function refuseUnmetPlan(work: RestoreWork, format: BackupFormat, look: Look): Promise<void> {
  const { ports, held, endpoint, plan } = work;
  await refuseTooLong(work, format, look);
  await withSession(ports.connector, endpoint, held.signal, (query) =>
    look(async () => refuseMissing(plan.grants, await missingRights(query, plan))),
  );
}

/** One worker goes on after the other, but for format `sql` and tables by themselves; each table is compared by one. */
async function refuseTooLong(
  { settings, held, plan }: RestoreWork,
  format: BackupFormat,
  look: Look,
): Promise<void> {
  const { bytes, rates } = loadOf(plan, format, settings);
  const { workerSeconds } = settings;
  if (format === 'sql' || held.run.tables) {
    await look(() => refuseTooLarge(format, bytes, rates, workerSeconds));
    return;
  }
  for (const { stored } of plan.schemas) {
    for (const table of 'dump' in stored ? [] : stored.tables) {
      const name = `${stored.name}.${table.name}`;
      await look(() => refuseTooLarge(format, table.bytes, rates, workerSeconds, name));
    }
  }
}

/** How much a plan loads, and how fast that goes the way its rows take. */
export function loadOf(
  {
    schemas,
    takesLocalRows,
  }: Pick<RestorePlan, 'takesLocalRows'> & {
    readonly schemas: readonly { readonly stored: StoredSchema }[];
  },
  format: BackupFormat,
  settings: { readonly loadBytesPerSecond: number },
): { readonly bytes: number; readonly rates: Rates } {
  const isInserted = format === 'parallel' && !takesLocalRows;
  return {
    bytes: schemas.reduce((total, { stored }) => total + textBytesOf(stored), 0),
    rates: {
      loadBytesPerSecond: settings.loadBytesPerSecond * (isInserted ? INSERT_SPEED : 1),
      dumpBytesPerSecond: Infinity,
    },
  };
}

async function missingRights(
  query: Query,
  { server, grants, schemas }: RestorePlan,
): Promise<readonly string[]> {
  const names = [...new Set(schemas.flatMap(({ definers }) => definers))];
  const accounts = await readDefinerAccounts(query, server, names);
  const missing = schemas.flatMap(({ contents, target, definers: own }) => {
    const definers = accounts.filter(({ name }) => own.includes(name));
    return missingForRestore({ server, grants, target, contents, definers });
  });
  return [...new Set(missing)];
}
