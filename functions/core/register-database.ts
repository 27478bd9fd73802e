import { dropUnused, type GivenCredentials, storeCredentials } from './credentials.ts';
import type { Credentials, Database } from './database.ts';
import { checkFields, type DatabaseFields, type Networks } from './database-rules.ts';
import { newDatabaseId } from './ids.ts';
import type { DatabaseStore, Log, Now, SecretStore } from './ports.ts';

export interface DatabasePorts {
  readonly databases: DatabaseStore;
  readonly secrets: SecretStore;
  readonly log: Log;
  readonly now: Now;
}

export interface NewDatabase extends DatabaseFields {
  readonly backupCredentials: GivenCredentials;
  readonly restoreCredentials?: GivenCredentials | undefined;
}

/**
 * Registers a database: secrets first, then the record that knows them; a failure takes the secrets away again.
 * @throws `invalid_request`, `host_refused`, `secrets_unreachable`, `unavailable`
 */
export async function registerDatabase(
  ports: DatabasePorts,
  networks: Networks,
  given: NewDatabase,
): Promise<Database> {
  checkFields(given, networks);
  const now = ports.now();
  const id = newDatabaseId(now);
  const at = new Date(now).toISOString();
  const { backupCredentials, restoreCredentials, ...fields } = given;
  const made: Credentials[] = [];
  const store = async (credentials: GivenCredentials): Promise<Credentials> => {
    const stored = await storeCredentials(ports, id, credentials);
    made.push(stored);
    return stored;
  };
  try {
    const database: Database = {
      id,
      ...fields,
      backupCredentials: await store(backupCredentials),
      ...(restoreCredentials === undefined ? {} : { restoreCredentials: await store(restoreCredentials) }),
      createdAt: at,
      updatedAt: at,
      version: 1,
    };
    await ports.databases.create(database);
    return database;
  } catch (error) {
    await dropUnused(ports, id, made);
    throw error;
  }
}
