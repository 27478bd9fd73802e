/** What a dump holds while somebody else is at work on the server. */
import { once } from 'node:events';
import { setTimeout } from 'node:timers/promises';
import { checkStored } from '../../../functions/core/check-stored.ts';
import { dumpParallel } from '../../../functions/core/dump-parallel.ts';
import { dumpSchemas } from '../../../functions/core/dump-schemas.ts';
import { filesOf, type ParallelSchema, type StoredFile } from '../../../functions/core/manifest.ts';
import { planBackup } from '../../../functions/core/plan-backup.ts';
import type { SqlConnector } from '../../../functions/core/ports.ts';
import { runSessions } from '../../../functions/core/run-sessions.ts';
import type { Query } from '../../../functions/engine/connection.ts';
import { throwIfOver } from '../../../functions/engine/deadline.ts';
import { readVerifiedParts } from '../../../functions/engine/sql/read-verified-parts.ts';
import { SafeBaseError } from '../../../functions/errors.ts';
import { aBackup, aDatabase } from '../../fixtures/records.ts';
import { memoryObjects } from '../../ports/memory-objects.ts';
import { recordingLog } from '../../ports/recorders.ts';
import { CLIENT_ROOT } from '../engine/test-database.ts';
import { type EngineServer, START_MS, startEngineServer } from '../engine-server.ts';

/** Called with each statement of the lane, after it was answered. */
type Watch = (sql: string, connectionId: string) => Promise<void> | void;
type Rows = Awaited<ReturnType<Query>>;

describe.each(['mariadb-10.11', 'mariadb-11.8', 'mysql-9.7'] as const)('a dump of %s', (engine) => {
  let server: EngineServer;
  beforeAll(async () => {
    server = await startEngineServer(engine, engine === 'mysql-9.7' ? ['--federated'] : []);
  }, START_MS);
  afterAll(() => server?.stop());
  beforeEach(async () => {
    for (const schema of ['shop', 'stock']) {
      await server.query(`DROP DATABASE IF EXISTS ${schema}`);
      await server.query(`CREATE DATABASE ${schema}`);
      for (const table of ['first', 'second']) {
        await server.query(`CREATE TABLE ${schema}.${table} (id INT PRIMARY KEY, amount INT)`);
        await server.query(`INSERT INTO ${schema}.${table} VALUES (1, 50), (2, 50)`);
      }
    }
  });

  interface Scene {
    /** What the catalogue answers, from what it would have answered. */
    readonly show?: (sql: string, rows: Rows) => Rows | Promise<Rows>;
    /** What a lane answers. */
    readonly showLane?: Scene['show'];
    readonly chunkBytes?: number;
    readonly lanes?: number;
    /** Which lane, from 1, gets no connection. */
    readonly refuseLane?: number;
    readonly dumpBytesPerSecond?: number;
  }
  async function scene(
    watch: Watch,
    {
      show = (_, rows) => rows,
      showLane = (_, rows) => rows,
      chunkBytes = 2 ** 26,
      lanes = 1,
      refuseLane,
      dumpBytesPerSecond = 1e9,
    }: Scene = {},
  ) {
    const run = new AbortController();
    const { signal } = run;
    const objects = memoryObjects();
    const kept: object[] = [];
    let opened = 0;
    const log = recordingLog();
    const endpoint = server.endpoint();
    const database = aDatabase({ schemas: ['shop', 'stock'] });
    const held = {
      run: aBackup(database.id, { format: 'parallel' }),
      signal,
      throwIfLost: () => throwIfOver(signal),
      report: () => {},
      keep: (result: object) => kept.push(result),
      save: async () => {},
      conclude: <T>(write: () => Promise<T>) => write(),
      lockSchemas: async () => {},
    };
    const watched: SqlConnector = {
      ...server.connector,
      connect: async (to) => {
        const session = await server.connector.connect(to);
        return { ...session, query: async (...asked) => show(asked[0], await session.query(...asked)) };
      },
      openRows: async (to) => {
        opened += 1;
        if (opened === refuseLane) throw new SafeBaseError('connection_refused', 'no more');
        const session = await server.connector.openRows(to);
        const query: typeof session.query = async (...asked) => {
          const rows = await session.query(...asked);
          await watch(asked[0], session.connectionId);
          return showLane(asked[0], rows);
        };
        return { ...session, query };
      },
    };
    const sessions = runSessions(watched, held, log);
    const { connector } = sessions;
    const rates = { dumpBytesPerSecond, loadBytesPerSecond: 1e9, workerSeconds: 600 };
    const asked = { database, endpoint, lockSchemas: held.lockSchemas, format: 'parallel' as const };
    const look = () => planBackup(connector, rates, asked);
    const plan = await look();
    const work = {
      ports: { connector, objects, log, now: Date.now },
      settings: { clientRoot: CLIENT_ROOT, zstdLevel: 1, chunkBytes, lanes, lockBudgetMs: 5_000 },
      held,
      source: {
        endpoint,
        logIn: <T>(to: typeof endpoint, use: (by: typeof endpoint) => Promise<T>) => use(to),
        sessions,
      },
    };
    const dumpSql = async () =>
      dumpSchemas(work, await planBackup(connector, rates, { ...asked, format: 'sql' }));
    return { run, objects, kept, log, sessions, dump: () => dumpParallel(work, plan, look), dumpSql };
  }
  const isSnapshot = (sql: string): boolean => sql.startsWith('START TRANSACTION');
  const rowsIn = (schemas: readonly ParallelSchema[]) =>
    schemas.map(({ tables }) => tables.map(({ name, rows }) => `${name} ${rows}`));
  const tellsBeginnings = (log: ReturnType<typeof recordingLog>): number =>
    log.lines.filter(({ message }) => message.includes('begins anew')).length;

  it('is of one instant, over all schemas, and every object of it can be read', async () => {
    const insert = async (sql: string) => {
      if (!isSnapshot(sql)) return;
      for (const table of ['shop.first', 'stock.second']) {
        await server.query(`INSERT INTO ${table} VALUES (3, 0)`);
        await server.query(`UPDATE ${table} SET amount = 0`);
      }
    };
    const { objects, dump } = await scene(insert);
    const { told } = await dump();
    expect(told).toMatchObject({ format: 'parallel', consistency: 'one-instant' });
    expect(rowsIn(told.schemas)).toEqual([
      ['first 2', 'second 2'],
      ['first 2', 'second 2'],
    ]);
    // All four tables hold the same rows: those of before.
    const prints = told.schemas.flatMap(({ tables }) => tables.map(({ fingerprint }) => fingerprint));
    expect(new Set(prints).size).toBe(1);
    const { signal } = new AbortController();
    const open = (file: StoredFile) =>
      readVerifiedParts((range) => objects.read(file.key, file.versionId, range), file, signal);
    for (const schema of told.schemas) {
      const checked = await checkStored({ open, schema, signal, onProgress: () => {} });
      expect(checked.created).toMatchObject({ tables: 2 });
    }
  });

  it('is of one instant in two lanes, which is written down', async () => {
    let snapshots = 0;
    const lanes = new Set<string>();
    const { kept, dump } = await scene(
      async (sql, connectionId) => {
        if (!isSnapshot(sql)) return;
        lanes.add(connectionId);
        snapshots += 1;
        if (snapshots < 2) return;
        // Whoever commits waits for the lock, and for nothing else.
        void server.query('UPDATE shop.first SET amount = 0');
      },
      { lanes: 2 },
    );
    const { told } = await dump();
    const way = engine === 'mysql-9.7' ? 'lock_tables' : 'backup_stage';
    expect(told.snapshot).toEqual({ lanes: 2, way, lockMs: expect.any(Number) });
    expect(kept).toEqual([{ snapshot: told.snapshot }]);
    expect(lanes.size).toBe(2);
    const prints = told.schemas.flatMap(({ tables }) => tables.map(({ fingerprint }) => fingerprint));
    expect(new Set(prints).size).toBe(1);
  });

  it('goes on where the server soon ends connections that nobody uses', async () => {
    const limits = ['wait_timeout', ...(engine === 'mysql-9.7' ? [] : ['idle_transaction_timeout'])];
    try {
      for (const limit of limits) await server.query(`SET GLOBAL ${limit} = 1`);
      let waits = 0;
      const { dump } = await scene(
        async (sql) => {
          if (!sql.startsWith('SELECT 1 FROM') || waits > 0) return;
          waits += 1;
          await setTimeout(2_500);
        },
        { lanes: 2 },
      );
      expect(rowsIn((await dump()).told.schemas)[0]).toEqual(['first 2', 'second 2']);
    } finally {
      for (const limit of limits) await server.query(`SET GLOBAL ${limit} = DEFAULT`);
    }
  }, 20_000);

  it('goes on in one lane where the server has no connection for another', async () => {
    const { dump } = await scene(() => {}, { lanes: 2, refuseLane: 2 });
    const { told } = await dump();
    expect(told.snapshot).toEqual({ lanes: 1, way: 'alone', lockMs: 0 });
    expect(rowsIn(told.schemas)).toEqual([
      ['first 2', 'second 2'],
      ['first 2', 'second 2'],
    ]);
  });

  it.each(['lanes', 'looks at the catalogue'])('is none where %s reach another server', async (which) => {
    const other = (rows: Rows): Rows =>
      rows.map((row) => {
        const isTrait = row.variable_name === 'server_uuid' || row.variable_name === 'datadir';
        return isTrait ? { ...row, value: '7e57ab1e-0000-4000-8000-000000000000' } : row;
      });
    let asked = 0;
    const { objects, dump } = await scene(() => {}, {
      lanes: 2,
      showLane: (_, rows) => (which === 'lanes' ? other(rows) : rows),
      show: (sql, rows) => {
        if (!sql.startsWith('SHOW GLOBAL VARIABLES')) return rows;
        asked += 1;
        // The look before the dump, and the one at its beginning, have reached the first one.
        return which !== 'lanes' && asked > 2 ? other(rows) : rows;
      },
    });
    await expect(dump()).rejects.toMatchObject({
      code: 'server_changed',
      message: expect.stringContaining('leads to several servers'),
      hint: expect.stringContaining('register one server'),
    });
    expect(objects.stored.size).toBe(0);
  });

  it('cuts large tables by their keys, reads the largest first, and loses no row', async () => {
    const numbers = 'WITH RECURSIVE s (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM s WHERE n < 900)';
    for (const [table, key, id, length] of [
      ['shop.numbered', 'id INT PRIMARY KEY', 's.n * 1000', 400],
      ['stock.named', 'id VARCHAR(20) PRIMARY KEY', "CONCAT('n', s.n)", 1200],
      ['stock.without', 'id INT', 's.n', 600],
    ]) {
      await server.query(`CREATE TABLE ${table} (${key}, note TEXT)`);
      await server.query(`INSERT INTO ${table} ${numbers} SELECT ${id}, REPEAT('x', ${length}) FROM s`);
      await server.query(`ANALYZE TABLE ${table}`);
    }
    const whole = await (await scene(() => {})).dump();
    const { objects, dump } = await scene(() => {}, { chunkBytes: 64 * 1024, lanes: 2 });
    const cut = await dump();
    const tellsRows = ({ told }: typeof cut) =>
      told.schemas.map(({ tables }) =>
        tables.map(({ name, rows, fingerprint }) => [name, rows, fingerprint]),
      );
    expect(tellsRows(cut)).toEqual(tellsRows(whole));
    const tables = new Map(
      cut.told.schemas.flatMap((schema) => schema.tables).map((table) => [table.name, table]),
    );
    for (const name of ['numbered', 'named']) {
      const { rows, chunks = [] } = tables.get(name) ?? {};
      expect([rows, chunks.length >= 4]).toEqual([900, true]);
      expect(Math.max(...chunks.map((chunk) => chunk.rows))).toBeLessThan(450);
    }
    expect(tables.get('without')?.chunks.length).toBe(1);
    const folders = [...objects.stored.keys()].map((key) => /schemas\/(\d\/rows\/\d)/.exec(key)?.[1]);
    // By name: first, numbered, second; and first, named, second, without.
    const order = [...new Set(folders.filter((folder) => folder !== undefined))];
    expect(order.slice(0, 3).toSorted()).toEqual(['0/rows/1', '1/rows/1', '1/rows/3']);
  });

  it.each([
    ['changed', 'ALTER TABLE stock.second ADD COLUMN more INT DEFAULT 7, ALGORITHM=COPY'],
    [
      'put in the place of another',
      'RENAME TABLE stock.second TO stock.old, stock.first TO stock.second, stock.old TO stock.first',
    ],
  ])('begins anew where a table was %s since its snapshot', async (_, change) => {
    // The catalogue tells time in seconds.
    await server.query('DO SLEEP(1.1)');
    await server.query("ALTER TABLE stock.first COMMENT = 'own', ALGORITHM=COPY");
    let snapshots = 0;
    const { log, dump } = await scene(async (sql) => {
      if (!isSnapshot(sql)) return;
      snapshots += 1;
      if (snapshots === 1) await server.query(change);
    });
    const { told } = await dump();
    expect([snapshots, tellsBeginnings(log)]).toEqual([2, 1]);
    expect(rowsIn(told.schemas)[1]).toEqual(['first 2', 'second 2']);
    const [, stock] = told.schemas;
    // Another table with the same columns is known by its time alone.
    expect(stock?.tables.map(({ columns }) => columns.length)).toEqual(
      change.startsWith('ALTER') ? [2, 3] : [2, 2],
    );
  });

  it('holds the definition alone of a table whose rows another server keeps', async () => {
    if (engine !== 'mysql-9.7') await server.query("INSTALL SONAME 'ha_federatedx'").catch(() => {});
    const { username, password, port } = server.endpoint();
    const there = `mysql://${username}:${password}@127.0.0.1:${port}/stock/first`;
    await server.query(
      `CREATE TABLE shop.far (id INT PRIMARY KEY, amount INT) ENGINE=FEDERATED CONNECTION='${there}'`,
    );
    expect(await server.query('SELECT * FROM shop.far')).toHaveLength(2);
    const { objects, dump } = await scene(() => {}, { lanes: 2 });
    const { told, losses } = await dump();
    expect(rowsIn(told.schemas)[0]).toEqual(['first 2', 'second 2']);
    expect(losses).toMatchObject([{ kind: 'rows_elsewhere', schema: 'shop', object: 'far' }]);
    const [shop] = told.schemas;
    if (!shop) throw new Error('no schema');
    const { signal } = new AbortController();
    const open = (file: StoredFile) =>
      readVerifiedParts((range) => objects.read(file.key, file.versionId, range), file, signal);
    const checked = await checkStored({ open, schema: shop, signal, onProgress: () => {} });
    expect(checked.created).toMatchObject({ tables: 3 });
  });

  it.each([
    ['a program was made', 'CREATE PROCEDURE stock.made() SELECT 1', ['third'], 1],
    ['a table of no snapshot got another name', 'RENAME TABLE stock.third TO stock.zebra', ['zebra'], 0],
  ])('begins anew where %s before its definitions were read', async (_, change, last, procedures) => {
    await server.query('CREATE TABLE stock.third (id INT) ENGINE=MyISAM');
    let changed = false;
    const show = async (sql: string, rows: Rows): Promise<Rows> => {
      if (!changed && sql.includes('SELECT EVENT_NAME')) {
        changed = true;
        await server.query(change);
      }
      return rows;
    };
    const { told } = await (await scene(() => {}, { show })).dump();
    expect(told.attempts).toBe(2);
    expect(told.schemas[1]?.counts).toMatchObject({ tables: 3, procedures });
    expect(told.schemas[1]?.tables.map(({ name }) => name)).toEqual(['first', 'second', ...last]);
  });

  it('begins anew where a partition was emptied since its snapshot', async () => {
    await server.query(
      `CREATE TABLE stock.third (id INT PRIMARY KEY)
         PARTITION BY RANGE (id) (PARTITION a VALUES LESS THAN (10), PARTITION b VALUES LESS THAN MAXVALUE)`,
    );
    await server.query('INSERT INTO stock.third VALUES (1), (20)');
    let snapshots = 0;
    const { dump } = await scene(async (sql) => {
      if (!isSnapshot(sql)) return;
      snapshots += 1;
      if (snapshots === 1) await server.query('ALTER TABLE stock.third TRUNCATE PARTITION b');
    });
    const { told } = await dump();
    expect(told.attempts).toBe(2);
    expect(rowsIn(told.schemas)[1]).toEqual(['first 2', 'second 2', 'third 1']);
  });

  it('begins anew where a table got a column twice within a second, once before its snapshot', async () => {
    let [begun, snapshots] = [false, 0];
    const { dump } = await scene(async (sql) => {
      if (!begun && sql.includes('lock_wait_timeout')) {
        begun = true;
        await server.query('DO SLEEP(1 - MICROSECOND(NOW(6)) / 1e6)');
        await server.query('ALTER TABLE stock.second ADD COLUMN more INT DEFAULT 1');
      }
      if (!isSnapshot(sql)) return;
      snapshots += 1;
      if (snapshots === 1) await server.query('ALTER TABLE stock.second ADD COLUMN most INT DEFAULT 2');
    });
    const { told } = await dump();
    expect(told.attempts).toBe(2);
    expect(told.schemas[1]?.tables[1]?.columns.map(({ name }) => name)).toEqual([
      'id',
      'amount',
      'more',
      'most',
    ]);
  });

  it('is none in format sql where the server may have passed over a partition', async () => {
    await server.query(
      `CREATE TABLE stock.third (id INT PRIMARY KEY)
         PARTITION BY RANGE (id) (PARTITION a VALUES LESS THAN (10), PARTITION b VALUES LESS THAN MAXVALUE)`,
    );
    const show = async (sql: string, rows: Rows): Promise<Rows> => {
      if (isSnapshot(sql)) await server.query('ALTER TABLE stock.third REBUILD PARTITION b');
      return rows;
    };
    const { dumpSql } = await scene(() => {}, { show });
    // MariaDB itself tells of it.
    if (engine !== 'mysql-9.7') expect(await dumpSql()).toHaveLength(2);
    else
      await expect(dumpSql()).rejects.toMatchObject({
        code: 'dump_failed',
        message: expect.stringContaining('stock.third'),
      });
  });

  it('looks again before it begins anew, where a table was made since its snapshot', async () => {
    let snapshots = 0;
    const { dump } = await scene(async (sql) => {
      if (!isSnapshot(sql)) return;
      snapshots += 1;
      if (snapshots === 1) await server.query('CREATE TABLE stock.third (id INT)');
    });
    const { told } = await dump();
    expect(told).toMatchObject({
      attempts: 2,
      schemas: [{ counts: { tables: 2 } }, { counts: { tables: 3 } }],
    });
    expect(rowsIn(told.schemas)[1]).toEqual(['first 2', 'second 2', 'third 0']);
  });

  it('reads small tables without transactions under the lock, and names those that are of no instant', async () => {
    await server.query('CREATE TABLE stock.beside (id INT) ENGINE=MyISAM');
    await server.query('CREATE TABLE stock.large (note LONGTEXT) ENGINE=MyISAM');
    await server.query("INSERT INTO stock.large VALUES (REPEAT('x', 2000000))");
    await server.query('CREATE TABLE shop.lost (id INT) ENGINE=MEMORY');
    const writer = await server.connector.connect(server.endpoint());
    let isOver = false;
    const writing = (async () => {
      for (let id = 10; !isOver; id += 1) {
        await writer.query(`INSERT INTO stock.beside VALUES (${id})`);
        await writer.query(`INSERT INTO stock.first VALUES (${id}, 0)`);
        await setTimeout(1);
      }
    })();
    await server.waitForRows(5, 'SELECT id FROM stock.beside LIMIT 5');
    const { objects, dump } = await scene(() => {}, { lanes: 2 });
    const { told } = await dump();
    isOver = true;
    await writing;
    await writer.close();
    const [shop, stock] = told.schemas;
    if (!shop || !stock) throw new Error('no schemas');
    const rowsOf = (name: string) => stock.tables.find((table) => table.name === name)?.rows ?? 0;
    expect(rowsOf('beside')).toBeGreaterThanOrEqual(5);
    // Two rows were there before; one may have been written on one side only when others had to wait.
    expect([0, 1]).toContain(rowsOf('beside') + 2 - rowsOf('first'));
    expect(stock).toMatchObject({ readUnderLock: ['beside'], notOfOneInstant: ['large'] });
    // No stage of MariaDB keeps anybody from writing to memory.
    const isLocked = engine === 'mysql-9.7';
    expect(shop.readUnderLock).toEqual(isLocked ? ['lost'] : undefined);
    expect(shop.notOfOneInstant).toEqual(isLocked ? [] : ['lost']);
    const { signal } = new AbortController();
    const open = (file: StoredFile) =>
      readVerifiedParts((range) => objects.read(file.key, file.versionId, range), file, signal);
    await checkStored({ open, schema: stock, signal, onProgress: () => {} });
  });

  it('begins anew with objects of its own, where a table of no snapshot is another by its turn', async () => {
    await server.query('CREATE TABLE stock.third (id INT) ENGINE=MyISAM');
    await server.query('INSERT INTO stock.third VALUES (1)');
    let changes = 0;
    const { objects, dump } = await scene(async (sql) => {
      // Definitions are stored by then.
      if (sql !== 'SAVEPOINT safebase_together' || changes > 0) return;
      changes += 1;
      await server.query('ALTER TABLE stock.third ADD COLUMN more INT DEFAULT 7');
    });
    const { told } = await dump();
    expect(told.attempts).toBe(2);
    const keys = told.schemas.flatMap((schema) => filesOf(schema).map(({ key }) => key));
    expect(keys.filter((key) => !key.includes('/attempt-2/'))).toEqual([]);
    expect(objects.stored.size).toBeGreaterThan(keys.length);
    expect(rowsIn(told.schemas)[1]).toEqual(['first 2', 'second 2', 'third 1']);
    expect(told.schemas.map(({ notOfOneInstant }) => notOfOneInstant)).toEqual([[], ['third']]);
    const third = told.schemas[1]?.tables[2];
    expect(third?.columns.map(({ name }) => name)).toEqual(['id', 'more']);
  });

  it('lets whoever waits to change a table through while rows are read, within seconds', async () => {
    for (let place = 0; place < 6; place += 1)
      await server.query(`CREATE TABLE shop.t${place} LIKE shop.first`);
    for (let place = 0; place < 6; place += 1)
      await server.query(`INSERT INTO shop.t${place} SELECT * FROM shop.first`);
    const { objects, dump } = await scene(() => {}, { lanes: 2 });
    const write = objects.writeOnce;
    const stalled = Promise.withResolvers<void>();
    let stalling = 0;
    objects.writeOnce = async (...asked) => {
      const [key, , , signal] = asked;
      if (!key.includes('/rows/') || key.includes('attempt-2') || !signal) return write(...asked);
      stalling += 1;
      // No lane reads on, and the last tables are held.
      if (stalling === 4) stalled.resolve();
      await once(signal, 'abort');
      throw signal.reason;
    };
    const dumping = dump();
    await stalled.promise;
    const began = performance.now();
    await server.query('ALTER TABLE stock.second ADD COLUMN more INT DEFAULT 7, ALGORITHM=COPY');
    expect(performance.now() - began).toBeLessThan(5_000);
    const { told } = await dumping;
    expect(told.attempts).toBe(2);
    expect(rowsIn(told.schemas)[1]).toEqual(['first 2', 'second 2']);
    expect(told.schemas[1]?.tables[1]?.columns.length).toBe(3);
  }, 30_000);

  it('gives up, and stores nothing, where that happens each time', async () => {
    let snapshots = 0;
    const { objects, dump } = await scene(async (sql) => {
      if (!isSnapshot(sql)) return;
      snapshots += 1;
      await server.query(`ALTER TABLE shop.second ADD COLUMN c${snapshots} INT, ALGORITHM=COPY`);
    });
    await expect(dump()).rejects.toMatchObject({
      code: 'dump_failed',
      message: expect.stringContaining('shop.second'),
    });
    expect([snapshots, objects.stored.size]).toEqual([3, 0]);
  });

  it.each([
    ['goes on', 'without a default', '', false],
    ['lets them through and begins anew', 'with a default that must be read', ' FLOAT DEFAULT 0.1', true],
  ])(
    '%s where somebody waits to change a table %s',
    async (_, _of, column, isRead) => {
      if (column) await server.query(`ALTER TABLE shop.first ADD COLUMN price${column}`);
      await server.query('CREATE VIEW shop.v AS SELECT * FROM shop.first');
      const owner = await server.connector.connect(server.endpoint());
      let change: Promise<unknown> | undefined;
      const waits =
        "SELECT id FROM information_schema.PROCESSLIST WHERE state LIKE 'Waiting for table metadata%'";
      const { log, dump } = await scene(async (sql) => {
        if (change !== undefined || !sql.startsWith('SELECT 1 FROM `shop`.`first`')) return;
        change = owner.query('ALTER TABLE shop.first ADD COLUMN more INT DEFAULT 7, ALGORITHM=COPY');
        await server.waitForRows(1, waits);
      });
      const { told } = await dump();
      await change;
      await owner.close();
      expect(tellsBeginnings(log) > 0).toBe(isRead);
      const columns = told.schemas[0]?.tables[0]?.columns.map(({ name }) => name);
      expect(columns?.includes('more')).toBe(isRead);
    },
    60_000,
  );

  it('is refused before it begins where one worker would not have the time for it', async () => {
    let snapshots = 0;
    const watch = (sql: string) => {
      if (isSnapshot(sql)) snapshots += 1;
    };
    await expect(scene(watch, { dumpBytesPerSecond: 10 })).rejects.toMatchObject({
      code: 'too_large_for_one_worker',
      details: { sizeBytes: expect.any(Number), dumpSeconds: expect.any(Number), workerSeconds: 600 },
    });
    expect(snapshots).toBe(0);
  });

  it('stores nothing where nobody would read its manifest', async () => {
    const long = (sql: string, rows: Rows): Rows =>
      sql.includes('COLUMN_TYPE AS full_type')
        ? rows.map((row) => ({ ...row, full_type: `${row.full_type} ${'x'.repeat(10_000_000)}` }))
        : rows;
    const { objects, dump } = await scene(() => {}, { show: long });
    await expect(dump()).rejects.toMatchObject({
      code: 'too_large_for_one_worker',
      message: expect.stringContaining('a manifest 67108864'),
    });
    expect([objects.stored.size, objects.uploads.size]).toEqual([0, 0]);
  });

  it('ends with the run, and leaves no connection behind', async () => {
    const cancelled = new SafeBaseError('cancelled', 'bk_1 was cancelled');
    const { run, sessions, dump } = await scene((sql) => {
      // The rows of the first table are through.
      if (sql.startsWith('ROLLBACK TO SAVEPOINT')) run.abort(cancelled);
    });
    await expect(dump()).rejects.toBe(cancelled);
    await sessions.endAll();
    const others =
      "SELECT id FROM information_schema.PROCESSLIST WHERE id <> CONNECTION_ID() AND user <> 'event_scheduler' AND user <> 'system user'";
    await server.waitForRows(0, others);
  });
});
