import { throwIfOver } from '../engine/deadline.ts';
import { type StoredSchema, textBytesOf } from './manifest.ts';
import type { Log, ObjectStore, RunStore } from './ports.ts';
import { readManifestOf } from './read-manifest.ts';
import type { Backup } from './run.ts';
import type { FormerBackup, Held } from './shrunk.ts';

interface FormerPorts {
  readonly runs: RunStore<Backup>;
  readonly objects: ObjectStore;
  readonly log: Log;
}

/**
 * What the last backup of the same database holds. Where its manifest cannot be read, its record tells of objects alone:
 * then most of all another backup is wanted.
 * @returns nothing where there is none yet
 * @throws `unavailable`, the reason of the signal
 */
export async function readFormerBackup(
  { runs, objects, log }: FormerPorts,
  { databaseId }: Backup,
  signal: AbortSignal,
): Promise<FormerBackup | undefined> {
  const { items } = await runs.list({ databaseId, states: ['completed'] }, { limit: 1 });
  const [last] = items;
  if (last === undefined) return undefined;
  const { id, schemas = [] } = last;
  try {
    const manifest = await readManifestOf(objects, last, signal);
    return { id, schemas: manifest.schemas.map(heldIn) };
  } catch (error) {
    throwIfOver(signal);
    log.error('the manifest of the backup before cannot be read', { backupId: id, error });
    return { id, schemas };
  }
}

/** What is compared of a schema that was dumped. */
export const heldIn = (schema: StoredSchema): Held => ({
  name: schema.name,
  counts: schema.counts,
  ...(schema.tables && { tables: schema.tables }),
  text: { format: 'dump' in schema ? 'sql' : 'parallel', bytes: textBytesOf(schema) },
});
