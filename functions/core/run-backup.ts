import { createHash } from 'node:crypto';
import { SafeBaseError } from '../errors.ts';
import { dumpParallel } from './dump-parallel.ts';
import { type DumpSource, type DumpWork, dumpSchemas } from './dump-schemas.ts';
import { fitComparison, fitRecord } from './fit-record.ts';
import { heldIn, readFormerBackup } from './former-backup.ts';
import { type HeldRun, type HoldPorts, holdRun, type RunSettings } from './hold-run.ts';
import type { AddressRules } from './host-rules.ts';
import type { BackupId } from './ids.ts';
import {
  filesOf,
  type Manifest,
  manifestKey,
  type ParallelManifest,
  type SqlManifest,
  type StoredSchema,
  sizeBytesOf,
  textBytesOf,
} from './manifest.ts';
import { manifestBody } from './manifest-size.ts';
import { type BackupPlan, planBackup } from './plan-backup.ts';
import type { DatabaseStore, ObjectStore, Resolver, SecretStore, SqlConnector } from './ports.ts';
import { proveStored } from './prove-stored.ts';
import { type ReachedServer, reachServer } from './reach-server.ts';
import { contentsIn } from './record-of-manifest.ts';
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
  readonly chunkBytes: number;
  readonly lanes: number;
  readonly lockBudgetMs: number;
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
  const look = () =>
    planBackup(ports.connector, settings, { database, endpoint, lockSchemas, format: run.format });
  const plan = await look();
  const found = plan.schemas.map(({ contents }) => contents);
  held.keep(fitRecord({ losses: plan.losses, schemas: found }));
  const former = await readFormerBackup(ports, run, held.signal);
  if (former !== undefined && run.acceptEmptied !== true) refuseEmptied(former, found);

  const { told, losses } = await dumpAll({ ports, settings, held, source: server }, plan, look);
  const { schemas } = told;
  if ('attempts' in told && told.attempts !== undefined) held.keep({ attempts: told.attempts });
  held.keep(fitRecord({ losses, schemas: schemas.map(contentsIn) }));
  if (former !== undefined && run.acceptEmptied !== true) refuseEmptied(former, schemas);
  const sizeBytes = sum(schemas.map(sizeBytesOf));
  const dumpBytes = sum(schemas.map(textBytesOf));
  const comparison = compareWith(former, schemas.map(heldIn), database.schemas === 'all');
  held.keep({ sizeBytes, dumpBytes, ...fitComparison(comparison) });
  const reread = sizeBytes <= settings.rereadLimitBytes;
  if (reread) await rereadAll(ports, held, schemas);

  held.keep({ reread });
  const completedAt = new Date(ports.now()).toISOString();
  const body = manifestBody({ ...manifestOf(run, { ...plan, losses }, told, completedAt), ...comparison });
  held.signal.throwIfAborted();
  // A worker that was taken over writes no manifest.
  await held.save();
  const written = await held.conclude(() => writeManifest(ports.objects, held, body));
  return { manifest: written, ...(!reread && { verification: firstVerification(ports.now()) }) };
}

/** What the dump adds to a manifest. */
type Told =
  | Pick<SqlManifest, 'format' | 'consistency' | 'program' | 'schemas'>
  | Pick<
      ParallelManifest,
      'format' | 'consistency' | 'program' | 'position' | 'snapshot' | 'attempts' | 'schemas'
    >;

async function dumpAll(
  work: DumpWork,
  plan: BackupPlan,
  look: () => Promise<BackupPlan>,
): Promise<{ readonly told: Told; readonly losses: BackupPlan['losses'] }> {
  const { run } = work.held;
  if (run.format === 'parallel') return dumpParallel(work, plan, look);
  const dumped = await dumpSchemas(work, plan);
  const [first] = dumped;
  if (first === undefined)
    throw new SafeBaseError('schema_unknown', `${run.databaseId} has no schema to back up`);
  return {
    told: {
      format: 'sql',
      consistency: dumped.length === 1 ? 'one-instant' : 'per-schema',
      program: first.program,
      schemas: dumped.map(({ program: _, ...schema }) => schema),
    },
    losses: plan.losses,
  };
}

async function rereadAll(
  ports: BackupPorts,
  held: HeldRun<Backup>,
  schemas: readonly StoredSchema[],
): Promise<void> {
  const bytesEstimated = sum(schemas.map(sizeBytesOf));
  let bytesBefore = 0;
  for (const file of schemas.flatMap(filesOf)) {
    const onProgress = (bytes: number): void =>
      held.report({ phase: 'proof', bytesDone: bytesBefore + bytes, bytesEstimated });
    await proveStored(ports.objects, file, { signal: held.signal, onProgress });
    bytesBefore += file.sizeBytes;
  }
}

/** What a backup of SafeBase never holds; said in every manifest. */
const NOT_COVERED = ['server accounts and their rights', 'server settings', 'binary logs'];

function manifestOf(run: Backup, plan: BackupPlan, told: Told, completedAt: string): Manifest {
  return {
    manifestVersion: 1,
    backupId: run.id,
    databaseId: run.databaseId,
    startedAt: run.startedAt ?? run.createdAt,
    completedAt,
    server: plan.server,
    compression: 'zstd',
    ...told,
    losses: plan.losses,
    notCovered: NOT_COVERED,
  };
}

async function writeManifest(
  objects: ObjectStore,
  { run, signal }: HeldRun<Backup>,
  body: Buffer,
): Promise<NonNullable<Backup['manifest']>> {
  const key = manifestKey(run.databaseId, run.id);
  const { versionId } = await objects.writeOnce(key, body, 'application/json', signal);
  return { key, versionId, sha256: createHash('sha256').update(body).digest('hex') };
}

const sum = (numbers: readonly number[]): number => numbers.reduce((total, number) => total + number, 0);
