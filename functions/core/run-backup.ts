import { createHash } from 'node:crypto';
import { SafeBaseError } from '../errors.ts';
import { type DumpedSchema, type DumpSource, dumpSchemas } from './dump-schemas.ts';
import { fitComparison, fitRecord } from './fit-record.ts';
import { heldIn, readFormerBackup } from './former-backup.ts';
import { type HeldRun, type HoldPorts, holdRun, type RunSettings } from './hold-run.ts';
import type { AddressRules } from './host-rules.ts';
import type { BackupId } from './ids.ts';
import { type Manifest, manifestKey } from './manifest.ts';
import { type BackupPlan, planBackup } from './plan-backup.ts';
import type { DatabaseStore, ObjectStore, Resolver, SecretStore, SqlConnector } from './ports.ts';
import { proveStored } from './prove-stored.ts';
import { type ReachedServer, reachServer } from './reach-server.ts';
import type { Backup, BackupResult } from './run.ts';
import { withRunSessions } from './run-sessions.ts';
import { compareWith, refuseEmptied } from './shrunk.ts';
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
  holdRun(ports, id, settings, async (held) => {
    held.report({ phase: 'probe' });
    const server = await reachServer(ports, settings.networks, held, 'backup');
    return withRunSessions(server.connector, held, ports.log, (sessions) =>
      makeBackup({ ...ports, connector: sessions.connector }, settings, held, { ...server, sessions }),
    );
  });

type RunServer = DumpSource & Pick<ReachedServer, 'database'>;

async function makeBackup(
  ports: BackupPorts,
  settings: BackupSettings,
  held: HeldRun<Backup>,
  server: RunServer,
): Promise<BackupResult> {
  const { run, lockSchemas } = held;
  const { database, endpoint } = server;
  const plan = await planBackup(ports.connector, settings, { database, endpoint, lockSchemas });
  const { losses } = plan;
  const found = plan.schemas.map(({ contents }) => contents);
  held.keep(fitRecord({ losses, schemas: found }));
  const former = await readFormerBackup(ports, run, held.signal);
  if (former !== undefined && run.acceptEmptied !== true) refuseEmptied(former, found);

  const dumped = await dumpSchemas({ ports, settings, held, source: server }, plan);
  const sizeBytes = sum(dumped.map(({ dump }) => dump.sizeBytes));
  const dumpBytes = sum(dumped.map(({ dump }) => dump.dumpBytes));
  const comparison = compareWith(former, dumped.map(heldIn), database.schemas === 'all');
  held.keep({ sizeBytes, dumpBytes, ...fitComparison(comparison) });
  const reread = sizeBytes <= settings.rereadLimitBytes;
  if (reread) await rereadAll(ports, held, dumped);

  held.keep({ reread });
  const completedAt = new Date(ports.now()).toISOString();
  const manifest = { ...manifestOf(run, plan, dumped, completedAt), ...comparison };
  held.signal.throwIfAborted();
  // A worker that was taken over writes no manifest.
  await held.save();
  const written = await held.conclude(() => writeManifest(ports.objects, held, manifest));
  return { manifest: written, ...(!reread && { verification: firstVerification(ports.now()) }) };
}

async function rereadAll(
  ports: BackupPorts,
  held: HeldRun<Backup>,
  dumped: readonly DumpedSchema[],
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

/** What a backup of SafeBase never holds; said in every manifest. */
const NOT_COVERED = ['server accounts and their rights', 'server settings', 'binary logs'];

function manifestOf(
  run: Backup,
  plan: BackupPlan,
  dumped: readonly DumpedSchema[],
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
