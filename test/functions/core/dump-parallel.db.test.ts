import { setTimeout } from 'node:timers/promises';
import { checkStored } from '../../../functions/core/check-stored.ts';
import type { StoredFile } from '../../../functions/core/manifest.ts';
import { readVerifiedParts } from '../../../functions/engine/sql/read-verified-parts.ts';
import { SafeBaseError } from '../../../functions/errors.ts';
import { dumpScene, isSnapshot, type Rows, rowsIn } from '../../fixtures/dump-scene.ts';

describe.each(['mariadb-10.11', 'mariadb-11.8', 'mysql-9.7'] as const)('a dump of %s', (engine) => {
  const on = dumpScene(engine);

  it('is of one instant, over all schemas, and every object of it can be read', async () => {
    const insert = async (sql: string) => {
      if (!isSnapshot(sql)) return;
      for (const table of ['shop.first', 'stock.second']) {
        await on.server.query(`INSERT INTO ${table} VALUES (3, 0)`);
        await on.server.query(`UPDATE ${table} SET amount = 0`);
      }
    };
    const { objects, dump } = await on.open(insert);
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
    const { kept, dump } = await on.open(
      async (sql, connectionId) => {
        if (!isSnapshot(sql)) return;
        lanes.add(connectionId);
        snapshots += 1;
        if (snapshots < 2) return;
        // Whoever commits waits for the lock, and for nothing else.
        void on.server.query('UPDATE shop.first SET amount = 0');
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
      for (const limit of limits) await on.server.query(`SET GLOBAL ${limit} = 1`);
      let waits = 0;
      const { dump } = await on.open(
        async (sql) => {
          if (!sql.startsWith('SELECT 1 FROM') || waits > 0) return;
          waits += 1;
          await setTimeout(2_500);
        },
        { lanes: 2 },
      );
      expect(rowsIn((await dump()).told.schemas)[0]).toEqual(['first 2', 'second 2']);
    } finally {
      for (const limit of limits) await on.server.query(`SET GLOBAL ${limit} = DEFAULT`);
    }
  }, 20_000);

  it('goes on in one lane where the server has no connection for another', async () => {
    const { dump } = await on.open(() => {}, { lanes: 2, refuseLane: 2 });
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
    const { objects, dump } = await on.open(() => {}, {
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
      await on.server.query(`CREATE TABLE ${table} (${key}, note TEXT)`);
      await on.server.query(`INSERT INTO ${table} ${numbers} SELECT ${id}, REPEAT('x', ${length}) FROM s`);
      await on.server.query(`ANALYZE TABLE ${table}`);
    }
    const whole = await (await on.open(() => {})).dump();
    const { objects, dump } = await on.open(() => {}, { chunkBytes: 64 * 1024, lanes: 2 });
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

  it('holds the definition alone of a table whose rows another server keeps', async () => {
    if (engine !== 'mysql-9.7') await on.server.query("INSTALL SONAME 'ha_federatedx'").catch(() => {});
    const { username, password, port } = on.server.endpoint();
    const there = `mysql://${username}:${password}@127.0.0.1:${port}/stock/first`;
    await on.server.query(
      `CREATE TABLE shop.far (id INT PRIMARY KEY, amount INT) ENGINE=FEDERATED CONNECTION='${there}'`,
    );
    expect(await on.server.query('SELECT * FROM shop.far')).toHaveLength(2);
    const { objects, dump } = await on.open(() => {}, { lanes: 2 });
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

  it('reads small tables without transactions under the lock, and names those that are of no instant', async () => {
    await on.server.query('CREATE TABLE stock.beside (id INT) ENGINE=MyISAM');
    await on.server.query('CREATE TABLE stock.large (note LONGTEXT) ENGINE=MyISAM');
    await on.server.query("INSERT INTO stock.large VALUES (REPEAT('x', 2000000))");
    await on.server.query('CREATE TABLE shop.lost (id INT) ENGINE=MEMORY');
    const writer = await on.server.connector.connect(on.server.endpoint());
    let isOver = false;
    const writing = (async () => {
      for (let id = 10; !isOver; id += 1) {
        await writer.query(`INSERT INTO stock.beside VALUES (${id})`);
        await writer.query(`INSERT INTO stock.first VALUES (${id}, 0)`);
        await setTimeout(1);
      }
    })();
    await on.server.waitForRows(5, 'SELECT id FROM stock.beside LIMIT 5');
    const { objects, dump } = await on.open(() => {}, { lanes: 2 });
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

  it('is refused before it begins where one worker would not have the time for it', async () => {
    let snapshots = 0;
    const watch = (sql: string) => {
      if (isSnapshot(sql)) snapshots += 1;
    };
    await expect(on.open(watch, { dumpBytesPerSecond: 10 })).rejects.toMatchObject({
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
    const { objects, dump } = await on.open(() => {}, { show: long });
    await expect(dump()).rejects.toMatchObject({
      code: 'too_large_for_one_worker',
      message: expect.stringContaining('a manifest 67108864'),
    });
    expect([objects.stored.size, objects.uploads.size]).toEqual([0, 0]);
  });

  it('ends with the run, and leaves no connection behind', async () => {
    const cancelled = new SafeBaseError('cancelled', 'bk_1 was cancelled');
    const { run, sessions, dump } = await on.open((sql) => {
      // The rows of the first table are through.
      if (sql.startsWith('ROLLBACK TO SAVEPOINT')) run.abort(cancelled);
    });
    await expect(dump()).rejects.toBe(cancelled);
    await sessions.endAll();
    const others =
      "SELECT id FROM information_schema.PROCESSLIST WHERE id <> CONNECTION_ID() AND user <> 'event_scheduler' AND user <> 'system user'";
    await on.server.waitForRows(0, others);
  });
});
