import type { LoadedSchema, OnProgress } from '../engine/sql/format-sql.ts';
import { loadEvents } from '../engine/sql/load-events.ts';
import { loadSchema } from '../engine/sql/load-schema.ts';
import { loadViews } from '../engine/sql/load-views.ts';
import { SafeBaseError } from '../errors.ts';
import { checkAll } from './check-restore.ts';
import { leftOutOf, type MadeBefore, nothingMade } from './chosen-tables.ts';
import { compareAll } from './compare-restored.ts';
import { fitRecord } from './fit-record.ts';
import { type HeldRun, holdRun } from './hold-run.ts';
import type { RestoreId } from './ids.ts';
import { loadParallel } from './load-parallel.ts';
import type { Manifest } from './manifest.ts';
import { collectObstacles, stopAtFirst } from './obstacles.ts';
import { planRestore, type RestorePlan, type SchemaRestore } from './plan-restore.ts';
import { planTables } from './plan-tables.ts';
import { overEvents, prepareSchema, takeOverSchema } from './prepare-target.ts';
import { previewRestore } from './preview-restore.ts';
import { openBeside, prepareTables, putTablesInPlace, takingBack } from './put-tables.ts';
import { type ReachedServer, reachServer } from './reach-server.ts';
import { readManifestOf } from './read-manifest.ts';
import { dropLedgers, isRestored, leavingNoLedger, restoreLedger } from './restore-ledger.ts';
import { refuseUnmetPlan } from './restore-needs.ts';
import {
  eachSchema,
  openFileOf,
  openSessionOf,
  type RestorePorts,
  type RestoreSettings,
  type RestoreWork,
} from './restore-work.ts';
import type { Restore, RestoredSchema, RestoreResult } from './run.ts';
import { type RunSessions, withRunSessions } from './run-sessions.ts';
import { refuseChangedServer } from './server-changed.ts';

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
    const made = nothingMade();
    return takingBack({ ...server, held, log: ports.log, made }, () =>
      withRunSessions(server.connector, held, ports.log, (sessions) =>
        restoreBackup({ ...ports, connector: sessions.connector }, settings, held, {
          ...server,
          sessions,
          manifest,
          made,
        }),
      ),
    );
  });

/** Where a run restores to, and what. */
interface Order extends Pick<ReachedServer, 'endpoint' | 'logIn'> {
  readonly sessions: RunSessions;
  readonly manifest: Manifest;
  readonly made: MadeBefore;
}

async function restoreBackup(
  ports: RestorePorts,
  settings: RestoreSettings,
  held: HeldRun<Restore>,
  { endpoint, logIn, sessions, manifest, made }: Order,
): Promise<RestoreResult> {
  const { run, lockSchemas } = held;
  if (isRestored(run)) {
    await dropLedgers({ ports, held, endpoint });
    return {};
  }
  const dry = run.dryRun && collectObstacles();
  const look = dry?.look ?? stopAtFirst;
  const whole = await planRestore(ports.connector, { endpoint, run, manifest, lockSchemas, look });
  const all: RestoreWork = { ports, settings, held, sessions, endpoint, logIn, made, plan: whole };
  const plan = await planTables(all, look);
  const work: RestoreWork = { ...all, plan, ledger: restoreLedger(held, plan) };
  await refuseUnmetPlan(work, manifest.format, look);
  const names = new Set(plan.schemas.map(({ contents }) => contents.name));
  const losses = manifest.losses.filter((loss) => names.has(loss.schema));
  if (dry) {
    await checkAll(work, look);
    return fitRecord({
      losses,
      events: plan.events,
      preview: await previewRestore(work, manifest.format, dry.found()),
    });
  }
  const states = followStates(held, plan, losses);
  made.whenTakenBack = () => {
    for (const schema of plan.schemas) states.set(schema, { state: 'untouched' });
  };
  held.keep({ events: plan.events, ...states.result() });
  await checkAll(work, look);
  return leavingNoLedger(work, async () => {
    const loaded = await loadAll(work, states);
    await finishViews(work, loaded);
    await compareAll(work, losses, (schema, tables) => states.set(schema, { tables }));
    await putTablesInPlace(work);
    await startEvents(work, loaded, states);
    // From here on nothing is left to do for another worker, who would not know that without the ledger.
    if (work.ledger) {
      await held.save();
      await dropLedgers(work);
    }
    return states.result();
  });
}

async function manifestOf(ports: RestorePorts, { run, signal }: HeldRun<Restore>): Promise<Manifest> {
  const backup = await ports.backups.get(run.backupId);
  if (backup?.state !== 'completed' || backup.manifest === undefined) {
    throw new SafeBaseError('backup_not_restorable', `${run.backupId} is ${backup?.state ?? 'gone'}`);
  }
  return readManifestOf(ports.objects, backup, signal);
}

/** Pass 2: each schema is emptied or made, then loaded. */
async function loadAll(work: RestoreWork, states: States): Promise<readonly LoadedSchema[]> {
  const { ports, held, endpoint, plan } = work;
  const loaded: LoadedSchema[] = [];
  await eachSchema(work, 'load', async (schema, onProgress) => {
    states.set(schema, { state: 'partial' });
    // Before the first change, so that it is known even if this worker dies; one that was taken over stops here.
    await held.save();
    await refuseChangedServer(ports.connector, endpoint, plan.life, held.signal);
    if (schema.tables) await prepareTables(work, schema);
    else if (schema.isBegun) await takeOverSchema(ports.connector, endpoint, schema.target, held.signal);
    else await prepareSchema(ports.connector, endpoint, schema, plan.server.info.product, held.signal);
    const result = await loadStored(work, schema, onProgress);
    states.set(schema, { disabledEvents: namesOf(result), leftOut: leftOutOf(schema.tables, result) });
    loaded.push(result);
  });
  held.signal.throwIfAborted();
  return loaded;
}

function loadStored(
  work: RestoreWork,
  { stored, target: targetSchema, tables }: SchemaRestore,
  onProgress: OnProgress,
): Promise<LoadedSchema> {
  const { ports, settings, held, sessions, endpoint, logIn, plan } = work;
  const { product } = plan.server.info;
  const { signal } = held;
  const open = openFileOf(work);
  const { definers } = held.run;
  const common = { targetSchema, product, openSession: openSessionOf(work), definers, signal, onProgress };
  if (!('dump' in stored)) {
    const openLoad = () =>
      tables
        ? openBeside(ports.connector, endpoint, targetSchema)
        : ports.connector.openLoad(endpoint, targetSchema);
    const { takesLocalRows } = plan;
    const { maxAllowedPacketBytes } = plan.server;
    const choose = tables?.choose;
    return loadParallel({
      ...common,
      open,
      schema: stored,
      openLoad,
      takesLocalRows,
      maxAllowedPacketBytes,
      choose,
      ledger: work.ledger,
      throwIfLost: held.throwIfLost,
    });
  }
  const { name: schema, dump } = stored;
  const { clientRoot } = settings;
  // A login that was refused has loaded nothing: with another one, all of it is done anew.
  return logIn(endpoint, (by) =>
    sessions.duringLoad(by, targetSchema, () =>
      loadSchema({
        ...common,
        schema,
        dump: open(dump),
        dumpBytes: dump.dumpBytes,
        clientRoot,
        endpoint: by,
      }),
    ),
  );
}

/** Views come last: those of one schema may read tables of another. */
async function finishViews(work: RestoreWork, loaded: readonly LoadedSchema[]): Promise<void> {
  const { held, plan } = work;
  for (const [index, { views }] of loaded.entries()) {
    const targetSchema = plan.schemas[index]?.target;
    if (targetSchema === undefined) continue;
    await loadViews({ openSession: openSessionOf(work), targetSchema, views, signal: held.signal });
  }
}

/**
 * Last of all, so that no event ever runs on what is not whole: until here those that ran at the source are off. One
 * whose time is over stays off.
 */
async function startEvents(
  work: RestoreWork,
  loaded: readonly LoadedSchema[],
  states: States,
): Promise<void> {
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
      held.run.restored?.find(({ target }) => target === schema.target) ?? {
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
