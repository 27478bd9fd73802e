import type { Endpoint } from '../engine/connection.ts';
import type { ObjectCounts, SchemaContents } from '../engine/contents.ts';
import { withOpen } from '../engine/deadline.ts';
import { partBytesFor } from '../engine/part.ts';
import { dumpSchema } from '../engine/sql/dump-schema.ts';
import type { OnProgress } from '../engine/sql/format-sql.ts';
import { watchPartitions } from '../engine/sql/watch-partitions.ts';
import { isCode, SafeBaseError } from '../errors.ts';
import type { HeldRun } from './hold-run.ts';
import { dumpKey, type SqlManifest } from './manifest.ts';
import type { BackupPlan, PlannedSchema } from './plan-backup.ts';
import type { Log, Now, ObjectStore, SqlConnector } from './ports.ts';
import { differences } from './prepare-target.ts';
import type { ReachedServer } from './reach-server.ts';
import type { Backup } from './run.ts';
import type { RunSessions } from './run-sessions.ts';
import { schemaProgress } from './schema-progress.ts';
import { refuseChangedServer } from './server-changed.ts';

interface DumpPorts {
  readonly connector: SqlConnector;
  readonly objects: ObjectStore;
  readonly log: Log;
  readonly now: Now;
}

interface DumpSettings {
  readonly clientRoot: string;
  readonly zstdLevel: number;
  /** Format `parallel`: about how many bytes of rows one object holds at most. */
  readonly chunkBytes: number;
  /** Format `parallel`: connections that read rows. */
  readonly lanes: number;
  /** For asking for a lock under which they begin at one instant, waiting for it and holding it. */
  readonly lockBudgetMs: number;
}

/** Where a run dumps from. */
export type DumpSource = Pick<ReachedServer, 'endpoint' | 'logIn'> & { readonly sessions: RunSessions };

/** A schema as the manifest will tell of it, and what it was dumped with. */
type DumpedSchema = SqlManifest['schemas'][number] & { readonly program: SqlManifest['program'] };

/** What every schema of one backup is dumped with. */
export interface DumpWork {
  readonly ports: DumpPorts;
  readonly settings: DumpSettings;
  readonly held: HeldRun<Backup>;
  readonly source: DumpSource;
}

/**
 * Dumps schema by schema to S3, all from one life of the server.
 * @throws `server_changed`, as `dumpSchema` and `ObjectStore.writeParts`, the reason of the signal
 */
export async function dumpSchemas(work: DumpWork, plan: BackupPlan): Promise<readonly DumpedSchema[]> {
  const { ports, held, source } = work;
  const seeSame = () => refuseChangedServer(ports.connector, source.endpoint, plan.life, held.signal);
  const dumped: DumpedSchema[] = [];
  const progress = schemaProgress('dump', plan.schemas, plan.sizeBytes, held.report);
  for (const [index, schema] of plan.schemas.entries()) {
    await seeSame();
    // A login that was refused has read nothing: with another one, all of it is done anew.
    const one = await source.logIn(source.endpoint, (endpoint) =>
      dumpOne(work, { schema, index, endpoint, onProgress: progress.onProgress }),
    );
    dumped.push(one);
    progress.through(schema.contents.counts, one.dump.dumpBytes);
  }
  await seeSame();
  return dumped;
}

interface OneDump {
  readonly schema: PlannedSchema;
  /** Its place in the manifest. */
  readonly index: number;
  readonly endpoint: Endpoint;
  readonly onProgress: OnProgress;
}

async function dumpOne(
  { ports, settings, held, source }: DumpWork,
  { schema, index, endpoint, onProgress }: OneDump,
): Promise<DumpedSchema> {
  const { contents } = schema;
  const instant = new Date(ports.now()).toISOString();
  const dump = dumpSchema({
    ...schema.dumpInput,
    endpoint,
    clientRoot: settings.clientRoot,
    zstdLevel: settings.zstdLevel,
    partBytes: partBytesFor(schema.sizeBytes),
    signal: held.signal,
    onProgress,
  });
  const key = dumpKey(held.run.databaseId, held.run.id, index);
  const store = () =>
    source.sessions.duringDump(endpoint, contents.name, () =>
      ports.objects.writeParts(key, dump.parts, held.signal),
    );
  const isMysql = schema.dumpInput.product === 'mysql';
  const { versionId } = isMysql
    ? await besidePartitions(ports, held, endpoint, contents.name, store)
    : await store();
  const { program, found, ...summary } = dump.summary();
  if (found) refuseOtherObjects(contents, found.created);
  const tables = found ? { tables: found.tables } : {};
  return { ...contents, ...tables, instant, dump: { key, versionId, ...summary }, program };
}

/** Does the dump, and refuses it where MySQL may have passed over a partition. @throws as `watchPartitions` tells */
const besidePartitions = <T>(
  { connector }: DumpPorts,
  { signal }: HeldRun<Backup>,
  endpoint: Endpoint,
  schema: string,
  dump: () => Promise<T>,
): Promise<T> =>
  withOpen(
    signal,
    () => connector.connect(endpoint),
    async ({ query }) => {
      const watched = await watchPartitions(query, schema);
      const dumped = await dump();
      await watched?.refuseChanged();
      return dumped;
    },
  );

/** A dump that holds other objects than the schema had is no backup. @throws `dump_incomplete` */
export function refuseOtherObjects(contents: SchemaContents, created: ObjectCounts): void {
  const differing = differences(contents, created);
  if (differing === '') return;
  throw new SafeBaseError('dump_incomplete', `the dump of ${contents.name} creates ${differing}`, {
    details: OTHER_OBJECTS,
  });
}

/** Objects came or went since they were looked at. */
export const OTHER_OBJECTS = { otherObjects: true };

/** Whether a new look may do better. */
export const isOtherObjects = (error: unknown): boolean =>
  isCode(error, 'dump_incomplete') && error.details.otherObjects === true;
