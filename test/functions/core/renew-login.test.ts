import type { Secret, SqlConnector } from '../../../functions/core/ports.ts';
import { renewableLogin } from '../../../functions/core/renew-login.ts';
import type { Endpoint } from '../../../functions/engine/connection.ts';
import { SafeBaseError } from '../../../functions/errors.ts';
import { memorySecrets } from '../../ports/memory-secrets.ts';
import { recordingLog } from '../../ports/recorders.ts';

const ARN = 'arn:aws:secretsmanager:us-east-1:000000000000:secret:rds!db';
const ENDPOINT: Endpoint = {
  host: 'db.example.com',
  addresses: ['192.0.2.1'],
  port: 3306,
  username: 'backup',
  password: 'old',
  tls: { mode: 'off' },
};
const refused = (errno = 1045) =>
  new SafeBaseError('credentials_rejected', 'refused', { details: { errno } });

/** A server that takes one password, and notes who tries which. */
function scene(
  right: string,
  stored: { readonly current: Secret; readonly pending?: Secret },
  username?: string,
) {
  const secrets = memorySecrets();
  secrets.stored.set(ARN, stored.current);
  if (stored.pending) secrets.pending.set(ARN, stored.pending);
  const tries: string[] = [];
  const take = (endpoint: Endpoint): void => {
    tries.push(`${endpoint.username}:${endpoint.password}`);
    if (endpoint.password !== right) throw refused();
  };
  const session = {
    connectionId: '1',
    query: async () => [],
    run: async () => {},
    converse: () => {
      throw new Error('nobody reads rows here');
    },
    close: async () => {},
  };
  const connector: SqlConnector = {
    connect: async (endpoint) => {
      take(endpoint);
      return session;
    },
    openStatements: async (endpoint) => {
      take(endpoint);
      return session;
    },
    openRows: async (endpoint) => {
      take(endpoint);
      return session;
    },
    openLoad: async (endpoint) => {
      take(endpoint);
      return session;
    },
    withPooled: () => Promise.reject(new Error('no run uses a pool')),
  };
  const credentials = { secretArn: ARN, managed: false, ...(username === undefined ? {} : { username }) };
  const log = recordingLog();
  const run = new AbortController();
  const login = renewableLogin({ secrets, connector, log }, credentials, run.signal);
  return { secrets, login, tries, log, run };
}

const OLD = { username: 'backup', password: 'old' };
const NEW = { username: 'backup', password: 'new' };
const NEXT = { username: 'backup', password: 'next' };

describe('a login that is refused in the midst of a run', () => {
  it.each([
    ['is what the secret holds by now', 'new', { current: NEW, pending: NEXT }, ['backup:new']],
    ['is still pending', 'next', { current: OLD, pending: NEXT }, ['backup:next']],
    ['is pending again', 'next', { current: NEW, pending: NEXT }, ['backup:new', 'backup:next']],
  ])('is repeated where the right one %s, and what follows goes by that', async (_, right, stored, found) => {
    const { login, tries } = scene(right, stored);
    await login.connector.connect(ENDPOINT);
    const used = found.at(-1);
    expect(tries).toEqual(['backup:old', ...found, used]);
    await login.connector.openStatements(ENDPOINT, 'shop');
    expect(tries.slice(found.length + 2)).toEqual([used]);
  });

  it.each([
    ['nothing else', { current: OLD }, []],
    ['nothing else, not even pending', { current: OLD, pending: OLD }, []],
    ['what is refused too', { current: NEW, pending: NEXT }, ['backup:new', 'backup:next']],
    ['the same twice', { current: NEW, pending: NEW }, ['backup:new']],
  ])('stays refused where the secret holds %s, and is looked for once in a run', async (_, stored, more) => {
    const { login, tries, secrets } = scene('nobody knows', stored);
    await expect(login.connector.connect(ENDPOINT)).rejects.toEqual(refused());
    expect(tries).toEqual(['backup:old', ...more]);
    secrets.stored.set(ARN, { username: 'backup', password: 'newest' });
    await expect(login.connector.connect(ENDPOINT)).rejects.toEqual(refused());
    expect(tries).toEqual(['backup:old', ...more, 'backup:old']);
  });

  it('is looked for once by all who are refused at once', async () => {
    const { login, tries } = scene('new', { current: NEW });
    await Promise.all([1, 2, 3].map(() => login.connector.connect(ENDPOINT)));
    expect(tries.filter((one) => one === 'backup:old')).toHaveLength(3);
    expect(tries.filter((one) => one === 'backup:new')).toHaveLength(4);
  });

  it('makes a program be started again with the one that works, and with no other', async () => {
    const { login, tries } = scene('new', { current: NEW });
    const starts: string[] = [];
    const start = (error: Error | undefined) => async (by: Endpoint) => {
      starts.push(by.password);
      if (by.password === 'old') throw refused();
      if (error !== undefined) throw error;
    };
    await login.logIn(ENDPOINT, start(undefined));
    expect([starts, tries]).toEqual([['old', 'new'], ['backup:new']]);
    const lost = new SafeBaseError('connection_lost', 'the connection broke');
    await expect(login.logIn(ENDPOINT, start(lost))).rejects.toBe(lost);
    expect(starts).toEqual(['old', 'new', 'new']);
  });

  it('keeps the user that the record names, else takes that of the secret', async () => {
    const clone = { username: 'backup_clone', password: 'new' };
    const named = scene('new', { current: clone }, 'backup');
    await named.login.connector.connect(ENDPOINT);
    expect(named.tries.at(-1)).toBe('backup:new');
    const alternating = scene('new', { current: clone });
    await alternating.login.connector.connect(ENDPOINT);
    expect(alternating.tries.at(-1)).toBe('backup_clone:new');
  });

  it('is what is told where the secret cannot be read', async () => {
    const { login, secrets, log } = scene('new', { current: NEW });
    secrets.stored.clear();
    await expect(login.connector.connect(ENDPOINT)).rejects.toEqual(refused());
    expect(log.lines).toMatchObject([{ message: 'no other login was found' }]);
  });

  it('is not waited for once the run is over', async () => {
    const { login, secrets, tries, run } = scene('new', { current: NEW });
    const asked = new Promise<void>((isAsked) => {
      secrets.read = () => {
        isAsked();
        return new Promise(() => {});
      };
    });
    const refusedDump = login.logIn(ENDPOINT, () => Promise.reject(refused()));
    await asked;
    const cancelled = new SafeBaseError('cancelled', 'the run was cancelled');
    run.abort(cancelled);
    await expect(refusedDump).rejects.toBe(cancelled);
    expect(tries).toEqual([]);
  }, 2_000);

  it.each([1130, 3118])(
    'is not tried with another password where that is not the reason (%d)',
    async (errno) => {
      const { login, tries } = scene('new', { current: NEW });
      const failing = login.logIn(ENDPOINT, () => Promise.reject(refused(errno)));
      await expect(failing).rejects.toMatchObject({ details: { errno } });
      expect(tries).toEqual([]);
    },
  );
});
