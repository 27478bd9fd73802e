import { runSessions } from '../../../functions/core/run-sessions.ts';
import { throwIfOver } from '../../../functions/engine/deadline.ts';
import { SafeBaseError } from '../../../functions/errors.ts';
import { waitUntil } from '../../local/wait-until.ts';
import { recordingLog } from '../../ports/recorders.ts';
import { type EngineServer, START_MS, startEngineServer } from '../engine-server.ts';

const ACCOUNT = 'backup';
const OF_ACCOUNT = 'SELECT id FROM information_schema.PROCESSLIST WHERE user = ? AND id <> CONNECTION_ID()';
const CANCELLED = new SafeBaseError('cancelled', 'bk_1 was cancelled');

describe.each(['mariadb-11.8', 'mysql-9.7'] as const)('the sessions of a run on %s', (engine) => {
  let server: EngineServer;
  beforeAll(async () => {
    server = await startEngineServer(engine);
    await server.query('CREATE DATABASE shop');
    await server.query('CREATE TABLE shop.orders (id INT)');
    await server.query('INSERT INTO shop.orders VALUES (1)');
  }, START_MS);
  afterAll(() => server?.stop());
  beforeEach(async () => {
    await server.freshAccount(ACCOUNT);
    await server.query(`GRANT SELECT ON shop.* TO ${ACCOUNT}@'%'`);
  });

  /** The run, by an account without any right to look at others. */
  const opened = () => {
    const run = new AbortController();
    const endpoint = { ...server.endpoint(), username: ACCOUNT, password: 'An-0rdinary-pw' };
    const throwIfLost = (): void => throwIfOver(run.signal);
    const held = { signal: run.signal, throwIfLost };
    const log = recordingLog();
    let closed = 0;
    const connect: typeof server.connector.connect = async (to) => {
      const session = await server.connector.connect(to);
      const close = () => session.close().finally(() => (closed += 1));
      return { ...session, close };
    };
    const sessions = runSessions({ ...server.connector, connect }, held, log);
    return { run, endpoint, log, closed: () => closed, sessions };
  };
  /** A program of another maker at the same account: it waits for a lock, and does not hear of its end. */
  const program = async (endpoint: ReturnType<typeof opened>['endpoint']) => {
    const session = await server.connector.openStatements(endpoint, 'shop');
    const ended = session.run(Buffer.from('SELECT * FROM shop.orders')).catch((error: unknown) => error);
    return { session, ended };
  };
  const locked = async <T>(work: () => Promise<T>): Promise<T> => {
    await server.query('LOCK TABLES shop.orders WRITE');
    try {
      return await work();
    } finally {
      await server.query('UNLOCK TABLES');
    }
  };

  it('end a statement that nobody waits for any more', async () => {
    const { run, endpoint, sessions } = opened();
    const idle = await sessions.connector.connect(endpoint);
    await idle.close();
    const { query, close } = await sessions.connector.connect(endpoint);
    const answer = query('SELECT SLEEP(300)');
    await server.waitForRows(1, `${OF_ACCOUNT} AND info LIKE 'SELECT SLEEP%'`, [ACCOUNT]);
    run.abort(CANCELLED);
    await expect(answer).rejects.toBe(CANCELLED);
    await expect(query('SELECT 1')).rejects.toBe(CANCELLED);
    await close();
    expect(await server.query(OF_ACCOUNT, [ACCOUNT])).toHaveLength(1);
    await sessions.endAll();
    await server.waitForRows(0, OF_ACCOUNT, [ACCOUNT]);
  });

  it('end rows that nobody reads any more, and forget those that were read', async () => {
    const { run, endpoint, sessions } = opened();
    const read = await sessions.connector.openRows(endpoint);
    const whole = read.converse('SELECT id FROM shop.orders', run.signal);
    await whole.read();
    await whole.release();
    await read.close();
    const { converse } = await sessions.connector.openRows(endpoint);
    const answer = converse('SELECT SLEEP(300)', run.signal).read();
    await server.waitForRows(1, `${OF_ACCOUNT} AND info LIKE 'SELECT SLEEP%'`, [ACCOUNT]);
    run.abort(CANCELLED);
    await expect(answer).rejects.toBe(CANCELLED);
    expect(() => converse('SELECT 1', run.signal)).toThrow(CANCELLED);
    await sessions.endAll();
    await server.waitForRows(0, OF_ACCOUNT, [ACCOUNT]);
  });

  it('end the program of a dump, and no other connection of the account', async () => {
    const { run, endpoint, closed, sessions } = opened();
    const others = [await server.as(ACCOUNT), await server.connector.openStatements(endpoint, 'shop')];
    // What the plan of a run asks.
    const plan = await sessions.connector.connect(endpoint);
    await plan.close();
    const dump = await locked(async () => {
      const failed = sessions.duringDump(endpoint, 'shop', async () => {
        const { ended } = await program(endpoint);
        await server.waitForRows(1, `${OF_ACCOUNT} AND info LIKE 'SELECT * FROM shop%'`, [ACCOUNT]);
        await waitUntil(() => closed() === 2, 'it was seen, and the connection that looked is gone again');
        run.abort(CANCELLED);
        throw await Promise.race([ended, Promise.resolve(CANCELLED)]);
      });
      await expect(failed).rejects.toBe(CANCELLED);
      await sessions.endAll();
      return server.query(`${OF_ACCOUNT} AND info IS NOT NULL`, [ACCOUNT]);
    });
    expect(dump).toEqual([]);
    await server.waitForRows(2, OF_ACCOUNT, [ACCOUNT]);
    for (const other of others) await other.close();
  });

  it('leave two alone that could both be the program', async () => {
    const { run, endpoint, sessions, log } = opened();
    await (await sessions.connector.connect(endpoint)).close();
    const left = await locked(async () => {
      // Both are there before anybody looks: one that comes late could be taken for none.
      const programs = [await program(endpoint), await program(endpoint)];
      await server.waitForRows(2, `${OF_ACCOUNT} AND info LIKE 'SELECT * FROM shop%'`, [ACCOUNT]);
      const failed = sessions.duringDump(endpoint, 'shop', async () => {
        await waitUntil(
          () => log.lines.some(({ message }) => message.startsWith('nobody can tell the connection')),
          'both were seen',
        );
        run.abort(CANCELLED);
        throw CANCELLED;
      });
      await expect(failed).rejects.toBe(CANCELLED);
      await sessions.endAll();
      return { programs, running: await server.query(`${OF_ACCOUNT} AND info IS NOT NULL`, [ACCOUNT]) };
    });
    expect(left.running).toHaveLength(2);
    for (const { session, ended } of left.programs) {
      await ended;
      await session.close();
    }
  });
});
