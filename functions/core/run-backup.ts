import { createHash } from 'node:crypto';
import type { ObjectCounts, SchemaContents } from '../engine/contents.ts';
import { partBytesFor } from '../engine/part.ts';
import { dumpSchema } from '../engine/sql/dump-schema.ts';
import { SafeBaseError } from '../errors.ts';
import { fitRecord } from './fit-record.ts';
import { type HeldRun, type HoldPorts, holdRun, type RunSettings } from './hold-run.ts';
import type { AddressRules } from './host-rules.ts';
import type { BackupId } from './ids.ts';
import { dumpKey, type Manifest, manifestKey } from './manifest.ts';
import { type BackupPlan, planBackup } from './plan-backup.ts';
import type { DatabaseStore, ObjectStore, Resolver, SecretStore, SqlConnector } from './ports.ts';
import { differences } from './prepare-target.ts';
import { proveStored } from './prove-stored.ts';
import { reachDatabase } from './reach-database.ts';
import type { Backup, BackupResult } from './run.ts';
import { type RunSessions, withRunSessions } from './run-sessions.ts';
import { schemaProgress } from './schema-progress.ts';
import { refuseChangedServer } from './server-changed.ts';
import { firstVerification } from './verification.ts';

export interface BackupPorts extends HoldPorts<Backup> {
  readonly databases: DatabaseStore;
  readonly secrets: SecretStore;
  readonly resolver: Resolver;
  readonly connector: SqlConnector;
  readonly objects: ObjectStore;
}

export interface BackupSettings extends RunSettings {
  readonly networks: Readonly<Record<string, AddressRules>>;
  readonly clientRoot: string;
  readonly zstdLevel: number;
  /** Objects up to this size are re-read whole before the backup counts. */
  readonly rereadLimitBytes: number;
  readonly dumpBytesPerSecond: number;
  readonly loadBytesPerSecond: number;
  /** Seconds of one worker that a dump, or later its restore, may use. */
  readonly workerSeconds: number;
}

/** The way of one backup: probe → dump each schema to S3, from one life of the server → read back → manifest. */
export const runBackup = (
  ports: BackupPorts,
  settings: BackupSettings,
  id: BackupId,
): Promise<Backup | undefined> =>
  holdRun(ports, id, settings, (held) =>
    withRunSessions(ports.connector, held, ports.log, (sessions) =>
      makeBackup({ ...ports, connector: sessions.connector }, settings, held, sessions),
    ),
  );

async function makeBackup(
  ports: BackupPorts,
  settings: BackupSettings,
  held: HeldRun<Backup>,
  sessions: RunSessions,
): Promise<BackupResult> {
  const { run } = held;
  held.report({ phase: 'probe' });
  const database = await ports.databases.get(run.databaseId);
  if (database === undefined) throw new SafeBaseError('not_found', `the record ${run.databaseId} is gone`);
  const endpoint = await reachDatabase(ports, database, 'backup', settings.networks);
  const { lockSchemas } = held;
  const plan = await planBackup(ports.connector, settings, { database, endpoint, lockSchemas });
  const { losses } = plan;
  held.keep(fitRecord({ losses, schemas: plan.schemas.map(({ contents }) => contents) }));

  const dumped = await dumpSchemas(ports, settings, held, plan, sessions);
  await refuseChangedServer(ports.connector, endpoint, plan.life, held.signal);
  const sizeBytes = sum(dumped.map(({ dump }) => dump.sizeBytes));
  const dumpBytes = sum(dumped.map(({ dump }) => dump.dumpBytes));
  held.keep({ sizeBytes, dumpBytes });
  const reread = sizeBytes <= settings.rereadLimitBytes;
  if (reread) await rereadAll(ports, held, dumped);

  held.keep({ reread });
  const manifest = manifestOf(run, plan, dumped, new Date(ports.now()).toISOString());
  held.signal.throwIfAborted();
  // A worker that was taken over writes no manifest.
  await held.save();
  const written = await writeManifest(ports.objects, held, manifest);
  return { manifest: written, ...(!reread && { verification: firstVerification(ports.now()) }) };
}

type Dumped = Manifest['schemas'][number];
type Program = Manifest['program'];

async function dumpSchemas(
  ports: BackupPorts,
  settings: BackupSettings,
  held: HeldRun<Backup>,
  plan: BackupPlan,
  sessions: RunSessions,
): Promise<readonly (Dumped & { readonly program: Program })[]> {
  const dumped: (Dumped & { readonly program: Program })[] = [];
  const progress = schemaProgress('dump', plan.schemas, plan.sizeBytes, held.report);
  for (const [index, schema] of plan.schemas.entries()) {
    const { endpoint } = schema.dumpInput;
    await refuseChangedServer(ports.connector, endpoint, plan.life, held.signal);
    const instant = new Date(ports.now()).toISOString();
    const dump = dumpSchema({
      ...schema.dumpInput,
      clientRoot: settings.clientRoot,
      zstdLevel: settings.zstdLevel,
      partBytes: partBytesFor(schema.sizeBytes),
      signal: held.signal,
      onProgress: progress.onProgress,
    });
    const key = dumpKey(held.run.databaseId, held.run.id, index);
    const { versionId } = await sessions.duringDump(endpoint, schema.contents.name, () =>
      ports.objects.writeParts(key, dump.parts, held.signal),
    );
    const { program, found, ...summary } = dump.summary();
    if (found) refuseOtherObjects(schema.contents, found.created);
    const tables = found ? { tables: found.tables } : {};
    dumped.push({ ...schema.contents, ...tables, instant, dump: { key, versionId, ...summary }, program });
    progress.through(schema.contents.counts, summary.dumpBytes);
  }
  return dumped;
}

async function rereadAll(
  ports: BackupPorts,
  held: HeldRun<Backup>,
  dumped: readonly Dumped[],
): Promise<void> {
  const bytesEstimated = sum(dumped.map(({ dump }) => dump.sizeBytes));
  let bytesBefore = 0;
  for (const { dump } of dumped) {
    const onProgress = (bytes: number): void =>
      held.report({ phase: 'proof', bytesDone: bytesBefore + bytes, bytesEstimated });
    await proveStored(ports.objects, dump, { signal: held.signal, onProgress });
    bytesBefore += dump.sizeBytes;
  }
}

/** A dump that holds other objects than the schema had is no backup. @throws `dump_incomplete` */
function refuseOtherObjects(contents: SchemaContents, created: ObjectCounts): void {
  const differing = differences(contents, created);
  if (differing === '') return;
  throw new SafeBaseError('dump_incomplete', `the dump of ${contents.name} creates ${differing}`);
}

/** What a backup of SafeBase never holds; said in every manifest. */
const NOT_COVERED = ['server accounts and their rights', 'server settings', 'binary logs'];

function manifestOf(
  run: Backup,
  plan: BackupPlan,
  dumped: readonly (Dumped & { readonly program: Program })[],
  completedAt: string,
): Manifest {
  const [first] = dumped;
  if (first === undefined)
    throw new SafeBaseError('schema_unknown', `${run.databaseId} has no schema to back up`);
  return {
    manifestVersion: 1,
    format: 'sql',
    backupId: run.id,
    databaseId: run.databaseId,
    startedAt: run.startedAt ?? run.createdAt,
    completedAt,
    server: plan.server,
    consistency: dumped.length === 1 ? 'one-instant' : 'per-schema',
    program: first.program,
    compression: 'zstd',
    schemas: dumped.map(({ program: _, ...schema }) => schema),
    losses: plan.losses,
    notCovered: NOT_COVERED,
  };
}

async function writeManifest(
  objects: ObjectStore,
  { run, signal }: HeldRun<Backup>,
  manifest: Manifest,
): Promise<NonNullable<Backup['manifest']>> {
  const key = manifestKey(run.databaseId, run.id);
  const body = Buffer.from(`${JSON.stringify(manifest, null, 2)}\n`);
  const { versionId } = await objects.writeOnce(key, body, 'application/json', signal);
  return { key, versionId, sha256: createHash('sha256').update(body).digest('hex') };
}

const sum = (numbers: readonly number[]): number => numbers.reduce((total, number) => total + number, 0);
