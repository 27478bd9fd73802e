import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';
import { setTimeout as wait } from 'node:timers/promises';
import type { RowSession } from '../../../functions/adapters/mysql-session.ts';
import { loadRows } from '../../../functions/engine/rows/load-rows.ts';
import { readRows } from '../../../functions/engine/rows/read-rows.ts';
import { setUpReading } from '../../../functions/engine/rows/session-settings.ts';
import { isCode } from '../../../functions/errors.ts';
import { type RowServer, startRowServer } from '../engine/rows/row-server.ts';

const never = (): AbortSignal => new AbortController().signal;
const HUNDRED_MEGABYTES = `SELECT REPEAT('x', 100000) FROM lent.numbers`;

const read = async (session: RowSession, select: string, columns: number, signal = never()) => {
  const rows = readRows(session.converse(select, signal), columns);
  for await (const text of rows.texts) expect(text.length).toBeGreaterThan(0);
  return rows.proof();
};

/** Counts what the server could send. */
async function countingProxy(port: number) {
  let bytes = 0;
  const sockets: Socket[] = [];
  const proxy = createServer((client) => {
    const upstream = connect(port, '127.0.0.1');
    sockets.push(client, upstream);
    for (const socket of [client, upstream]) socket.on('error', () => {});
    upstream.on('data', (chunk) => {
      bytes += chunk.length;
    });
    client.pipe(upstream).pipe(client);
  }).listen(0, '127.0.0.1');
  await once(proxy, 'listening');
  return {
    port: (proxy.address() as AddressInfo).port,
    /** Waits until nothing has come for a quarter of a second. */
    async stillAt(): Promise<number> {
      for (;;) {
        const before = bytes;
        await wait(250);
        if (bytes === before) return bytes;
      }
    },
    stop() {
      for (const socket of sockets) socket.destroy();
      proxy.close();
    },
  };
}

describe.each([
  ['mariadb-11.8', true],
  ['mysql-9.7', false],
] as const)('a lent socket of %s, plain: %s', (engine, isPlain) => {
  let server: RowServer;
  let session: RowSession;
  beforeAll(async () => {
    server = await startRowServer(engine, isPlain);
    await server.admin.query('CREATE DATABASE lent');
    await server.admin.query('CREATE TABLE lent.t (id INT PRIMARY KEY)');
    await server.admin.query(
      `CREATE TABLE lent.numbers WITH RECURSIVE s(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM s WHERE n < 1000) SELECT n FROM s`,
    );
  }, 120_000);
  beforeEach(async () => {
    session = await server.open();
    await setUpReading(session.query);
  });
  afterEach(() => session.close());
  afterAll(() => server?.stop());

  it('goes back to the driver after rows, and can be lent again', async () => {
    for (const rows of [0, 1, 500]) {
      const proof = await read(
        session,
        `SELECT ORDINAL_POSITION, NULL FROM information_schema.COLUMNS LIMIT ${rows}`,
        2,
      );
      expect(proof.rows).toBe(rows);
      expect(await session.query('SELECT ? AS n', [rows])).toEqual([{ n: String(rows) }]);
    }
    expect(session.isBroken()).toBe(false);
  });

  it('goes back after an error too', async () => {
    await expect(read(session, 'SELECT 1 FROM lent.missing', 1)).rejects.toMatchObject({
      details: { errno: 1146 },
    });
    await expect(
      read(
        session,
        'SELECT (SELECT ORDINAL_POSITION FROM information_schema.COLUMNS) FROM information_schema.COLUMNS',
        1,
      ),
    ).rejects.toMatchObject({ details: { errno: 1242 } });
    expect(await session.query('SELECT 1 AS n')).toEqual([{ n: '1' }]);
  });

  it('holds the server back while nobody reads', async () => {
    const proxy = await countingProxy(server.server.port);
    const behind = await server.open({ port: proxy.port });
    try {
      const rows = readRows(behind.converse(HUNDRED_MEGABYTES, never()), 1);
      const texts = rows.texts[Symbol.asyncIterator]();
      await texts.next();
      expect(await proxy.stillAt()).toBeLessThan(30_000_000);
      for (let text = await texts.next(); !text.done; text = await texts.next());
      expect(rows.proof()).toMatchObject({ rows: 1_000, bytes: 100_001_000 });
      expect(await behind.query('SELECT 1 AS n')).toEqual([{ n: '1' }]);
    } finally {
      await behind.close();
      proxy.stop();
    }
  }, 60_000);

  it('is broken by the signal, at once and with its reason', async () => {
    const abort = new AbortController();
    const sleeping = read(session, 'SELECT SLEEP(30)', 1, abort.signal);
    setImmediate(() => abort.abort());
    await expect(sleeping).rejects.toMatchObject({ code: 'deadline_exceeded' });
    expect(session.isBroken()).toBe(true);
    expect(() => session.converse('SELECT 1', never())).toThrow('the connection was lost');
  });

  it('tells that the connection was lost', async () => {
    const sleeping = read(session, 'SELECT SLEEP(30)', 1).catch((thrown: unknown) => thrown);
    await server.admin.query(`KILL CONNECTION ${session.connectionId}`);
    const error = await sleeping;
    expect(isCode(error, 'connection_lost', 'query_failed')).toBe(true);
  });

  it('sends rows that a table takes, and never the end of a file that failed', async () => {
    async function* texts(fails: boolean) {
      yield Buffer.from('1\n2\n');
      if (fails) throw new Error('the store is gone');
      yield Buffer.from('3\n');
    }
    const load = `LOAD DATA LOCAL INFILE 'safebase-rows' INTO TABLE lent.t`;
    const expected = { rows: 3, mayWarn: false };
    await expect(loadRows(session.converse(load, never()), texts(true), expected)).rejects.toThrow(
      'the store is gone',
    );
    expect(session.isBroken()).toBe(true);
    const count = async () => (await server.admin.query('SELECT COUNT(*) AS n FROM lent.t'))[0]?.n;
    expect(await count()).toBe('0');
    const other = await server.open();
    await loadRows(other.converse(load, never()), texts(false), expected);
    expect(await count()).toBe('3');
    // All of them are there already.
    await expect(loadRows(other.converse(load, never()), texts(false), expected)).rejects.toMatchObject({
      code: 'load_failed',
      details: { records: 3, skipped: 3 },
    });
    await expect(
      loadRows(
        other.converse(`LOAD DATA LOCAL INFILE '/etc/passwd' INTO TABLE lent.t`, never()),
        texts(false),
        expected,
      ),
    ).rejects.toMatchObject({
      message: "the server's answer does not ask for the rows",
    });
    expect(other.isBroken()).toBe(true);
    await server.admin.query('TRUNCATE TABLE lent.t');
  });
});
