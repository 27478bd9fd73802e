import { missingForBackup, refuseMissing } from '../engine/catalogue/backup-rights.ts';
import { refuseLimitedReads } from '../engine/catalogue/dump-gaps.ts';
import { grantScripts } from '../engine/catalogue/grant-script.ts';
import { readGrants } from '../engine/catalogue/grants.ts';
import { listSchemas, readSchemas } from '../engine/catalogue/schemas.ts';
import { readServer, requireSupported } from '../engine/catalogue/server.ts';
import type { Query } from '../engine/connection.ts';
import { SafeBaseError, toFailure } from '../errors.ts';
import type { Database } from './database.ts';
import type { Networks } from './database-rules.ts';
import type { DatabaseId } from './ids.ts';
import type { DatabaseStore, Now, Resolver, SecretStore, SqlConnector } from './ports.ts';
import type { ProbeReport } from './probe-report.ts';
import { reachDatabase } from './reach-database.ts';

interface ProbePorts {
  readonly databases: DatabaseStore;
  readonly secrets: SecretStore;
  readonly resolver: Resolver;
  readonly connector: SqlConnector;
  readonly now: Now;
}

/** What the report gathers on its way; a failure ends it where it is. */
type Findings = { -readonly [Field in keyof ProbeReport]: ProbeReport[Field] };

/**
 * Looks at a database as a backup would see it: server, schemas, size, and the rights that are missing.
 * @param deadline ends the wait; what was found until then is in the report
 * @throws `not_found`; every failure of the database is in the report
 */
export async function probeDatabase(
  ports: ProbePorts,
  networks: Networks,
  id: DatabaseId,
  deadline: AbortSignal,
): Promise<ProbeReport> {
  const database = await ports.databases.get(id);
  if (database === undefined) throw new SafeBaseError('not_found', `there is no ${id}`);
  const found: Findings = { ok: false };
  try {
    const endpoint = await reachDatabase(ports, database, 'backup', networks);
    const looking = ports.connector.withPooled(database.id, endpoint, (query) =>
      look(ports.now, query, database, found),
    );
    await Promise.race([looking, rejectionOf(deadline)]);
    return { ...found, ok: true };
  } catch (error) {
    if (!(error instanceof SafeBaseError)) throw error;
    return { ...found, failure: toFailure(error) };
  }
}

async function look(now: Now, query: Query, database: Database, found: Findings): Promise<void> {
  const asked = now();
  await query('SELECT 1');
  found.latencyMs = now() - asked;
  await refuseLimitedReads(query);
  const server = await readServer(query);
  found.server = server.info;
  requireSupported(server);
  const all = database.schemas === 'all';
  const tls = database.tls.mode === 'verify';
  if (database.schemas !== 'all')
    found.grants = grantScripts({ server, schemas: database.schemas, all, tls });
  const grants = await readGrants(query, server);
  const schemas = await listSchemas(query, database.schemas, server);
  found.schemas = schemas;
  found.grants ??= grantScripts({ server, schemas, all, tls });
  // Before the schemas are looked into: a missing right would else show as an error of some query there.
  const missing = missingForBackup({ server, grants, schemas, all });
  found.missingGrants = missing;
  refuseMissing(grants, missing);
  const surveys = await readSchemas(query, database.schemas, server);
  found.sizeBytes = surveys.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0);
}

const rejectionOf = (signal: AbortSignal): Promise<never> =>
  new Promise((_, reject) => {
    const late = () =>
      reject(new SafeBaseError('connection_timeout', 'the database did not answer in the time of a test'));
    if (signal.aborted) late();
    else signal.addEventListener('abort', late, { once: true });
  });
