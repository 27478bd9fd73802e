/** What a dump holds while somebody else changes tables. */
import { once } from 'node:events';
import { filesOf } from '../../../functions/core/manifest.ts';
import { dumpScene, isSnapshot, type Rows, rowsIn, tellsBeginnings } from '../../fixtures/dump-scene.ts';

describe.each(['mariadb-10.11', 'mariadb-11.8', 'mysql-9.7'] as const)(
  'a dump of %s, whose tables are changed,',
  (engine) => {
    const on = dumpScene(engine);

    it.each([
      ['changed', 'ALTER TABLE stock.second ADD COLUMN more INT DEFAULT 7, ALGORITHM=COPY'],
      [
        'put in the place of another',
        'RENAME TABLE stock.second TO stock.old, stock.first TO stock.second, stock.old TO stock.first',
      ],
    ])('begins anew where a table was %s since its snapshot', async (_, change) => {
      // The catalogue tells time in seconds.
      await on.server.query('DO SLEEP(1.1)');
      await on.server.query("ALTER TABLE stock.first COMMENT = 'own', ALGORITHM=COPY");
      let snapshots = 0;
      const { log, dump } = await on.open(async (sql) => {
        if (!isSnapshot(sql)) return;
        snapshots += 1;
        if (snapshots === 1) await on.server.query(change);
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

    it.each([
      ['a program was made', 'CREATE PROCEDURE stock.made() SELECT 1', ['third'], 1],
      ['a table of no snapshot got another name', 'RENAME TABLE stock.third TO stock.zebra', ['zebra'], 0],
    ])('begins anew where %s before its definitions were read', async (_, change, last, procedures) => {
      await on.server.query('CREATE TABLE stock.third (id INT) ENGINE=MyISAM');
      let changed = false;
      const show = async (sql: string, rows: Rows): Promise<Rows> => {
        if (!changed && sql.includes('SELECT EVENT_NAME')) {
          changed = true;
          await on.server.query(change);
        }
        return rows;
      };
      const { told } = await (await on.open(() => {}, { show })).dump();
      expect(told.attempts).toBe(2);
      expect(told.schemas[1]?.counts).toMatchObject({ tables: 3, procedures });
      expect(told.schemas[1]?.tables.map(({ name }) => name)).toEqual(['first', 'second', ...last]);
    });

    it('begins anew where a partition was emptied since its snapshot', async () => {
      await on.server.query(
        `CREATE TABLE stock.third (id INT PRIMARY KEY)
         PARTITION BY RANGE (id) (PARTITION a VALUES LESS THAN (10), PARTITION b VALUES LESS THAN MAXVALUE)`,
      );
      await on.server.query('INSERT INTO stock.third VALUES (1), (20)');
      let snapshots = 0;
      const { dump } = await on.open(async (sql) => {
        if (!isSnapshot(sql)) return;
        snapshots += 1;
        if (snapshots === 1) await on.server.query('ALTER TABLE stock.third TRUNCATE PARTITION b');
      });
      const { told } = await dump();
      expect(told.attempts).toBe(2);
      expect(rowsIn(told.schemas)[1]).toEqual(['first 2', 'second 2', 'third 1']);
    });

    it('begins anew where a table got a column twice within a second, once before its snapshot', async () => {
      let [begun, snapshots] = [false, 0];
      const { dump } = await on.open(async (sql) => {
        if (!begun && sql.includes('lock_wait_timeout')) {
          begun = true;
          await on.server.query('DO SLEEP(1 - MICROSECOND(NOW(6)) / 1e6)');
          await on.server.query('ALTER TABLE stock.second ADD COLUMN more INT DEFAULT 1');
        }
        if (!isSnapshot(sql)) return;
        snapshots += 1;
        if (snapshots === 1) await on.server.query('ALTER TABLE stock.second ADD COLUMN most INT DEFAULT 2');
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
      await on.server.query(
        `CREATE TABLE stock.third (id INT PRIMARY KEY)
         PARTITION BY RANGE (id) (PARTITION a VALUES LESS THAN (10), PARTITION b VALUES LESS THAN MAXVALUE)`,
      );
      const show = async (sql: string, rows: Rows): Promise<Rows> => {
        if (isSnapshot(sql)) await on.server.query('ALTER TABLE stock.third REBUILD PARTITION b');
        return rows;
      };
      const { dumpSql } = await on.open(() => {}, { show });
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
      const { dump } = await on.open(async (sql) => {
        if (!isSnapshot(sql)) return;
        snapshots += 1;
        if (snapshots === 1) await on.server.query('CREATE TABLE stock.third (id INT)');
      });
      const { told } = await dump();
      expect(told).toMatchObject({
        attempts: 2,
        schemas: [{ counts: { tables: 2 } }, { counts: { tables: 3 } }],
      });
      expect(rowsIn(told.schemas)[1]).toEqual(['first 2', 'second 2', 'third 0']);
    });

    it('begins anew with objects of its own, where a table of no snapshot is another by its turn', async () => {
      await on.server.query('CREATE TABLE stock.third (id INT) ENGINE=MyISAM');
      await on.server.query('INSERT INTO stock.third VALUES (1)');
      let changes = 0;
      const { objects, dump } = await on.open(async (sql) => {
        // Definitions are stored by then.
        if (sql !== 'SAVEPOINT safebase_together' || changes > 0) return;
        changes += 1;
        await on.server.query('ALTER TABLE stock.third ADD COLUMN more INT DEFAULT 7');
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
        await on.server.query(`CREATE TABLE shop.t${place} LIKE shop.first`);
      for (let place = 0; place < 6; place += 1)
        await on.server.query(`INSERT INTO shop.t${place} SELECT * FROM shop.first`);
      const { objects, dump } = await on.open(() => {}, { lanes: 2 });
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
      await on.server.query('ALTER TABLE stock.second ADD COLUMN more INT DEFAULT 7, ALGORITHM=COPY');
      expect(performance.now() - began).toBeLessThan(5_000);
      const { told } = await dumping;
      expect(told.attempts).toBe(2);
      expect(rowsIn(told.schemas)[1]).toEqual(['first 2', 'second 2']);
      expect(told.schemas[1]?.tables[1]?.columns.length).toBe(3);
    }, 30_000);

    it('gives up, and stores nothing, where that happens each time', async () => {
      let snapshots = 0;
      const { objects, dump } = await on.open(async (sql) => {
        if (!isSnapshot(sql)) return;
        snapshots += 1;
        await on.server.query(`ALTER TABLE shop.second ADD COLUMN c${snapshots} INT, ALGORITHM=COPY`);
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
        if (column) await on.server.query(`ALTER TABLE shop.first ADD COLUMN price${column}`);
        await on.server.query('CREATE VIEW shop.v AS SELECT * FROM shop.first');
        const owner = await on.server.connector.connect(on.server.endpoint());
        let change: Promise<unknown> | undefined;
        const waits =
          "SELECT id FROM information_schema.PROCESSLIST WHERE state LIKE 'Waiting for table metadata%'";
        const { log, dump } = await on.open(async (sql) => {
          if (change !== undefined || !sql.startsWith('SELECT 1 FROM `shop`.`first`')) return;
          change = owner.query('ALTER TABLE shop.first ADD COLUMN more INT DEFAULT 7, ALGORITHM=COPY');
          await on.server.waitForRows(1, waits);
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
  },
);
