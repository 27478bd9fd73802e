import type { Endpoint } from '../engine/connection.ts';
import { endingWith } from '../engine/deadline.ts';
import { isCode } from '../errors.ts';
import type { Credentials } from './database.ts';
import type { Log, Secret, SecretStore, SqlConnector } from './ports.ts';

interface LoginPorts {
  readonly secrets: SecretStore;
  readonly connector: SqlConnector;
  readonly log: Log;
}

/** How a run logs in at its server, also after somebody has changed the password in its midst. */
export interface RunLogin {
  /** Connects as the endpoint says, or with the login that was found instead. */
  readonly connector: SqlConnector;
  /** The same for a program: `use` is called a second time where its login was refused and another one works. */
  readonly logIn: <T>(endpoint: Endpoint, use: (endpoint: Endpoint) => Promise<T>) => Promise<T>;
}

type Login = Pick<Endpoint, 'username' | 'password'>;

/** Access denied: a password that was right before, as far as a run can tell. */
const REFUSED = 1045;

/**
 * A login that is refused makes the secret be read again, once in a run: what is current by now, then what a rotation has
 * pending. Each is tried once, and only where it is not what was refused, so that no account is locked by it.
 * @param signal of the run: nobody waits for another login after it, and its reason is thrown
 * @see https://docs.aws.amazon.com/secretsmanager/latest/userguide/rotate-secrets_lambda-functions.html setSecret
 */
export function renewableLogin(ports: LoginPorts, credentials: Credentials, signal: AbortSignal): RunLogin {
  let finding: Promise<Login | undefined> | undefined;
  let found: Login | undefined;
  const logIn: RunLogin['logIn'] = async (endpoint, use) => {
    const first = { ...endpoint, ...found };
    try {
      return await use(first);
    } catch (error) {
      if (!isRefused(error)) throw error;
      finding ??= findLogin(ports, credentials, first);
      // A secret that nobody answers for takes up to half a minute.
      found = await endingWith(signal, finding);
      if (found === undefined || isSame(found, first)) throw error;
      return use({ ...endpoint, ...found });
    }
  };
  const { connector } = ports;
  return {
    logIn,
    connector: {
      connect: (endpoint) => logIn(endpoint, connector.connect),
      openStatements: (endpoint, schema) => logIn(endpoint, (by) => connector.openStatements(by, schema)),
      openRows: (endpoint) => logIn(endpoint, connector.openRows),
      openLoad: (endpoint, schema) => logIn(endpoint, (by) => connector.openLoad(by, schema)),
      withPooled: connector.withPooled,
    },
  };
}

/** @returns nothing where no other login works, for whatever reason: the one that was refused is worth telling */
async function findLogin(
  ports: LoginPorts,
  { secretArn, username }: Credentials,
  refused: Endpoint,
): Promise<Login | undefined> {
  const { secrets, log } = ports;
  const tried: Login[] = [refused];
  try {
    for (const read of [secrets.read, secrets.readPending]) {
      const secret: Secret | undefined = await read(secretArn);
      if (secret === undefined) continue;
      const login = { username: username ?? secret.username ?? refused.username, password: secret.password };
      if (tried.some((one) => isSame(one, login))) continue;
      tried.push(login);
      if (await isTaken(ports, { ...refused, ...login })) {
        log.info('the password was changed in the midst of the run', { secretArn });
        return login;
      }
    }
  } catch (error) {
    log.error('no other login was found', { secretArn, error });
  }
  return undefined;
}

async function isTaken({ connector }: LoginPorts, endpoint: Endpoint): Promise<boolean> {
  try {
    const session = await connector.connect(endpoint);
    await session.close();
    return true;
  } catch (error) {
    if (isRefused(error)) return false;
    throw error;
  }
}

const isSame = (one: Login, other: Login): boolean =>
  one.username === other.username && one.password === other.password;

const isRefused = (error: unknown): boolean =>
  isCode(error, 'credentials_rejected') && error.details.errno === REFUSED;
