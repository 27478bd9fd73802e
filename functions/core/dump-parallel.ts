import type { Query } from '../engine/connection.ts';
import type { Loss, SchemaContents } from '../engine/contents.ts';
import { withOpen } from '../engine/deadline.ts';
import { dumpText } from '../engine/parallel/text-parts.ts';
import { partBytesFor } from '../engine/part.ts';
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
import { eachAttempt } from './parallel-attempts.ts';
import type { BackupPlan } from './plan-backup.ts';
import { refuseChangedServer } from './server-changed.ts';
import { storeParts } from './store-parts.ts';
import { yieldingToOwner } from './watch-owner.ts';
import { withLanes } from './with-lanes.ts';

/** What the manifest tells of a dump, and all losses. */
export interface ParallelDump {
  readonly told: Pick<
    ParallelManifest,
    'format' | 'consistency' | 'program' | 'position' | 'snapshot' | 'attempts' | 'schemas'
  >;
  readonly losses: readonly Loss[];
}

/**
 * Dumps all schemas as of one instant, through a few connections: definitions first, while no table can be changed, then
 * rows, the largest tables first; each table is let go of as soon as its rows are through. Whoever wants to change one
 * before that is let through, and the dump begins anew.
 * @param lookAgain plans as `plan` was planned, for another attempt
 * @throws `server_changed`, `dump_failed` where tables were changed in each attempt, `dump_incomplete`, as `planBackup`,
 * `refuseLongManifest`, `dumpDefinitions`, `readRows` and `ObjectStore.writeParts`, the reason of the signal
 */
export async function dumpParallel(
  work: DumpWork,
  plan: BackupPlan,
  lookAgain: () => Promise<BackupPlan>,
): Promise<ParallelDump> {
  const { ports, held, source } = work;
  const { connector } = ports;
  const seeSame = () => refuseChangedServer(connector, source.endpoint, plan.life, held.signal);
  await seeSame();
  const dump = await eachAttempt(work, plan, lookAgain, (looked, attempt) => dumpOnce(work, looked, attempt));
  await seeSame();
  return dump;
}

function dumpOnce(work: DumpWork, plan: BackupPlan, attempt: number): Promise<ParallelDump> {
  const { ports, settings, held, source } = work;
  const open = () => ports.connector.connect(source.endpoint);
  return withLanes(work, (sessions) =>
    withOpen(held.signal, open, async (catalogue) => {
      const { query } = catalogue;
      const schemas = await holdSchemas(work, plan, catalogue, sessions);
      return yieldingToOwner(work, schemas, async (yielding) => {
        const defined = await defineSchemas(yielding, plan, query, schemas);
        const cut = await cutTables(query, schemas.server.info.product, schemas.held, settings.chunkBytes);
        refuseLongManifest(plan, piecesOf(plan, schemas, cut));
        const stored = await storeAll(yielding, plan, { attempt, query, schemas, defined, cut });
        return toldOf(plan, attempt, { schemas, defined }, stored);
      });
    }),
  );
}

/** All that is known before anything is stored. */
interface Begun {
  readonly attempt: number;
  /** For the catalogue. */
  readonly query: Query;
  readonly schemas: HeldSchemas;
  readonly defined: readonly DefinedSchema[];
  readonly cut: CutTables;
}

function toldOf(
  plan: BackupPlan,
  attempt: number,
  { schemas: { position, snapshot }, defined }: Pick<Begun, 'schemas' | 'defined'>,
  schemas: readonly ParallelSchema[],
): ParallelDump {
  const [first] = defined;
  if (first === undefined) throw new SafeBaseError('schema_unknown', 'there is no schema to back up');
  return {
    told: {
      format: 'parallel',
      consistency: 'one-instant',
      program: first.program,
      ...(position && { position }),
      snapshot,
      ...(attempt > 1 && { attempts: attempt }),
      schemas,
    },
    losses: [...plan.losses, ...defined.flatMap(({ losses }) => losses)],
  };
}

/** Of each schema. */
const piecesOf = ({ schemas: planned }: BackupPlan, { held, others }: HeldSchemas, cut: CutTables) => {
  const jobs = Map.groupBy([...held, ...others], ({ schema }) => schema);
  return planned.map((_, schema) =>
    (jobs.get(schema) ?? []).map((job) => ({ table: job.table, chunks: cut.get(job)?.length ?? 1 })),
  );
};

/** A schema without its rows. */
interface StoredTexts extends Pick<ParallelSchema, 'definitions' | 'objects'> {
  readonly keys: ParallelKeys;
}

async function storeAll(work: DumpWork, plan: BackupPlan, { attempt, query, schemas, defined, cut }: Begun) {
  const { run } = work.held;
  const texts: StoredTexts[] = [];
  for (const [index, { before, after }] of defined.entries()) {
    const keys = parallelKeys(run.databaseId, run.id, index, attempt);
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
    query,
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
  const { instant, kept } = schemas;
  return texts.map(({ definitions, objects }, index): ParallelSchema => {
    const planned = plan.schemas[index];
    if (planned === undefined) throw new Error(`schema ${index} was not planned`);
    const inOrder = (tables.get(index) ?? []).toSorted(([a], [b]) => a.place - b.place);
    const list = inOrder.map(([, table]) => table);
    const underLock = inOrder.filter(([job]) => kept.has(job)).map(([{ table }]) => table.name);
    return { ...ofInstant(planned.contents, underLock), tables: list, instant, definitions, objects };
  });
}

/** @param underLock tables that no snapshot shows, which were read while nobody could write to them */
function ofInstant(contents: SchemaContents, underLock: readonly string[]): SchemaContents {
  if (underLock.length === 0) return contents;
  const notOfOneInstant = contents.notOfOneInstant.filter((name) => !underLock.includes(name));
  return { ...contents, notOfOneInstant, readUnderLock: underLock };
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
