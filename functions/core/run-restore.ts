import { refuseFoldedNames } from '../engine/catalogue/name-case.ts';
import { checkDump } from '../engine/sql/check-dump.ts';
import type { CheckedDump, LoadedSchema, OpenSession, OutsideNeed } from '../engine/sql/format-sql.ts';
import { loadEvents } from '../engine/sql/load-events.ts';
import { loadSchema } from '../engine/sql/load-schema.ts';
import { loadViews } from '../engine/sql/load-views.ts';
import { readVerifiedParts } from '../engine/sql/read-verified-parts.ts';
import { SafeBaseError } from '../errors.ts';
import { fitRecord } from './fit-record.ts';
import { type HeldRun, type HoldPorts, holdRun, type RunSettings } from './hold-run.ts';
import type { AddressRules } from './host-rules.ts';
import type { RestoreId } from './ids.ts';
import type { Manifest } from './manifest.ts';
import { planRestore, type RestorePlan, type SchemaRestore } from './plan-restore.ts';
import type { DatabaseStore, ObjectStore, Resolver, SecretStore, SqlConnector } from './ports.ts';
import {
  compareTarget,
  overEvents,
  prepareSchema,
  refuseOtherCounts,
  refuseUnmet,
} from './prepare-target.ts';
import { type ReachedServer, reachServer } from './reach-server.ts';
import { readManifestOf } from './read-manifest.ts';
import type { Restore, RestoredSchema, RestoreResult } from './run.ts';
import { type RunSessions, withRunSessions } from './run-sessions.ts';
import { schemaProgress } from './schema-progress.ts';
import { refuseChangedServer } from './server-changed.ts';

export interface RestorePorts extends HoldPorts<Restore> {
  readonly databases: DatabaseStore;
  readonly secrets: SecretStore;
  readonly resolver: Resolver;
  readonly connector: SqlConnector;
  readonly objects: ObjectStore;
}

export interface RestoreSettings extends RunSettings {
  readonly networks: Readonly<Record<string, AddressRules>>;
  readonly clientRoot: string;
  readonly loadBytesPerSecond: number;
  /** Seconds of one worker that a load may use. */
  readonly workerSeconds: number;
}

/** The way of one restore: manifest → look at the target → pass 1 reads all → pass 2 loads → views → compare → events. */
export const runRestore = (
  ports: RestorePorts,
  settings: RestoreSettings,
  id: RestoreId,
): Promise<Restore | undefined> =>
  holdRun(ports, id, settings, async (held) => {
    held.report({ phase: 'probe' });
    const manifest = await manifestOf(ports, held);
    const server = await reachServer(ports, settings.networks, held, 'restore');
    return withRunSessions(server.connector, held, ports.log, (sessions) =>
      restoreBackup({ ...ports, connector: sessions.connector }, settings, held, {
        ...server,
        sessions,
        manifest,
      }),
    );
  });

/** Where a run restores to, and what. */
interface Order extends Pick<ReachedServer, 'endpoint' | 'logIn'> {
  readonly sessions: RunSessions;
  readonly manifest: Manifest;
}

/** What every step of one restore works with. */
interface Work extends Omit<Order, 'manifest'> {
  readonly ports: RestorePorts;
  readonly settings: RestoreSettings;
  readonly held: HeldRun<Restore>;
  readonly plan: RestorePlan;
}

async function restoreBackup(
  ports: RestorePorts,
  settings: RestoreSettings,
  held: HeldRun<Restore>,
  { endpoint, logIn, sessions, manifest }: Order,
): Promise<RestoreResult> {
  const { run, lockSchemas } = held;
  const plan = await planRestore(ports.connector, settings, { endpoint, run, manifest, lockSchemas });
  const names = new Set(plan.schemas.map(({ contents }) => contents.name));
  const losses = manifest.losses.filter((loss) => names.has(loss.schema));
  const states = followStates(held, plan, losses);
  held.keep({ events: plan.events, ...states.result() });

  const work: Work = { ports, settings, held, sessions, endpoint, logIn, plan };
  await checkAll(work);
  const loaded = await loadAll(work, states);
  await finishViews(work, loaded);
  await compareAll(work);
  await startEvents(work, loaded, states);
  return states.result();
}

async function manifestOf(ports: RestorePorts, { run, signal }: HeldRun<Restore>): Promise<Manifest> {
  const backup = await ports.backups.get(run.backupId);
  if (backup?.state !== 'completed' || backup.manifest === undefined) {
    throw new SafeBaseError('backup_not_restorable', `${run.backupId} is ${backup?.state ?? 'gone'}`);
  }
  return readManifestOf(ports.objects, backup, signal);
}

/** Pass 1: everything is read, proved and looked through before the first write. */
async function checkAll(work: Work): Promise<void> {
  const { ports, held, endpoint, plan } = work;
  const targets = new Map(Object.entries(held.run.schemas));
  const carried = new Set<string>();
  const needs: OutsideNeed[] = [];
  await eachSchema(work, 'check', async (schema, begin) => {
    const checked = await checkDump(begin());
    refuseOtherCounts(schema, checked);
    refuseFoldedNames(plan.lowerCaseTableNames, checked.names);
    refuseLongStatements(plan, schema, checked);
    const missing = checked.engines.filter((engine) => !plan.engines.has(engine));
    if (missing.length > 0) {
      throw new SafeBaseError('engine_missing', `the target has no storage engine ${missing.join(', ')}`);
    }
    if (schema.target !== schema.contents.name) for (const object of checked.carriesName) carried.add(object);
    needs.push(...checked.outsideNeeds);
  });
  // What goes to the target under another name would be read or referred to under its old one.
  for (const { by, schema } of needs) if ((targets.get(schema) ?? schema) !== schema) carried.add(by);
  if (carried.size > 0) {
    throw new SafeBaseError(
      'dump_carries_schema_name',
      `under another name these would still point at the old schema: ${[...carried].join(', ')}`,
      { details: { objects: [...carried] } },
    );
  }
  const isMade = new Set(targets.values());
  const outside = needs.filter(({ schema }) => !isMade.has(schema));
  await refuseUnmet(ports.connector, endpoint, plan.grants, outside, held.signal);
  held.signal.throwIfAborted();
}

/** A packet is the statement and one byte more. */
function refuseLongStatements(
  { maxAllowedPacketBytes }: RestorePlan,
  { contents }: SchemaRestore,
  { largestStatementBytes }: CheckedDump,
): void {
  const needed = largestStatementBytes + 1;
  if (needed <= maxAllowedPacketBytes) return;
  throw new SafeBaseError(
    'packet_too_small',
    `the dump of ${contents.name} holds a statement of ${largestStatementBytes} bytes, and the target takes ${maxAllowedPacketBytes} at once`,
    {
      hint: `SET GLOBAL max_allowed_packet = ${Math.ceil(needed / 1024) * 1024} on the target, then restore again.`,
    },
  );
}

/** Pass 2: each schema is emptied or made, then loaded. */
async function loadAll(work: Work, states: States): Promise<readonly LoadedSchema[]> {
  const { ports, settings, held, sessions, endpoint, logIn, plan } = work;
  const loaded: LoadedSchema[] = [];
  await eachSchema(work, 'load', async (schema, begin) => {
    states.set(schema, { state: 'partial' });
    // Before the first change, so that it is known even if this worker dies; one that was taken over stops here.
    await held.save();
    await refuseChangedServer(ports.connector, endpoint, plan.life, held.signal);
    await prepareSchema(ports.connector, endpoint, schema, plan.product, held.signal);
    const { clientRoot } = settings;
    const { product } = plan;
    const openSession = openSessionOf(work);
    // A login that was refused has loaded nothing: with another one, all of it is done anew.
    const result = await logIn(endpoint, (by) =>
      sessions.duringLoad(by, schema.target, () =>
        loadSchema({ ...begin(), clientRoot, endpoint: by, product, openSession }),
      ),
    );
    states.set(schema, { disabledEvents: namesOf(result), leftOut: result.leftOut });
    loaded.push(result);
  });
  held.signal.throwIfAborted();
  return loaded;
}

/** Views come last: those of one schema may read tables of another. */
async function finishViews(work: Work, loaded: readonly LoadedSchema[]): Promise<void> {
  const { held, plan } = work;
  for (const [index, { views }] of loaded.entries()) {
    const targetSchema = plan.schemas[index]?.target;
    if (targetSchema === undefined) continue;
    await loadViews({ openSession: openSessionOf(work), targetSchema, views, signal: held.signal });
  }
}

const openSessionOf =
  ({ ports, endpoint }: Work): OpenSession =>
  (name) =>
    ports.connector.openStatements(endpoint, name);

async function compareAll(work: Work): Promise<void> {
  work.held.report({ phase: 'compare' });
  for (const schema of work.plan.schemas) {
    await compareTarget(work.ports.connector, work.endpoint, schema, work.held.signal);
  }
  // What an older life of the server held in memory alone may be gone since it was counted.
  await refuseChangedServer(work.ports.connector, work.endpoint, work.plan.life, work.held.signal);
}

/**
 * Last of all, so that no event ever runs on what is not whole: until here those that ran at the source are off. One
 * whose time is over stays off.
 */
async function startEvents(work: Work, loaded: readonly LoadedSchema[], states: States): Promise<void> {
  const { ports, held, endpoint, plan } = work;
  const { signal } = held;
  const isWanted = plan.events === 'as-stored' && loaded.some(({ events }) => events.length > 0);
  held.report({ phase: 'events' });
  // One that was taken over stops here.
  if (isWanted) await held.save();
  for (const [index, schema] of plan.schemas.entries()) {
    const of = loaded[index];
    if (isWanted && of !== undefined) {
      const { target: targetSchema } = schema;
      const over = await overEvents(ports.connector, endpoint, schema, signal);
      await loadEvents({ openSession: openSessionOf(work), targetSchema, loaded: of, except: over, signal });
      states.set(schema, { disabledEvents: namesOf(of).filter((name) => over.has(name)) });
    }
    states.set(schema, { state: 'restored' });
  }
}

const namesOf = ({ events }: LoadedSchema): readonly string[] => events.map(({ name }) => name);

type ReadingInput = Parameters<typeof checkDump>[0];

/** Reads each dump of the plan, proved part by part and from its first with each `begin`, and tells the progress over all. */
async function eachSchema(
  { ports, held, plan }: Work,
  phase: 'check' | 'load',
  use: (schema: SchemaRestore, begin: () => ReadingInput) => Promise<void>,
): Promise<void> {
  const bytesEstimated = plan.schemas.reduce((total, { dump }) => total + dump.dumpBytes, 0);
  const progress = schemaProgress(phase, plan.schemas, bytesEstimated, held.report);
  for (const schema of plan.schemas) {
    const { dump } = schema;
    const read = (range: { readonly first: number; readonly last: number }) =>
      ports.objects.read(dump.key, dump.versionId, range, held.signal);
    await use(schema, () => ({
      schema: schema.contents.name,
      targetSchema: schema.target,
      dump: readVerifiedParts(read, dump, held.signal),
      dumpBytes: dump.dumpBytes,
      signal: held.signal,
      onProgress: progress.onProgress,
    }));
    progress.through(schema.contents.counts, dump.dumpBytes);
  }
}

interface States {
  /** What the record says of it. */
  result(): RestoreResult;
  set(schema: SchemaRestore, change: Partial<RestoredSchema>): void;
}

/** What stands on the target, kept on the record from the moment it changes. */
function followStates(held: HeldRun<Restore>, plan: RestorePlan, losses: Manifest['losses']): States {
  const states = new Map<SchemaRestore, RestoredSchema>(
    plan.schemas.map((schema) => [
      schema,
      {
        source: schema.contents.name,
        target: schema.target,
        state: 'untouched',
        disabledEvents: [],
        leftOut: [],
      },
    ]),
  );
  const result = (): RestoreResult => fitRecord({ losses, restored: [...states.values()] });
  return {
    result,
    set: (schema, change) => {
      const before = states.get(schema);
      if (before !== undefined) states.set(schema, { ...before, ...change });
      held.keep(result());
    },
  };
}
