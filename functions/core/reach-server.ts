import type { Endpoint } from '../engine/connection.ts';
import { endingWith } from '../engine/deadline.ts';
import { SafeBaseError } from '../errors.ts';
import type { Database } from './database.ts';
import type { AddressRules } from './host-rules.ts';
import type { DatabaseId } from './ids.ts';
import type { DatabaseStore, Log, Resolver, SecretStore, SqlConnector } from './ports.ts';
import { credentialsFor, type Purpose, reachDatabase } from './reach-database.ts';
import { type RunLogin, renewableLogin } from './renew-login.ts';

interface ReachPorts {
  readonly databases: DatabaseStore;
  readonly secrets: SecretStore;
  readonly resolver: Resolver;
  readonly connector: SqlConnector;
  readonly log: Log;
}

/** The database of a run as it is recorded now, the way to its server, and how to log in there until the run has ended. */
export interface ReachedServer extends RunLogin {
  readonly database: Database;
  readonly endpoint: Endpoint;
}

/** What of a run tells where it goes, and how long. */
interface Reaching {
  readonly run: { readonly databaseId: DatabaseId };
  readonly signal: AbortSignal;
}

/** @throws `not_found`, as `reachDatabase`, and the reason of the signal */
export const reachServer = (
  ports: ReachPorts,
  networks: Readonly<Record<string, AddressRules>>,
  { run, signal }: Reaching,
  purpose: Purpose,
): Promise<ReachedServer> =>
  // A secret or a name that nobody answers for takes up to half a minute.
  endingWith(signal, reach(ports, networks, { run, signal }, purpose));

async function reach(
  ports: ReachPorts,
  networks: Readonly<Record<string, AddressRules>>,
  { run: { databaseId }, signal }: Reaching,
  purpose: Purpose,
): Promise<ReachedServer> {
  const database = await ports.databases.get(databaseId);
  if (database === undefined) throw new SafeBaseError('not_found', `the record ${databaseId} is gone`);
  const endpoint = await reachDatabase(ports, database, purpose, networks);
  return { database, endpoint, ...renewableLogin(ports, credentialsFor(database, purpose), signal) };
}
