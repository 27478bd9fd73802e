import type { Loss } from '../engine/contents.ts';
import { ledgerTable } from '../engine/parallel/load-ledger.ts';
import type { OnProgress } from '../engine/sql/format-sql.ts';
import { SafeBaseError } from '../errors.ts';
import { loadedName, showCompared } from './chosen-tables.ts';
import { compareContent } from './compare-content.ts';
import type { SchemaRestore } from './plan-restore.ts';
import { compareTarget } from './prepare-target.ts';
import { eachSchema, type RestoreWork } from './restore-work.ts';
import type { RestoredTable } from './run.ts';
import { refuseChangedServer } from './server-changed.ts';

/**
 * Holds what stands on the target against the backup: objects by their number; rows by theirs, and where the backup tells
 * more of them, by what they hold.
 * @throws `counts_differ`, `content_differs`, `server_changed`, the reason of the signal
 */
export async function compareAll(
  work: RestoreWork,
  losses: readonly Loss[],
  onCompared: (schema: SchemaRestore, tables: readonly RestoredTable[]) => void,
): Promise<void> {
  const { ports, held, endpoint, plan } = work;
  const { product } = plan.server.info;
  const { signal } = held;
  held.report({ phase: 'compare' });
  const differing: string[] = [];
  const compare = async (schema: SchemaRestore, onProgress: OnProgress): Promise<void> => {
    const { stored, target: targetSchema, contents } = schema;
    if ('dump' in stored) return compareTarget(ports.connector, endpoint, schema, signal);
    const counted = { ...schema, contents: { ...contents, tables: [] } };
    const { ledger } = work;
    const besides = ledger && ledgerTable(ledger.restoreId);
    if (!schema.tables) await compareTarget(ports.connector, endpoint, counted, signal, besides);
    const openRows = () => ports.connector.openRows(endpoint);
    const lossyTables = losses.filter((loss) => isOfRows(loss, stored.name)).map(({ object }) => object);
    const lossy = new Set(lossyTables.map((name) => loadedName(schema.tables, name)));
    const compared = { openRows, product, schema: stored, targetSchema, lossy, ledger, signal, onProgress };
    const tables = showCompared(schema.tables, await compareContent(compared));
    onCompared(schema, tables);
    const others = tables.filter(({ content }) => content === 'differs');
    differing.push(...others.map(({ name }) => `${targetSchema}.${name}`));
  };
  const isByContent = plan.schemas.some(({ stored }) => !('dump' in stored));
  if (isByContent) await eachSchema(work, 'compare', compare);
  else for (const schema of plan.schemas) await compare(schema, () => {});
  // What an older life of the server held in memory alone may be gone since it was counted.
  await refuseChangedServer(ports.connector, endpoint, plan.life, signal);
  if (differing.length === 0) return;
  throw new SafeBaseError(
    'content_differs',
    `other rows than in the backup stand in ${differing.join(', ')}`,
    {
      details: { tables: differing },
    },
  );
}

/** Opaque values of JSON documents print otherwise once they are another type; all other losses are of definitions. */
const isOfRows = ({ kind, schema }: Loss, name: string): boolean => kind === 'json_opaque' && schema === name;
