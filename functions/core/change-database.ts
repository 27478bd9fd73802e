import { isDeepStrictEqual } from 'node:util';
import { SafeBaseError } from '../errors.ts';
import { dropUnused, type GivenCredentials, storeCredentials } from './credentials.ts';
import type { Credentials, Database } from './database.ts';
import { checkFields, type DatabaseFields, type Networks } from './database-rules.ts';
import type { DatabaseId } from './ids.ts';
import type { Secret } from './ports.ts';
import type { DatabasePorts } from './register-database.ts';
import { type UnusedPorts, whileUnused } from './while-unused.ts';

/** The record anew; credentials that are left out stay, and `null` removes those for restores. */
export interface ChangedDatabase extends DatabaseFields {
  readonly backupCredentials?: GivenCredentials | undefined;
  readonly restoreCredentials?: GivenCredentials | null | undefined;
}

/**
 * Changes a database, if its version is still `version`. Nothing of a refused change stays, passwords neither.
 * @throws `not_found`, `version_conflict`, `run_active` where it would lead a run elsewhere, `invalid_request`,
 * `host_refused`, `secrets_unreachable`, `unavailable`
 */
export async function changeDatabase(
  ports: DatabasePorts & UnusedPorts,
  networks: Networks,
  id: DatabaseId,
  version: number,
  given: ChangedDatabase,
): Promise<Database> {
  checkFields(given, networks);
  const old = await ports.databases.get(id);
  if (old === undefined) throw new SafeBaseError('not_found', `there is no ${id}`);
  if (old.version !== version) {
    throw new SafeBaseError('version_conflict', `${id} is of version ${old.version}, not ${version}`);
  }
  const { backupCredentials, restoreCredentials, ...fields } = given;
  refuseMovedCredentials(old, given);

  const made: Credentials[] = [];
  try {
    const backup = await plan(ports, id, old.backupCredentials, backupCredentials, made);
    const restore =
      restoreCredentials === null
        ? {}
        : await plan(ports, id, old.restoreCredentials, restoreCredentials, made);
    const { restoreCredentials: _, server, ...kept } = old;
    const database: Database = {
      ...kept,
      ...fields,
      backupCredentials: backup.credentials ?? old.backupCredentials,
      ...(restore.credentials === undefined ? {} : { restoreCredentials: restore.credentials }),
      // Another address is another server until it has been looked at.
      ...(server === undefined || isElsewhere(old, given) ? {} : { server }),
      updatedAt: new Date(ports.now()).toISOString(),
      version: version + 1,
    };
    const write = (): Promise<void> => ports.databases.replace(database);
    // Its worker reads the record last of all: a restore would drop schemas of a server that nobody has confirmed.
    await (isElsewhere(old, given) ? whileUnused(ports, id, write) : write());
    // Only the one whose change was taken may touch secrets that stay in use.
    for (const { rotate } of [backup, restore]) await rotate?.();
    return database;
  } finally {
    await dropUnused(ports, id, [...made, old.backupCredentials, old.restoreCredentials]);
  }
}

interface Plan {
  readonly credentials?: Credentials;
  /** Writes a new password into the same secret, where running jobs look for it at their next connect. */
  readonly rotate?: () => Promise<void>;
}

/** A new password of the same user goes into the same secret; all else gets a secret of its own. */
async function plan(
  ports: DatabasePorts,
  id: DatabaseId,
  old: Credentials | undefined,
  given: GivenCredentials | undefined,
  made: Credentials[],
): Promise<Plan> {
  if (given === undefined) return old === undefined ? {} : { credentials: old };
  const { username, password } = given;
  if (old?.managed && password !== undefined && username === old.username) {
    const secret: Secret = username === undefined ? { password } : { username, password };
    return { credentials: old, rotate: () => ports.secrets.replace(old.secretArn, secret) };
  }
  const credentials = await storeCredentials(ports, id, given);
  made.push(credentials);
  return { credentials };
}

/** Who may change the address must not get the stored password sent to an address of their own. */
function refuseMovedCredentials(old: Database, given: ChangedDatabase): void {
  if (!isElsewhere(old, given)) return;
  const missing =
    given.backupCredentials === undefined
      ? 'backupCredentials'
      : old.restoreCredentials !== undefined && given.restoreCredentials === undefined
        ? 'restoreCredentials'
        : undefined;
  if (missing === undefined) return;
  throw new SafeBaseError(
    'invalid_request',
    `${missing}: is needed where host, port, network or tls change`,
    {
      hint: `Send ${missing} again: stored credentials are not sent to a new address.`,
    },
  );
}

const isElsewhere = (old: DatabaseFields, given: DatabaseFields): boolean =>
  !isDeepStrictEqual(
    [old.host, old.port, old.network, old.tls.mode, old.tls.ca],
    [given.host, given.port, given.network, given.tls.mode, given.tls.ca],
  );
