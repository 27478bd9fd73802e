import type { Loss } from '../engine/contents.ts';
import { throwIfOver, withOpen } from '../engine/deadline.ts';
import { isChangedTable } from '../engine/parallel/hold-tables.ts';
import { dumpText } from '../engine/parallel/text-parts.ts';
import { partBytesFor } from '../engine/part.ts';
import { setUpReading } from '../engine/rows/session-settings.ts';
import { SafeBaseError } from '../errors.ts';
import { type CutTables, cutTables } from './cut-tables.ts';
import { type DefinedSchema, defineSchemas } from './define-schemas.ts';
import { dumpRows } from './dump-rows.ts';
import type { DumpWork } from './dump-schemas.ts';
import { type HeldSchemas, holdSchemas } from './hold-schemas.ts';
import {
  type ParallelKeys,
  type ParallelManifest,
  type ParallelSchema,
  parallelKeys,
  type StoredObject,
} from './manifest.ts';
import { refuseLongManifest } from './manifest-size.ts';
import type { BackupPlan } from './plan-backup.ts';
import type { RowSession } from './ports.ts';
import { refuseChangedServer } from './server-changed.ts';
import { storeParts } from './store-parts.ts';

/** How often a snapshot is taken anew, where tables were changed before they were held. */
const MAX_ATTEMPTS = 3;

/** What the manifest tells of a dump, and losses that only the dump has shown. */
export interface ParallelDump {
  readonly told: Pick<
    ParallelManifest,
    'format' | 'consistency' | 'program' | 'position' | 'snapshot' | 'schemas'
  >;
  readonly losses: readonly Loss[];
}

/**
 * Dumps all schemas as of one instant, through a few connections: definitions first, while no table can be changed,
 then rows, the largest tables first; each table is let go of as soon as its rows are through.
 * @throws `server_changed`, `dump_failed` where tables were changed in each attempt, `dump_incomplete`, as
 * `refuseLongManifest`, `dumpDefinitions`, `readRows` and `ObjectStore.writeParts`, the reason of the signal
 */
export async function dumpParallel(work: DumpWork, plan: BackupPlan): Promise<ParallelDump> {
  const { ports, held, source } = work;
  const { connector } = ports;
  const seeSame = () => refuseChangedServer(connector, source.endpoint, plan.life, held.signal);
  await seeSame();
  const dump = await dumpAttempts(work, plan);
  await seeSame();
  const { defined, schemas } = dump.begun;
  const { position, snapshot } = schemas;
  const [first] = defined;
  if (first === undefined) throw new SafeBaseError('schema_unknown', 'there is no schema to back up');
  return {
    told: {
      format: 'parallel',
      consistency: 'one-instant',
      program: first.program,
      ...(position && { position }),
      snapshot,
      schemas: dump.schemas,
    },
    losses: defined.flatMap(({ losses }) => losses),
  };
}

/** What an attempt came to. */
interface Dumped {
  readonly begun: Begun;
  readonly schemas: readonly ParallelSchema[];
}

/** All that is known before anything is stored. */
interface Begun {
  readonly schemas: HeldSchemas;
  readonly defined: readonly DefinedSchema[];
  readonly cut: CutTables;
}

async function dumpAttempts(work: DumpWork, plan: BackupPlan): Promise<Dumped> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await withLanes(work, [], async (sessions) => {
        const begun = await begin(work, plan, sessions);
        refuseLongManifest(plan, piecesOf(plan, begun));
        return { begun, schemas: await storeAll(work, plan, begun) };
      });
    } catch (error) {
      // Nothing is stored before all tables are held.
      if (!isChangedTable(error) || attempt === MAX_ATTEMPTS) throw error;
      work.ports.log.info('a table was changed before it was held, the dump begins anew', { attempt, error });
    }
  }
}

/** Opens one lane after the other; where the server lets us have no more, those that there are must do. */
async function withLanes<T>(
  work: DumpWork,
  opened: readonly RowSession[],
  use: (lanes: readonly RowSession[]) => Promise<T>,
): Promise<T> {
  const { ports, settings, held, source } = work;
  if (opened.length === settings.lanes) return use(opened);
  const open = () => ports.connector.openRows(source.endpoint);
  const one = await open().catch((error: unknown) => {
    throwIfOver(held.signal);
    if (opened.length === 0) throw error;
    ports.log.info('there is no connection for another lane', { lanes: opened.length, error });
  });
  if (one === undefined) return use(opened);
  return withOpen(
    held.signal,
    async () => one,
    async (lane) => {
      await setUpReading(lane.query);
      return withLanes(work, [...opened, lane], use);
    },
  );
}

function begin(work: DumpWork, plan: BackupPlan, sessions: readonly RowSession[]): Promise<Begun> {
  const { ports, settings, held, source } = work;
  const open = () => ports.connector.connect(source.endpoint);
  return withOpen(held.signal, open, async (catalogue) => {
    const { query } = catalogue;
    const schemas = await holdSchemas(work, plan, catalogue, sessions);
    const defined = await defineSchemas(work, plan, query, schemas);
    const { product } = schemas.server.info;
    return { schemas, defined, cut: await cutTables(query, product, schemas.held, settings.chunkBytes) };
  });
}

/** Of each schema. */
const piecesOf = ({ schemas: planned }: BackupPlan, { schemas: { held, others }, cut }: Begun) => {
  const jobs = Map.groupBy([...held, ...others], ({ schema }) => schema);
  return planned.map((_, schema) =>
    (jobs.get(schema) ?? []).map((job) => ({ table: job.table, chunks: cut.get(job)?.length ?? 1 })),
  );
};

/** A schema without its rows. */
interface StoredTexts extends Pick<ParallelSchema, 'definitions' | 'objects'> {
  readonly keys: ParallelKeys;
}

async function storeAll(work: DumpWork, plan: BackupPlan, { schemas, defined, cut }: Begun) {
  const { run } = work.held;
  const texts: StoredTexts[] = [];
  for (const [index, { before, after }] of defined.entries()) {
    const keys = parallelKeys(run.databaseId, run.id, index);
    const definitions = await storeText(work, keys.definitions, before);
    texts.push({ keys, definitions, objects: await storeText(work, keys.objects, after) });
  }
  const keysOf = (index: number): ParallelKeys => {
    const { keys } = texts[index] ?? {};
    if (keys === undefined) throw new Error(`schema ${index} was not defined`);
    return keys;
  };
  const stored = await dumpRows({
    work,
    schemas,
    cut,
    keyOf: ({ schema, place }, chunk) => keysOf(schema).chunk(place, chunk),
    partBytesOf: ({ schema }) => partBytesFor(plan.schemas[schema]?.sizeBytes ?? 0),
    textBytes: texts.reduce(
      (sum, { definitions, objects }) => sum + definitions.dumpBytes + objects.dumpBytes,
      0,
    ),
    bytesEstimated: plan.sizeBytes,
  });
  const tables = Map.groupBy(stored, ([{ schema }]) => schema);
  const { instant } = schemas;
  return texts.map(({ definitions, objects }, index): ParallelSchema => {
    const planned = plan.schemas[index];
    if (planned === undefined) throw new Error(`schema ${index} was not planned`);
    const inOrder = (tables.get(index) ?? []).toSorted(([a], [b]) => a.place - b.place);
    const list = inOrder.map(([, table]) => table);
    return { ...planned.contents, tables: list, instant, definitions, objects };
  });
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
