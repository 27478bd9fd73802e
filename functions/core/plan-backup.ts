import { missingForBackup, refuseMissing } from '../engine/catalogue/backup-rights.ts';
import { refuseAmbiguousNames, refuseLimitedReads } from '../engine/catalogue/dump-gaps.ts';
import { refuseDumpHangs } from '../engine/catalogue/dump-hangs.ts';
import { refuseTooLarge, tooLargeFor } from '../engine/catalogue/estimate.ts';
import { readGrants } from '../engine/catalogue/grants.ts';
import { findLosses } from '../engine/catalogue/losses.ts';
import { findParallelLosses } from '../engine/catalogue/parallel-losses.ts';
import { listSchemas, readSchemas, type SchemaSurvey } from '../engine/catalogue/schemas.ts';
import { readServer, requireSupported, type Server } from '../engine/catalogue/server.ts';
import { readServerLife, type ServerLife } from '../engine/catalogue/server-life.ts';
import { isAtLeast } from '../engine/catalogue/server-support.ts';
import type { Endpoint, Query } from '../engine/connection.ts';
import type { Loss, SchemaContents, ServerInfo } from '../engine/contents.ts';
import type { DumpInput } from '../engine/sql/format-sql.ts';
import { SafeBaseError } from '../errors.ts';
import type { BackupFormat } from './backup-format.ts';
import type { Database } from './database.ts';
import { MAX_SCHEMAS } from './fit-record.ts';
import type { SqlConnector } from './ports.ts';
import type { LockSchemas } from './schema-locks.ts';

/** A schema that is to be dumped. */
export interface PlannedSchema {
  readonly contents: SchemaContents;
  readonly sizeBytes: number;
  /** What this schema and its server ask of the dump. */
  readonly dumpInput: Pick<
    DumpInput,
    'product' | 'schema' | 'ignoredViews' | 'history' | 'events' | 'columnStatistics' | 'isReadable'
  >;
}

/** What is to be dumped, and all that was found out before. */
export interface BackupPlan {
  readonly server: ServerInfo;
  readonly life: ServerLife;
  readonly schemas: readonly PlannedSchema[];
  readonly losses: readonly Loss[];
  /** Bytes of rows, an estimate of the server. */
  readonly sizeBytes: number;
}

interface PlanSettings {
  readonly dumpBytesPerSecond: number;
  readonly loadBytesPerSecond: number;
  readonly workerSeconds: number;
}

interface PlanInput {
  readonly database: Database;
  readonly endpoint: Endpoint;
  readonly lockSchemas: LockSchemas;
  readonly format: BackupFormat;
}

/** Looking at every value for losses may take this share of the worker's time; what is left is only possible. */
const LOSS_TIME_SHARE = 0.1;

/**
 * Looks at the database before a byte is dumped, and refuses what would end in a partial, endless or useless dump.
 * @throws `reads_limited`, `unsupported_server`, `schema_unknown`, `insufficient_privileges`, `run_active`, `event_delimiter`, `name_not_dumpable`,
 * `too_large_for_sql`, `too_large_for_one_worker`, and the codes of reaching the database
 */
export async function planBackup(
  connector: SqlConnector,
  settings: PlanSettings,
  input: PlanInput,
): Promise<BackupPlan> {
  const session = await connector.connect(input.endpoint);
  try {
    const { server, life, surveys } = await survey(session.query, input);
    const sizeBytes = surveys.reduce((total, schema) => total + schema.sizeBytes, 0);
    if (input.format === 'sql') refuseTooLarge('sql', sizeBytes, settings, settings.workerSeconds);
    else refuseTooLargeTables(settings, surveys, sizeBytes);
    // Format `parallel` reads events by itself.
    if (input.format === 'sql') await refuseDumpHangs(session.query, server, surveys);
    await refuseAmbiguousNames(session.query, server, surveys);
    const find = input.format === 'sql' ? findLosses : findParallelLosses;
    const losses = await find(session.query, server, surveys, {
      deadlineMs: settings.workerSeconds * 1_000 * LOSS_TIME_SHARE,
    });
    const schemas = surveys.map((schema) => plannedSchema(server, schema, losses));
    return { server: server.info, life, schemas, losses, sizeBytes };
  } finally {
    await session.close();
  }
}

/** One worker dumps; of a restore one worker after the other does what it can, but a table is compared by one. */
function refuseTooLargeTables(
  { dumpBytesPerSecond, loadBytesPerSecond, workerSeconds }: PlanSettings,
  surveys: readonly SchemaSurvey[],
  sizeBytes: number,
): void {
  refuseTooLarge('parallel', sizeBytes, { dumpBytesPerSecond, loadBytesPerSecond: Infinity }, workerSeconds);
  for (const { contents, largestTable } of surveys) {
    if (largestTable === undefined) continue;
    const rates = { dumpBytesPerSecond: Infinity, loadBytesPerSecond };
    const table = `${contents.name}.${largestTable.name}`;
    refuseTooLarge('parallel', largestTable.sizeBytes, rates, workerSeconds, table);
  }
}

async function survey(
  query: Query,
  { database, lockSchemas, format }: PlanInput,
): Promise<{
  readonly server: Server;
  readonly life: ServerLife;
  readonly surveys: readonly SchemaSurvey[];
}> {
  await refuseLimitedReads(query);
  const server = await readServer(query);
  requireSupported(server);
  const life = await readServerLife(query, server);
  const grants = await readGrants(query, server);
  const names = await listSchemas(query, database.schemas, server);
  refuseMissing(
    grants,
    missingForBackup({ server, grants, schemas: names, all: database.schemas === 'all' }),
  );
  if (names.length > MAX_SCHEMAS) {
    throw new SafeBaseError(
      tooLargeFor(format),
      `the server holds ${names.length} schemas and one backup takes ${MAX_SCHEMAS}`,
      {
        hint: 'Register several databases, each with a list of schemas.',
      },
    );
  }
  if (names.length === 0) {
    throw new SafeBaseError('schema_unknown', `the server of ${database.id} holds no schema to back up`);
  }
  await lockSchemas(server, names);
  return { server, life, surveys: await readSchemas(query, names, server) };
}

function plannedSchema(
  server: Server,
  { contents, sizeBytes, history }: SchemaSurvey,
  losses: readonly Loss[],
): PlannedSchema {
  const isUnreadable = losses.some(
    ({ kind, schema }) => kind === 'foreign_key_backtick' && schema === contents.name,
  );
  return {
    contents,
    sizeBytes,
    dumpInput: {
      product: server.info.product,
      schema: contents.name,
      ignoredViews: contents.brokenViews.map(({ name }) => name),
      history,
      events: contents.counts.events > 0,
      isReadable: !isUnreadable,
      columnStatistics: server.info.product === 'mysql' && isAtLeast(server.version, 8),
    },
  };
}
