import { readFileSync } from 'node:fs';
import { createServer, connect as dial, type Server, type Socket } from 'node:net';
import { mysqlConnector } from '../../../functions/adapters/mysql-connector.ts';
import { makeServerCertificate } from '../../../local/engines/certificate.ts';
import { ENGINES, type EngineServer, START_MS, startEngineServer } from '../engine-server.ts';

describe.each(ENGINES)('the connector on %s', (engine) => {
  let own: EngineServer;
  beforeAll(async () => {
    own = await startEngineServer(engine);
  }, START_MS);
  afterAll(() => own.stop());

  it('gives every value as text, under names in lower case, in UTC', async () => {
    const [row] = await own.query(
      `SELECT 18446744073709551615 AS BIG, 0.1 AS dec_, 1e0/3 AS D, NULL AS n, '' AS e, 'é😀' AS T, ? AS S, ? AS I, ? AS nothing,
        @@time_zone AS tz, CAST('2024-02-29 10:11:12.123456' AS DATETIME(6)) AS dt`,
      ["o'b\\x\n😀?", 9007199254740991, null],
    );
    expect(row).toEqual({
      big: '18446744073709551615',
      dec_: '0.1',
      d: expect.stringMatching(/^0\.3333333333/),
      n: null,
      e: '',
      t: 'é😀',
      s: "o'b\\x\n😀?",
      i: '9007199254740991',
      nothing: null,
      tz: '+00:00',
      dt: '2024-02-29 10:11:12.123456',
    });
    expect(await own.query('DO 1')).toEqual([]);
    expect(await own.query('SELECT 1 AS a FROM (SELECT 1) t WHERE 1 = 0')).toEqual([]);
  });

  it('quotes values safely, whatever sql_mode the server has', async () => {
    const [before] = await own.query('SELECT @@GLOBAL.sql_mode AS mode');
    await own.query("SET GLOBAL sql_mode = 'NO_BACKSLASH_ESCAPES,ANSI_QUOTES'");
    const session = await own.connector.connect(own.endpoint());
    const [row] = await session.query('SELECT ? AS v', ["\\' OR 1=1 -- "]);
    expect(row?.v).toBe("\\' OR 1=1 -- ");
    await session.close();
    await own.query('SET GLOBAL sql_mode = ?', [before?.mode ?? '']);
  });

  it('reads the same, whatever the server sets for new sessions of an account', async () => {
    await own.query('CREATE DATABASE odd');
    await own.query('CREATE EVENT odd.`an event` ON SCHEDULE EVERY 1 DAY DISABLE DO SET @a = "Ж😀"');
    await own.freshAccount('ordinary');
    await own.query('GRANT EVENT, SELECT ON odd.* TO ordinary');
    await own.query(
      'SET GLOBAL init_connect = \'SET NAMES latin1, autocommit = 0, sql_quote_show_create = 0, sql_mode = "ANSI_QUOTES"\'',
    );
    try {
      const { query } = await own.as('ordinary');
      expect(await query('SHOW CREATE EVENT odd.`an event`')).toMatchObject([
        { 'create event': expect.stringMatching(/ EVENT `an event` .*"Ж😀"/) },
      ]);
      expect(await query("SELECT 'Ж😀' AS t")).toEqual([{ t: 'Ж😀' }]);
      // A session that is never done with its first look would see the catalogue as of then, and keep what it asked for.
      const tables = () => query("SELECT 1 FROM information_schema.TABLES WHERE TABLE_SCHEMA = 'odd'");
      expect(await tables()).toEqual([]);
      await own.query('CREATE TABLE odd.later (a INT)');
      expect(await tables()).toHaveLength(1);
      expect(await query('SELECT 1 FROM odd.later')).toEqual([]);
      await own.query('SET SESSION lock_wait_timeout = 1');
      await own.query('ALTER TABLE odd.later ADD b INT');
    } finally {
      await own.query('SET SESSION lock_wait_timeout = DEFAULT');
      await own.query("SET GLOBAL init_connect = ''");
    }
  });

  it.each([
    ['a wrong password', { password: 'wrong' }, 'credentials_rejected'],
    ['an unknown user', { username: 'nobody' }, 'credentials_rejected'],
    ['nobody at the port', { port: 1 }, 'connection_refused'],
    ['no address', { addresses: [] }, 'host_unknown'],
  ])('tells %s', async (_, change, code) => {
    await expect(own.connector.connect(own.endpoint(change))).rejects.toMatchObject({ code });
  });

  it.each([
    ['SELECT * FROM mysql.nothing', 'query_failed', { errno: 1146 }],
    ['USE nowhere', 'schema_unknown', { errno: 1049 }],
    ['SELEC', 'query_failed', { errno: 1064 }],
    ['SELECT 1; SELECT 2', 'query_failed', { errno: 1064 }],
  ])('tells what failed: %s', async (sql, code, details) => {
    await expect(own.query(sql)).rejects.toMatchObject({ code, details });
    expect(await own.query('SELECT 1 AS a')).toEqual([{ a: '1' }]);
  });

  it('is encrypted and has verified the name', async () => {
    const [row] = await own.query("SHOW STATUS LIKE 'Ssl_cipher'");
    expect(row?.value).toMatch(/^TLS_|^ECDHE/);
    const byAddress = await own.connector.connect(own.endpoint({ host: '127.0.0.1' }));
    await byAddress.close();
  });

  it.each([
    ['a name that is not in the certificate', 'db.example.com'],
    ['an address that is not in the certificate', '127.0.0.9'],
  ])('refuses %s, though it dials the right server', async (_, host) => {
    await expect(own.connector.connect(own.endpoint({ host }))).rejects.toMatchObject({ code: 'tls_failed' });
  });

  it('refuses a certificate of an authority that it does not trust, named or by default', async () => {
    const { ca } = makeServerCertificate();
    const stranger = own.endpoint({ tls: { mode: 'verify', ca } });
    await expect(own.connector.connect(stranger)).rejects.toMatchObject({ code: 'tls_failed' });
    const bundle = own.endpoint({ tls: { mode: 'verify' } });
    await (await own.connector.connect(bundle)).close();
    const empty = mysqlConnector({ caFile: '/dev/null' });
    await expect(empty.connect(bundle)).rejects.toMatchObject({ code: 'tls_failed' });
  });

  it('dials the address, never the name', async () => {
    const wrong = own.endpoint({ addresses: ['127.0.0.2'] });
    await expect(own.connector.connect(wrong)).rejects.toMatchObject({ code: 'connection_refused' });
  });

  it('lends at most two connections of a pool, and the same again', async () => {
    const id = () =>
      own.connector.withPooled(
        'k',
        own.endpoint(),
        async (query) => (await query('SELECT CONNECTION_ID() AS id'))[0]?.id,
      );
    const many = await Promise.all(Array.from({ length: 8 }, id));
    expect(new Set(many).size).toBeLessThanOrEqual(2);
    expect(many).toContain(await id());
  });

  it('closes a pool on error and heals after the server cut its connections', async () => {
    const pooled = (sql: string) =>
      own.connector.withPooled('cut', own.endpoint(), async (query) => (await query(sql))[0]);
    const first = await pooled('SELECT CONNECTION_ID() AS id');
    await own.query(`KILL ${first?.id}`);
    const second = await pooled('SELECT CONNECTION_ID() AS id');
    expect(second?.id).not.toBe(first?.id);
    await expect(pooled('SELEC')).rejects.toMatchObject({ code: 'query_failed' });
    const third = await pooled('SELECT CONNECTION_ID() AS id');
    expect(third?.id).not.toBe(second?.id);
    await own.waitForRows(0, 'SELECT 1 FROM information_schema.PROCESSLIST WHERE ID = ?', [
      Number(second?.id),
    ]);
  });

  it('starts a new pool when the password has changed', async () => {
    await own.freshAccount('rotated');
    const first = await own.as('rotated');
    await first.close();
    await own.query("ALTER USER rotated@'%' IDENTIFIED BY 'Second-pw-1'");
    const pooled = (password: string) =>
      own.connector.withPooled('r', own.endpoint({ username: 'rotated', password }), (query) =>
        query('SELECT 1 AS a'),
      );
    expect(await pooled('Second-pw-1')).toEqual([{ a: '1' }]);
    await expect(pooled('First-pw-1')).rejects.toMatchObject({ code: 'credentials_rejected' });
    expect(await pooled('Second-pw-1')).toEqual([{ a: '1' }]);
  });

  it('tells a killed connection while a statement runs', async () => {
    const session = await own.connector.connect(own.endpoint());
    const [row] = await session.query('SELECT CONNECTION_ID() AS id');
    const waiting = expect(session.query('SELECT SLEEP(60)')).rejects.toMatchObject({
      code: 'connection_lost',
    });
    const running = "SELECT 1 FROM information_schema.PROCESSLIST WHERE ID = ? AND INFO LIKE '%SLEEP%'";
    await own.waitForRows(1, running, [Number(row?.id)]);
    await own.query(`KILL ${row?.id}`);
    await waiting;
    await expect(session.query('SELECT 1')).rejects.toMatchObject({ code: 'connection_lost' });
    await session.close();
  });

  it('ends a statement that takes too long, or whose result is too large', async () => {
    const attempt = async (limits: object, sql: string): Promise<unknown> => {
      const session = await mysqlConnector({ caFile: own.server.caFile, limits }).connect(own.endpoint());
      return session.query(sql).finally(() => session.close());
    };
    await expect(attempt({ queryTimeoutMs: 200 }, 'SELECT SLEEP(60)')).rejects.toMatchObject({
      code: 'connection_timeout',
    });
    const rows =
      'WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 101) SELECT i FROM n';
    await expect(attempt({ maxRows: 101 }, rows)).resolves.toHaveLength(101);
    await expect(attempt({ maxRows: 100 }, rows)).rejects.toMatchObject({ code: 'query_failed' });
    // The second half of the answer comes long after the limit was reached.
    const large = "SELECT REPEAT('x', 8000000) AS x UNION ALL SELECT SLEEP(60)";
    await expect(attempt({ maxResultBytes: 1_000_000 }, large)).rejects.toMatchObject({
      code: 'query_failed',
    });
  });

  it('sends the bytes of a statement as they are', async () => {
    await own.query('CREATE DATABASE IF NOT EXISTS raw');
    const session = await own.connector.openStatements(own.endpoint(), 'raw');
    await session.run(Buffer.from('CREATE OR REPLACE VIEW v AS SELECT 1 AS `é`'));
    await session.run(Buffer.from('SET NAMES latin1'));
    await session.run(
      Buffer.concat([
        Buffer.from("CREATE OR REPLACE VIEW w AS SELECT '"),
        Buffer.of(0xe9),
        Buffer.from("' AS x"),
      ]),
    );
    expect(await own.query('SELECT HEX(x) AS h FROM raw.w')).toEqual([{ h: 'E9' }]);
    expect((await own.query('SELECT * FROM raw.v'))[0]).toEqual({ é: '1' });
    await expect(session.run(Buffer.from('DO 1; DROP DATABASE raw'))).rejects.toMatchObject({
      details: { errno: 1064 },
    });
    await session.close();
  });

  it('tells a connection that breaks in the middle of an answer', async () => {
    const proxy = await cuttingProxy(own.server.port);
    const session = await own.connector.connect(own.endpoint({ port: proxy.port }));
    proxy.cutAfterBytes(100_000);
    await expect(session.query("SELECT REPEAT('x', 10000000) AS x")).rejects.toMatchObject({
      code: 'connection_lost',
    });
    await session.close();
    proxy.server.close();
  });

  it('keeps no password in its errors', async () => {
    const error = await own.connector
      .connect(own.endpoint({ password: 'canary-pw' }))
      .catch((thrown: unknown) => thrown);
    expect(JSON.stringify(error, Object.getOwnPropertyNames(error))).not.toContain('canary-pw');
    expect(readFileSync(own.server.caFile, 'utf8')).toContain('BEGIN CERTIFICATE');
  });
});

/** Stands between a client and a server, and cuts both off when told. */
async function cuttingProxy(
  port: number,
): Promise<{ readonly port: number; readonly server: Server; cutAfterBytes(bytes: number): void }> {
  let left = Number.POSITIVE_INFINITY;
  const server = createServer((client: Socket) => {
    const upstream = dial(port, '127.0.0.1');
    client.pipe(upstream);
    for (const socket of [client, upstream]) socket.on('error', () => undefined);
    upstream.on('data', (chunk: Buffer) => {
      left -= chunk.length;
      if (left > 0) client.write(chunk);
      else for (const socket of [client, upstream]) socket.destroy();
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('a listening socket has no port');
  return {
    port: address.port,
    server,
    cutAfterBytes(bytes) {
      left = bytes;
    },
  };
}
