import { dumpInput, dumpToStore, startTestDatabase, type TestDatabase } from '../test-database.ts';
import { strikingProxy } from './striking-proxy.ts';

const START_MS = 10 * 60_000;

/** They need no component as long as nobody runs them. */
const LIBRARY = "CREATE LIBRARY shears LANGUAGE JAVASCRIPT AS 'export function cut(n) { return n - 1 }'";

describe('libraries of MySQL', () => {
  let database: TestDatabase;
  beforeAll(async () => {
    database = await startTestDatabase('mysql-9.7');
    await database.root.query('CREATE DATABASE garden');
    await database.root.query('USE garden');
    await database.root.query(LIBRARY);
  }, START_MS);
  afterAll(() => database.stop(), START_MS);

  it('fail a dump, as no restore takes them', async () => {
    const dumping = dumpToStore(dumpInput(database, 'garden'));
    await expect(dumping).rejects.toMatchObject({ code: 'proof_failed' });
  });

  it('fail a dump also where the server does not list them', async () => {
    const input = dumpInput(database, 'garden');
    const proxy = await strikingProxy(database.server.port, 'refuse', (message) =>
      message.includes('FROM INFORMATION_SCHEMA.LIBRARIES'),
    );
    const endpoint = { ...input.endpoint, port: proxy.port, tls: { mode: 'off' as const } };
    try {
      await expect(dumpToStore({ ...input, endpoint })).rejects.toMatchObject({ code: 'dump_incomplete' });
    } finally {
      proxy.close();
    }
  });
});
