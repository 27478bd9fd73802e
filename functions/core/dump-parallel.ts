import type { Loss } from '../engine/contents.ts';
import { withOpen } from '../engine/deadline.ts';
import { isChangedTable } from '../engine/parallel/hold-tables.ts';
import { dumpText } from '../engine/parallel/text-parts.ts';
import { partBytesFor } from '../engine/part.ts';
import { setUpReading } from '../engine/rows/session-settings.ts';
import { SafeBaseError } from '../errors.ts';
import { type HeldSchemas, holdSchemas } from './define-schemas.ts';
import { dumpRows } from './dump-rows.ts';
import type { DumpWork } from './dump-schemas.ts';
import { type ParallelManifest, type ParallelSchema, parallelKeys, type StoredObject } from './manifest.ts';
import { refuseLongManifest } from './manifest-size.ts';
import type { BackupPlan } from './plan-backup.ts';
import type { RowSession } from './ports.ts';
import { schemaProgress } from './schema-progress.ts';
import { refuseChangedServer } from './server-changed.ts';
import { storeParts } from './store-parts.ts';

/** How often a snapshot is taken anew, where tables were changed before they were held. */
const MAX_ATTEMPTS = 3;

/** What the manifest tells of a dump, and losses that only the dump has shown. */
export interface ParallelDump {
  readonly told: Pick<ParallelManifest, 'format' | 'consistency' | 'program' | 'position' | 'schemas'>;
  readonly losses: readonly Loss[];
}

/**
 * Dumps all schemas as of one instant, through one connection that takes no lock: definitions first, while no table can
 * be changed, then rows table by table; each table is let go of as soon as its rows are through.
 * @throws `server_changed`, `dump_failed` where tables were changed in each attempt, `dump_incomplete`, as
 * `refuseLongManifest`, `dumpDefinitions`, `readRows` and `ObjectStore.writeParts`, the reason of the signal
 */
export async function dumpParallel(work: DumpWork, plan: BackupPlan): Promise<ParallelDump> {
  const { ports, held, source } = work;
  const { connector } = ports;
  const seeSame = () => refuseChangedServer(connector, source.endpoint, plan.life, held.signal);
  await seeSame();
  const open = () => connector.openRows(source.endpoint);
  const dump = await withOpen(held.signal, open, async (lane) => {
    await setUpReading(lane.query);
    const begun = await begin(work, plan, lane);
    refuseLongManifest(
      plan,
      begun.defined.map(({ tables }) => tables),
    );
    const schemas = await storeAll(work, plan, lane, begun);
    await lane.query('ROLLBACK');
    return { begun, schemas };
  });
  await seeSame();
  const { defined, position } = dump.begun;
  const [first] = defined;
  if (first === undefined) throw new SafeBaseError('schema_unknown', 'there is no schema to back up');
  return {
    told: {
      format: 'parallel',
      consistency: 'one-instant',
      program: first.program,
      ...(position && { position }),
      schemas: dump.schemas,
    },
    losses: defined.flatMap(({ losses }) => losses),
  };
}

/** Nothing is stored yet: until here the dump may begin anew. */
async function begin(work: DumpWork, plan: BackupPlan, lane: RowSession): Promise<HeldSchemas> {
  const { ports, held, source } = work;
  const open = () => ports.connector.connect(source.endpoint);
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await withOpen(held.signal, open, ({ query }) => holdSchemas(work, plan, query, lane));
    } catch (error) {
      if (!isChangedTable(error) || attempt === MAX_ATTEMPTS) throw error;
      ports.log.info('a table was changed before it was held, the dump begins anew', { attempt, error });
      await lane.query('ROLLBACK');
    }
  }
}

async function storeAll(work: DumpWork, plan: BackupPlan, lane: RowSession, begun: HeldSchemas) {
  const { held } = work;
  const progress = schemaProgress('dump', plan.schemas, plan.sizeBytes, held.report);
  const schemas: ParallelSchema[] = [];
  for (const [index, { contents, sizeBytes }] of plan.schemas.entries()) {
    const defined = begun.defined[index];
    if (defined === undefined) throw new Error(`schema ${index} was not defined`);
    const keys = parallelKeys(held.run.databaseId, held.run.id, index);
    const partBytes = partBytesFor(sizeBytes);
    const definitions = await storeText(work, keys.definitions, defined.before);
    const objects = await storeText(work, keys.objects, defined.after);
    const textBytes = definitions.dumpBytes + objects.dumpBytes;
    const tables = await dumpRows({
      work,
      product: plan.server.product,
      lane,
      keys,
      partBytes,
      tables: defined.tables,
      held: defined.held,
      release: begun.tables.release,
      onProgress: (bytes, seen) => progress.onProgress(textBytes + bytes, seen),
    });
    const rowBytes = tables.reduce((total, { bytes }) => total + bytes, 0);
    progress.through(contents.counts, textBytes + rowBytes);
    schemas.push({ ...contents, tables, instant: begun.instant, definitions, objects });
  }
  return schemas;
}

async function storeText(
  { ports, settings, held }: DumpWork,
  key: string,
  text: Buffer,
): Promise<StoredObject> {
  const dump = dumpText(text, settings.zstdLevel, partBytesFor(text.length));
  const storing = await storeParts(ports.objects, key, dump.parts, held.signal);
  if (storing === undefined) throw new Error('a text has no part');
  return { key, ...(await storing.written), ...dump.summary() };
}
