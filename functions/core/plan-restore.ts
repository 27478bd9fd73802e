import { refuseLimitedReads } from '../engine/catalogue/dump-gaps.ts';
import { requireExplicitTimestamps } from '../engine/catalogue/explicit-timestamps.ts';
import { refuseGeneratedKeys } from '../engine/catalogue/generated-keys.ts';
import { type Grants, readGrants } from '../engine/catalogue/grants.ts';
import { takesLocalRows } from '../engine/catalogue/local-infile.ts';
import { refuseFoldedNames } from '../engine/catalogue/name-case.ts';
import { isSchemaEmpty, schemaExists } from '../engine/catalogue/object-counts.ts';
import { readServer, requireSupported, type Server } from '../engine/catalogue/server.ts';
import { readServerLife, type ServerLife } from '../engine/catalogue/server-life.ts';
import { isAtLeast, parseVersion } from '../engine/catalogue/server-support.ts';
import type { Endpoint, Query } from '../engine/connection.ts';
import { readLedger } from '../engine/parallel/load-ledger.ts';
import { definerAfter } from '../engine/sql/rewrite-definer.ts';
import { SafeBaseError } from '../errors.ts';
import type { ChosenTables } from './chosen-tables.ts';
import type { Manifest, StoredSchema } from './manifest.ts';
import type { Look } from './obstacles.ts';
import type { SqlConnector } from './ports.ts';
import type { TargetSchema } from './prepare-target.ts';
import { contentsIn } from './record-of-manifest.ts';
import type { Restore } from './run.ts';
import type { LockSchemas } from './schema-locks.ts';

/** One schema of a restore: where it comes from, where it goes, and what becomes of what is there. */
export interface SchemaRestore extends TargetSchema {
  /** As whom its views and programs will run, as `user@host`. */
  readonly definers: readonly string[];
  readonly stored: StoredSchema;
  /** An earlier worker of this restore has made and begun to fill it. */
  readonly isBegun: boolean;
  /** Where not all of it is restored. */
  readonly tables?: ChosenTables;
}

export interface RestorePlan {
  /** The target. */
  readonly server: Server;
  readonly life: ServerLife;
  readonly schemas: readonly SchemaRestore[];
  /** The storage engines that the target has, in upper case. */
  readonly engines: ReadonlySet<string>;
  /** Whether it takes LOAD DATA LOCAL; else rows go by INSERT. */
  readonly takesLocalRows: boolean;
  /** Of the account that restores. */
  readonly grants: Grants;
  readonly events: 'disabled' | 'as-stored';
}

interface PlanInput {
  readonly endpoint: Endpoint;
  readonly run: Restore;
  readonly manifest: Manifest;
  readonly lockSchemas: LockSchemas;
  readonly look: Look;
}

/**
 * Looks at the target before anything is read or written, and refuses what would stop half-way. A dry run, which changes
 * nothing, locks nothing either.
 * @throws `reads_limited`, `unsupported_server`, `target_too_old`, `timestamps_implicit`, `keys_generated`, `run_active`, `names_changed`,
 * `schema_not_in_backup`, `target_not_empty`, `definer_unknown`, `too_large_for_sql`, `too_large_for_one_worker`,
 * `insufficient_privileges`, and the codes of reaching the database
 */
export async function planRestore(connector: SqlConnector, input: PlanInput): Promise<RestorePlan> {
  const { endpoint, run, manifest, look } = input;
  const session = await connector.connect(endpoint);
  try {
    const { query } = session;
    // Such a session may not see what a target holds.
    await look(() => refuseLimitedReads(query));
    const server = await readServer(query);
    await look(() => requireSupported(server));
    await look(() => refuseOther(server, manifest));
    const life = await readServerLife(query, server);
    await look(() => requireExplicitTimestamps(query));
    await look(() => refuseGeneratedKeys(query));
    if (!run.dryRun) await input.lockSchemas(server, Object.values(run.schemas));
    const { lowerCaseTableNames } = server;
    const there = await readSchemaNames(query);
    await look(() => refuseFoldedNames(lowerCaseTableNames, Object.values(run.schemas), there));
    const grants = await readGrants(query, server);
    await look(() => refuseUnknownDefiners(run, manifest));
    const schemas: SchemaRestore[] = [];
    for (const [source, target] of Object.entries(run.schemas)) {
      const held = manifest.schemas.find(({ name }) => name === source);
      if (held === undefined)
        throw new SafeBaseError('schema_not_in_backup', `the backup holds no schema ${source}`);
      const contents = { ...contentsIn(held), ...(held.tables && { tables: held.tables }) };
      const isBegun = await hasLedger(query, run, target);
      const action = isBegun ? 'fill' : await actionFor(query, target);
      if (!run.overwrite && !run.tables) await look(() => refuseFilled(action, target));
      const becomes = (name: string) => definerAfter(run.definers ?? 'keep', name, grants.accountName);
      const definers = [...new Set(contents.definers.map(becomes))];
      schemas.push({ contents, target, stored: held, action, isBegun, definers });
    }
    return {
      server,
      life,
      schemas,
      engines: await readEngines(query),
      takesLocalRows: await takesLocalRows(query),
      grants,
      events: run.events ?? defaultEvents(server, manifest, schemas),
    };
  } finally {
    await session.close();
  }
}

async function readSchemaNames(query: Query): Promise<readonly string[]> {
  const rows = await query('SELECT SCHEMA_NAME AS name FROM information_schema.SCHEMATA');
  return rows.map(({ name }) => name ?? '');
}

async function readEngines(query: Query): Promise<ReadonlySet<string>> {
  const rows = await query(`SELECT ENGINE AS engine FROM information_schema.ENGINES WHERE SUPPORT <> 'NO'`);
  return new Set(rows.map(({ engine }) => (engine ?? '').toUpperCase()));
}

/** A name that is misspelt would leave its programs with the definer that they had. */
function refuseUnknownDefiners({ definers, schemas }: Restore, manifest: Manifest): void {
  if (definers === undefined || typeof definers === 'string') return;
  const restored = manifest.schemas.filter(({ name }) => Object.hasOwn(schemas, name));
  const known = new Set(restored.flatMap((schema) => schema.definers));
  const unknown = Object.keys(definers).filter((name) => !known.has(name));
  if (unknown.length === 0) return;
  throw new SafeBaseError('definer_unknown', `nothing in the backup runs as ${unknown.join(', ')}`, {
    hint: `Name some of these in definers: ${[...known].join(', ') || '(there are none)'}.`,
  });
}

/** A dump goes to a server of its own kind, and not to an older series: there it would stop half-way. */
function refuseOther(server: Server, manifest: Manifest): void {
  const source = parseVersion(manifest.server.version);
  if (server.info.product !== manifest.server.product) {
    throw new SafeBaseError(
      'target_too_old',
      `the backup is of ${manifest.server.product} and the target is ${server.info.product}`,
    );
  }
  if (source === undefined || isAtLeast(server.version, source.major, source.minor)) return;
  throw new SafeBaseError(
    'target_too_old',
    `the backup is of version ${manifest.server.version} and the target of ${server.info.version}`,
  );
}

async function actionFor(query: Query, target: string): Promise<SchemaRestore['action']> {
  if (!(await schemaExists(query, target))) return 'create';
  return (await isSchemaEmpty(query, target)) ? 'fill' : 'replace';
}

/** Whether an earlier worker of this restore has begun to fill a schema: its ledger is there. */
async function hasLedger(query: Query, { id, restored = [] }: Restore, schema: string): Promise<boolean> {
  const isTouched = restored.some(({ target, state }) => target === schema && state !== 'untouched');
  return isTouched && (await readLedger(query, { schema, restoreId: id })) !== undefined;
}

function refuseFilled(action: SchemaRestore['action'], target: string): void {
  if (action !== 'replace') return;
  throw new SafeBaseError('target_not_empty', `schema ${target} of the target holds objects`, {
    hint: `Choose another name in schemas, or send overwrite true with ${JSON.stringify(target)} in confirm.`,
  });
}

/** Beside their source events would do their work twice, so they arrive switched off; elsewhere as they were. */
function defaultEvents(
  server: Server,
  manifest: Manifest,
  schemas: readonly SchemaRestore[],
): RestorePlan['events'] {
  const sameServer = server.info.identity === manifest.server.identity;
  const renamed = schemas.some(({ contents, target }) => contents.name !== target);
  return sameServer && renamed ? 'disabled' : 'as-stored';
}
