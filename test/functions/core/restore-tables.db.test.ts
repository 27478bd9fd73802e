/** Some tables of a backup are put beside what the target holds, whole or not at all, and nothing that is there is touched. */
import type { SqlConnector } from '../../../functions/core/ports.ts';
import type { Backup, WantedTable } from '../../../functions/core/run.ts';
import type { EngineName } from '../../../local/engines/packages.ts';
import { openRunScene, type RunScene } from '../../fixtures/run-scene.ts';
import { ENGINES, type EngineServer, START_MS, startEngineServer } from '../engine-server.ts';

const TEST_MS = 60_000;
/** Two in everyday runs; all with SAFEBASE_FULL=1. */
const USED: readonly EngineName[] =
  process.env.SAFEBASE_FULL === '1' ? ENGINES : ['mariadb-11.8', 'mysql-9.7'];

const SHOP = [
  'CREATE DATABASE shop',
  'CREATE TABLE shop.customers (id INT PRIMARY KEY, name VARCHAR(20))',
  `CREATE TABLE shop.orders (
     id INT PRIMARY KEY AUTO_INCREMENT, customer INT, parent INT, price DECIMAL(9,2), twice DECIMAL(9,2) AS (price * 2) STORED,
     CONSTRAINT of_customer FOREIGN KEY (customer) REFERENCES shop.customers (id) ON DELETE CASCADE,
     CONSTRAINT of_parent FOREIGN KEY (parent) REFERENCES shop.orders (id),
     CONSTRAINT not_free CHECK (price > 0)) AUTO_INCREMENT = 1000`,
  `CREATE TABLE shop.parts (id INT PRIMARY KEY, v INT) PARTITION BY RANGE (id)
     (PARTITION p0 VALUES LESS THAN (10), PARTITION p1 VALUES LESS THAN MAXVALUE)`,
  'CREATE TABLE shop.log (what VARCHAR(20))',
  "INSERT INTO shop.customers VALUES (1, 'one'), (2, 'two')",
  'INSERT INTO shop.orders (id, customer, parent, price) VALUES (1, 1, NULL, 5), (2, 2, 1, 7)',
  'INSERT INTO shop.parts VALUES (1, 1), (20, 2)',
  "CREATE TRIGGER shop.noted BEFORE INSERT ON shop.orders FOR EACH ROW INSERT INTO shop.log VALUES ('inserted')",
  'CREATE VIEW shop.dear AS SELECT id FROM shop.orders',
];
const MARIADB = [
  'CREATE SEQUENCE shop.numbers START WITH 5',
  'SELECT NEXTVAL(shop.numbers)',
  'CREATE TABLE shop.drawn (id INT PRIMARY KEY DEFAULT NEXTVAL(shop.numbers), v INT)',
  'INSERT INTO shop.drawn (v) VALUES (1), (2)',
  'CREATE TABLE shop.past (id INT PRIMARY KEY, v INT) WITH SYSTEM VERSIONING',
  'INSERT INTO shop.past VALUES (1, 1)',
  'UPDATE shop.past SET v = 2',
];

const wanted = (...names: readonly (string | readonly [string, string])[]): readonly WantedTable[] =>
  names.map((name) =>
    typeof name === 'string' ? { schema: 'shop', name } : { schema: 'shop', name: name[0], as: name[1] },
  );

describe.each(USED)('tables restored to %s', (engine) => {
  let server: EngineServer;
  let scene: RunScene;
  let backup: Backup;
  const isMariadb = engine.startsWith('mariadb');

  beforeAll(async () => {
    server = await startEngineServer(engine, ['--local-infile=1']);
    scene = openRunScene();
    for (const statement of [...SHOP, ...(isMariadb ? MARIADB : [])]) await server.query(statement);
    const made = await scene.backUp(server, await scene.register(server, 'shop'), 'parallel');
    if (made?.state !== 'completed') throw new Error(`no backup: ${JSON.stringify(made)}`);
    backup = made;
  }, START_MS);
  afterAll(() => server?.stop());

  /** The shop as it was, less what somebody dropped. */
  async function without(...tables: readonly string[]): Promise<void> {
    await server.query('SET foreign_key_checks = 0');
    await server.query('DROP DATABASE IF EXISTS copy');
    await server.query('DROP DATABASE shop');
    for (const statement of [...SHOP, ...(isMariadb ? MARIADB : [])]) await server.query(statement);
    for (const table of tables) await server.query(`DROP TABLE shop.${table}`);
    await server.query('SET foreign_key_checks = 1');
  }
  const restore = (
    tables: readonly WantedTable[],
    more: { schemas?: Record<string, string>; dryRun?: boolean; connector?: SqlConnector } = {},
  ) => {
    const { connector, ...order } = more;
    return scene.restore(server, backup.id, backup.databaseId, connector, { tables, ...order });
  };
  const tablesIn = async (schema: string) =>
    (
      await server.query(
        'SELECT TABLE_NAME AS name FROM information_schema.TABLES WHERE TABLE_SCHEMA = ? ORDER BY 1',
        [schema],
      )
    ).map(({ name }) => name);
  const printed = async (what: string): Promise<string> =>
    Object.values((await server.query(`SHOW CREATE ${what}`))[0] ?? {})
      .slice(1, 3)
      .join('\n');

  it(
    'come back as they were, with trigger, keys and counter',
    async () => {
      await without();
      const before = [await printed('TABLE shop.orders'), await printed('TRIGGER shop.noted')];
      await without('orders');
      await server.query("UPDATE shop.customers SET name = 'later' WHERE id = 1");
      const done = await restore(wanted('orders'));
      expect(done).toMatchObject({
        state: 'completed',
        restored: [
          {
            target: 'shop',
            state: 'restored',
            leftOut: [],
            tables: [{ name: 'orders', rows: 2, content: 'same' }],
          },
        ],
      });
      const after = [await printed('TABLE shop.orders'), await printed('TRIGGER shop.noted')];
      // MariaDB writes the table's name anew when it renames a table with triggers.
      expect(after).toEqual(
        before.map((text) => (isMariadb ? text.replace('ON shop.orders', 'ON `orders`') : text)),
      );
      expect(await server.query('SELECT name FROM shop.customers WHERE id = 1')).toEqual([{ name: 'later' }]);
      expect(await server.query('SELECT * FROM shop.log')).toEqual([]);
      // The foreign key of a table that stood reaches the table that came back, and the other way round.
      await expect(
        server.query('INSERT INTO shop.orders (customer, price) VALUES (77, 1)'),
      ).rejects.toMatchObject({ code: 'query_failed' });
    },
    TEST_MS,
  );

  it(
    'come beside the one of that name under another name, without its triggers, and without names that are taken',
    async () => {
      await without();
      const before = await tablesIn('shop');
      const done = await restore(wanted(['orders', 'orders_then'], ['parts', 'parts_then']));
      expect(done).toMatchObject({ state: 'completed' });
      expect(await tablesIn('shop')).toEqual([...before, 'orders_then', 'parts_then'].sort());
      const { leftOut, tables } = done?.restored?.[0] ?? {};
      expect(leftOut).toEqual([
        'trigger `noted` of `orders`: the table goes under another name',
        'table `orders`: the name of FOREIGN KEY `of_customer`, which is taken',
        'table `orders`: the name of FOREIGN KEY `of_parent`, which is taken',
        ...(isMariadb ? [] : ['table `orders`: the name of CHECK `not_free`, which is taken']),
      ]);
      expect(tables).toMatchObject([
        { name: 'orders_then', rows: 2, content: 'same' },
        { name: 'parts_then', rows: 2, content: 'same' },
      ]);
      const text = await printed('TABLE shop.orders_then');
      expect(text).toContain('REFERENCES `orders_then` (`id`)');
      expect(text).toContain('REFERENCES `customers` (`id`) ON DELETE CASCADE');
      expect(text).not.toContain('safebase');
      expect(await server.query('SELECT COUNT(*) AS n FROM shop.orders_then')).toEqual([{ n: '2' }]);
    },
    TEST_MS,
  );

  it(
    'go to a schema that is made for them, with what refers to each other',
    async () => {
      await without();
      const tables = isMariadb
        ? wanted('orders', ['customers', 'people'], 'drawn', 'past', 'log')
        : wanted('orders', ['customers', 'people'], 'log');
      const done = await restore(tables, { schemas: { shop: 'copy' } });
      // Its trigger names the schema that it was written in.
      expect(done).toMatchObject({ state: 'failed', failure: { code: 'dump_carries_schema_name' } });
      expect(done?.failure?.reason).toContain('trigger `noted`');
      expect(await tablesIn('copy')).toEqual([]);

      const others = tables.map((table) => (table.name === 'orders' ? { ...table, as: 'bought' } : table));
      const again = await restore(others, { schemas: { shop: 'copy' } });
      expect(again).toMatchObject({ state: 'completed' });
      const text = await printed('TABLE copy.bought');
      expect(text).toContain('CONSTRAINT `of_customer` FOREIGN KEY (`customer`) REFERENCES `people` (`id`)');
      if (!isMariadb) return;
      expect(await printed('TABLE copy.drawn')).toContain('nextval(`copy`.`numbers`)');
      await server.query('INSERT INTO copy.drawn (v) VALUES (3)');
      const { id } = (await server.query('SELECT MAX(id) AS id FROM copy.drawn'))[0] ?? {};
      expect(Number(id)).toBeGreaterThan(7);
      expect(await server.query('SELECT v FROM copy.past FOR SYSTEM_TIME ALL ORDER BY v')).toEqual([
        { v: '1' },
        { v: '2' },
      ]);
    },
    TEST_MS,
  );

  it(
    'are refused with what is in their way before the first write',
    async () => {
      await without('customers');
      const before = await tablesIn('shop');
      const dry = await restore(wanted('orders', 'part', 'log', ['parts', 'again']), { dryRun: true });
      expect(dry).toMatchObject({ state: 'completed', preview: { ready: false } });
      expect(dry?.preview?.obstacles).toMatchObject([
        { code: 'target_object_exists', reason: expect.stringContaining('table orders') },
        { code: 'table_not_in_backup', hint: expect.stringContaining('Did you mean parts') },
        { code: 'target_object_exists', reason: expect.stringContaining('table log') },
        { code: 'parent_missing', reason: expect.stringContaining('customers') },
        { code: 'target_object_exists', reason: expect.stringContaining('trigger noted') },
      ]);
      expect(dry?.preview?.schemas).toMatchObject([
        {
          source: 'shop',
          target: 'shop',
          action: 'add',
          tables: [{ name: 'orders' }, { name: 'log' }, { as: 'again' }],
        },
      ]);
      const done = await restore(wanted('orders', ['parts', 'again']));
      expect(done).toMatchObject({ state: 'failed', failure: { code: 'target_object_exists' } });
      expect(await tablesIn('shop')).toEqual(before);
    },
    TEST_MS,
  );

  it(
    'leave nothing behind where one of them turns out to be another, and nothing else goes',
    async () => {
      await without('parts');
      const before = await tablesIn('shop');
      const connector: SqlConnector = {
        ...server.connector,
        openRows: async (to) => {
          const [table] = (await tablesIn('shop')).filter((name) => name?.startsWith('safebase_'));
          await server.query(`UPDATE shop.\`${table}\` SET v = 3 WHERE id = 1`);
          return server.connector.openRows(to);
        },
      };
      const done = await restore(wanted('parts'), { connector });
      expect(done).toMatchObject({
        state: 'failed',
        failure: { code: 'content_differs', reason: expect.stringContaining('shop.parts') },
        restored: [{ state: 'untouched', tables: [{ name: 'parts', content: 'differs' }] }],
      });
      expect(await tablesIn('shop')).toEqual(before);
    },
    TEST_MS,
  );

  it(
    'leave a table alone that somebody made meanwhile under their name',
    async () => {
      await without('parts');
      const connector: SqlConnector = {
        ...server.connector,
        openRows: async (to) => {
          await server.query('CREATE TABLE shop.parts (mine INT)');
          return server.connector.openRows(to);
        },
      };
      const done = await restore(wanted('parts'), { connector });
      expect(done).toMatchObject({ state: 'failed', failure: { code: 'target_object_exists' } });
      expect(await printed('TABLE shop.parts')).toContain('`mine`');
      expect((await tablesIn('shop')).filter((name) => name?.startsWith('safebase_'))).toEqual([]);
    },
    TEST_MS,
  );
});
