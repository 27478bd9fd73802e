import type { OnProgress, OpenSession } from '../engine/sql/format-sql.ts';
import { readVerifiedParts } from '../engine/sql/read-verified-parts.ts';
import type { OpenFile } from './check-stored.ts';
import type { MadeBefore } from './chosen-tables.ts';
import type { HeldRun, HoldPorts, RunSettings } from './hold-run.ts';
import type { AddressRules } from './host-rules.ts';
import type { RestoreLedger } from './load-steps.ts';
import { textBytesOf } from './manifest.ts';
import type { RestorePlan, SchemaRestore } from './plan-restore.ts';
import type { DatabaseStore, ObjectStore, Resolver, SecretStore, SqlConnector } from './ports.ts';
import type { ReachedServer } from './reach-server.ts';
import type { Restore } from './run.ts';
import type { RunSessions } from './run-sessions.ts';
import { schemaProgress } from './schema-progress.ts';

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

/** What every step of one restore works with. */
export interface RestoreWork extends Pick<ReachedServer, 'endpoint' | 'logIn'> {
  readonly sessions: RunSessions;
  readonly ports: RestorePorts;
  readonly settings: RestoreSettings;
  readonly held: HeldRun<Restore>;
  readonly plan: RestorePlan;
  readonly made: MadeBefore;
  /** Where another worker can go on with it. */
  readonly ledger?: RestoreLedger | undefined;
}

/** Opens sessions that make what is run by itself. */
export const openSessionOf =
  ({ ports, endpoint }: RestoreWork): OpenSession =>
  (name) =>
    ports.connector.openStatements(endpoint, name);

/** Opens stored objects, proved part by part. */
export const openFileOf =
  ({ ports, held: { signal } }: RestoreWork): OpenFile =>
  (file) =>
    readVerifiedParts((range) => ports.objects.read(file.key, file.versionId, range, signal), file, signal);

/** Does something with each schema of the plan, and tells the progress over all. */
export async function eachSchema(
  { held, plan }: RestoreWork,
  phase: 'check' | 'load' | 'compare',
  use: (schema: SchemaRestore, onProgress: OnProgress) => Promise<void>,
): Promise<void> {
  const bytesEstimated = plan.schemas.reduce((total, { stored }) => total + textBytesOf(stored), 0);
  const progress = schemaProgress(phase, plan.schemas, bytesEstimated, held.report);
  for (const schema of plan.schemas) {
    await use(schema, progress.onProgress);
    progress.through(schema.contents.counts, textBytesOf(schema.stored));
  }
}
