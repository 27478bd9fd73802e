/** Each chunk is loaded once, whoever dies when. */
import type { RowSession } from '../../../../functions/adapters/mysql-session.ts';
import {
  doOnce,
  dropLedger,
  makeLedger,
  readLedger,
} from '../../../../functions/engine/parallel/load-ledger.ts';
import { type RowServer, startRowServer } from '../rows/row-server.ts';

const LEDGER = { schema: 'shop', restoreId: 'rs_1' };
const step = (chunk: number): string => `rows/0/${chunk}`;

describe.each(['mariadb-11.8', 'mysql-9.7'] as const)('the ledger of a restore on %s', (engine) => {
  let server: RowServer;
  beforeAll(async () => {
    server = await startRowServer(engine);
    await server.admin.query('CREATE DATABASE shop');
  }, 120_000);
  afterAll(() => server?.stop());
  beforeEach(async () => {
    await server.admin.query('DROP TABLE IF EXISTS shop.t');
    await server.admin.query('CREATE TABLE shop.t (id INT)');
    await dropLedger(server.admin.query, LEDGER);
    await makeLedger(server.admin.query, LEDGER);
  });

  const put = async ({ query }: RowSession, id: number): Promise<void> => {
    await query('INSERT INTO shop.t VALUES (?)', [id]);
  };
  const rows = async () =>
    (await server.admin.query('SELECT id FROM shop.t ORDER BY id')).map(({ id }) => id);
  const ledger = async () => [...((await readLedger(server.admin.query, LEDGER)) ?? [])].sort();
  const isGone = async (session: RowSession): Promise<void> => {
    const deadline = Date.now() + 15_000;
    const wanted = 'SELECT ID AS id FROM information_schema.PROCESSLIST WHERE ID = ?';
    while ((await server.admin.query(wanted, [session.connectionId])).length > 0) {
      if (Date.now() > deadline) throw new Error('the killed connection stays');
    }
  };

  it('notes what is loaded, and loads it no second time', async () => {
    const { loader } = server;
    await makeLedger(server.admin.query, LEDGER);
    expect(await doOnce(loader.query, LEDGER, step(1), () => put(loader, 1))).toBe(true);
    expect(await doOnce(loader.query, LEDGER, step(2), () => put(loader, 2))).toBe(true);
    expect(await doOnce(loader.query, LEDGER, step(1), () => put(loader, 1))).toBe(false);
    expect(await rows()).toEqual(['1', '2']);
    expect(await ledger()).toEqual(['rows/0/1', 'rows/0/2']);
    expect(await readLedger(server.admin.query, { ...LEDGER, restoreId: 'rs_2' })).toBeUndefined();
  });

  it('notes nothing where the load fails, and can load it after that', async () => {
    const { loader } = server;
    const failing = doOnce(loader.query, LEDGER, step(1), async () => {
      await put(loader, 1);
      throw new Error('the store is away');
    });
    await expect(failing).rejects.toThrow('the store is away');
    expect([await rows(), await ledger()]).toEqual([[], []]);
    expect(await doOnce(loader.query, LEDGER, step(1), () => put(loader, 1))).toBe(true);
    expect(await rows()).toEqual(['1']);
  });

  it('leaves nothing of a worker that dies before its commit', async () => {
    const dying = await server.open();
    const load = doOnce(dying.query, LEDGER, step(1), async () => {
      await put(dying, 1);
      await server.admin.query(`KILL CONNECTION ${dying.connectionId}`);
    });
    await expect(load).rejects.toMatchObject({ code: 'connection_lost' });
    await isGone(dying);
    expect([await rows(), await ledger()]).toEqual([[], []]);
  });

  it('tells the next worker that a commit was done whose answer was lost', async () => {
    const dying = await server.open();
    const query: RowSession['query'] = async (sql, values) => {
      const answer = await dying.query(sql, values);
      if (sql === 'COMMIT') throw new Error('no answer');
      return answer;
    };
    await expect(doOnce(query, LEDGER, step(1), () => put(dying, 1))).rejects.toThrow('no answer');
    await dying.close();
    const { loader } = server;
    expect(await doOnce(loader.query, LEDGER, step(1), () => put(loader, 1))).toBe(false);
    expect(await rows()).toEqual(['1']);
  });

  it('lets two workers load the same chunk once', async () => {
    const [one, two] = [await server.open(), await server.open()];
    const both = [one, two].map((session) => doOnce(session.query, LEDGER, step(7), () => put(session, 7)));
    expect((await Promise.all(both)).sort()).toEqual([false, true]);
    expect(await rows()).toEqual(['7']);
    await Promise.all([one.close(), two.close()]);
  });
});
