import { estimateTimes } from '../engine/catalogue/estimate.ts';
import { countObjects } from '../engine/catalogue/object-counts.ts';
import { readDefinerAccounts } from '../engine/catalogue/restore-rights.ts';
import type { Failure } from '../errors.ts';
import type { BackupFormat } from './backup-format.ts';
import type { ChosenTables } from './chosen-tables.ts';
import { loadOf } from './restore-needs.ts';
import type { RestoreWork } from './restore-work.ts';
import type { RestorePreview } from './run.ts';
import { withSession } from './with-session.ts';

/** Tells what a restore would do to the target, once its looks are through. @throws the reason of the signal */
export async function previewRestore(
  { ports, settings, held, endpoint, plan }: RestoreWork,
  format: BackupFormat,
  obstacles: readonly Failure[],
): Promise<RestorePreview> {
  return withSession(ports.connector, endpoint, held.signal, async (query) => {
    const schemas: RestorePreview['schemas'][number][] = [];
    for (const { contents, target, action, definers, tables } of plan.schemas) {
      const accounts = await readDefinerAccounts(query, plan.server, definers);
      schemas.push({
        source: contents.name,
        target,
        action,
        ...(action === 'replace' && { drops: await countObjects(query, target) }),
        ...(tables && previewTables(tables)),
        unknownDefiners: accounts.filter(({ exists }) => exists === false).map(({ name }) => name),
      });
    }
    const { bytes, rates } = loadOf(plan, format, settings);
    return {
      ready: obstacles.length === 0,
      obstacles,
      schemas,
      loadSeconds: estimateTimes(bytes, rates).loadSeconds,
    };
  });
}

const previewTables = ({ tables, sequences, leftOut }: ChosenTables) => ({
  tables: tables.map(({ name, as, rows }) => ({ name, as, rows })),
  sequences: sequences.map(({ name }) => name),
  leftOut,
});
