import type { Endpoint } from '../engine/connection.ts';
import { SafeBaseError } from '../errors.ts';
import type { Credentials, Database } from './database.ts';
import { type AddressRules, checkAddresses } from './host-rules.ts';
import type { Resolver, SecretStore } from './ports.ts';

/** What a database is reached for. */
export type Purpose = 'backup' | 'restore';

/** A database without its own for restore uses those for backup. */
export const credentialsFor = (database: Database, purpose: Purpose): Credentials =>
  purpose === 'restore'
    ? (database.restoreCredentials ?? database.backupCredentials)
    : database.backupCredentials;

interface ReachPorts {
  readonly secrets: SecretStore;
  readonly resolver: Resolver;
}

/**
 * Everything needed to dial a database: the secret read anew, the name resolved, every address checked.
 * @param networks network profile → what it may reach
 * @throws `host_refused`, `host_unknown`, `secrets_unreachable`, `secret_unusable`
 */
export async function reachDatabase(
  ports: ReachPorts,
  database: Database,
  purpose: Purpose,
  networks: Readonly<Record<string, AddressRules>>,
): Promise<Endpoint> {
  const rules = networks[database.network];
  if (rules === undefined) {
    throw new SafeBaseError('host_refused', `the stack has no network profile ${database.network}`, {
      hint: `Use one of: ${Object.keys(networks).join(', ')}.`,
    });
  }
  const credentials = credentialsFor(database, purpose);
  const [secret, addresses] = await Promise.all([
    ports.secrets.read(credentials.secretArn),
    ports.resolver.resolve(database.host),
  ]);
  checkAddresses(database.host, addresses, rules);
  const username = credentials.username ?? secret.username;
  if (username === undefined) {
    throw new SafeBaseError('secret_unusable', `the secret of ${database.id} names no user`);
  }
  const { host, port, tls } = database;
  return { host, addresses, port, username, password: secret.password, tls };
}
