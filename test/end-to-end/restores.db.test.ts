import type { RowDataPacket } from 'mysql2/promise';
import { obtainEngine } from '../../local/engines/obtain-engine.ts';
import { type RunningServer, startServer } from '../../local/engines/start-server.ts';
import { temporaryFolder } from '../local/temporary-folder.ts';
import { type Laptop, startLaptop } from './laptop.ts';

const START_MS = 240_000;
const TEST_MS = 120_000;

let laptop: Laptop;
beforeAll(async () => {
  laptop = await startLaptop();
}, START_MS);
afterAll(() => laptop?.cloud.stop());

describe.each(['mariadb-11.8', 'mysql-9.7'] as const)('a restore to %s', (engine) => {
  let server: RunningServer;
  beforeAll(async () => {
    server = await startServer({
      engine: await obtainEngine(engine),
      dataFolder: temporaryFolder(),
      eventScheduler: true,
      options: ['--log-bin-trust-function-creators=ON'],
    });
  }, START_MS);
  afterAll(() => server?.kill());

  async function asRoot(...statements: readonly string[]): Promise<unknown> {
    const root = await server.connect();
    let last: unknown;
    for (const statement of statements) [last] = await root.query<RowDataPacket[]>(statement);
    await root.end();
    return last;
  }

  it(
    'starts events only when all else has succeeded',
    async () => {
      await asRoot(
        'CREATE DATABASE ticking',
        'CREATE TABLE ticking.ticks (n INT AUTO_INCREMENT PRIMARY KEY)',
        "CREATE DEFINER=clock@'%' EVENT ticking.tick ON SCHEDULE EVERY 1 HOUR DO INSERT INTO ticks () VALUES ()",
        'CREATE DATABASE gone',
        'CREATE FUNCTION gone.f() RETURNS INT DETERMINISTIC RETURN 1',
        'CREATE DATABASE viewing',
        'CREATE VIEW viewing.v AS SELECT gone.f() AS f',
      );
      const databaseId = await laptop.register(server, ['ticking', 'viewing']);
      const backup = await laptop.backUp(databaseId);
      const events = () =>
        asRoot(
          "SELECT status AS s, definer AS d FROM information_schema.events WHERE event_schema = 'ticking'",
        );

      await asRoot('DROP DATABASE gone');
      const confirm = ['ticking', 'viewing'];
      const failed = await laptop.restore(backup.id, { databaseId, overwrite: true, confirm });
      expect(failed).toMatchObject({ state: 'failed', failure: { code: 'load_failed' } });
      expect(failed.restored[0]).toMatchObject({ state: 'partial', disabledEvents: ['tick'] });
      expect(await events()).toEqual([{ s: 'DISABLED', d: 'clock@%' }]);

      const order = { databaseId, schemas: { ticking: 'ticking' }, overwrite: true, confirm: 'ticking' };
      const restored = await laptop.restore(backup.id, order);
      expect(restored).toMatchObject({ state: 'completed', events: 'as-stored' });
      expect(restored.restored).toMatchObject([{ state: 'restored', disabledEvents: [] }]);
      expect(await events()).toEqual([{ s: 'ENABLED', d: 'clock@%' }]);
    },
    TEST_MS,
  );

  it(
    'looks for what views read in other schemas before anything is dropped',
    async () => {
      await asRoot(
        'CREATE DATABASE crm',
        'CREATE TABLE crm.people (id INT PRIMARY KEY)',
        'CREATE DATABASE shop',
        'CREATE TABLE shop.orders (id INT PRIMARY KEY, FOREIGN KEY (id) REFERENCES crm.people (id))',
        'CREATE VIEW shop.buyers AS SELECT p.id FROM crm.people p JOIN shop.orders o ON o.id = p.id',
      );
      const databaseId = await laptop.register(server, ['crm', 'shop']);
      const backup = await laptop.backUp(databaseId);
      const schemas = { crm: 'crm_copy', shop: 'shop_copy' };
      const moved = await laptop.restore(backup.id, { databaseId, schemas });
      expect(moved).toMatchObject({ state: 'failed', failure: { code: 'dump_carries_schema_name' } });
      expect(moved.failure.reason).toMatch(/table `orders`.*view `buyers`|view `buyers`.*table `orders`/);

      await asRoot('DROP TABLE shop.orders', 'DROP DATABASE crm', 'CREATE TABLE shop.kept (id INT)');
      const order = { databaseId, schemas: { shop: 'shop' }, overwrite: true, confirm: 'shop' };
      const refused = await laptop.restore(backup.id, order);
      expect(refused).toMatchObject({ state: 'failed', failure: { code: 'outside_missing' } });
      expect(refused.restored).toMatchObject([{ state: 'untouched' }]);
      expect(await asRoot('SELECT * FROM shop.kept')).toEqual([]);

      const confirm = ['crm', 'shop'];
      const both = await laptop.restore(backup.id, { databaseId, overwrite: true, confirm });
      expect(both).toMatchObject({ state: 'completed' });
    },
    TEST_MS,
  );

  it(
    'tells what it left out',
    async () => {
      const place = engine === 'mysql-9.7' ? 'TABLESPACE placed' : `DATA DIRECTORY='${temporaryFolder()}'`;
      if (engine === 'mysql-9.7') await asRoot("CREATE TABLESPACE placed ADD DATAFILE 'placed.ibd'");
      await asRoot('CREATE DATABASE elsewhere', `CREATE TABLE elsewhere.t (id INT) ${place}`);
      const databaseId = await laptop.register(server, ['elsewhere']);
      const backup = await laptop.backUp(databaseId);
      const restore = await laptop.restore(backup.id, { databaseId, schemas: { elsewhere: 'here' } });
      const [option] = place.split(/ (?!DIR)|=/);
      expect(restore).toMatchObject({
        state: 'completed',
        restored: [{ leftOut: [`table \`t\`: ${option}`] }],
      });
    },
    TEST_MS,
  );
});

describe('a restore to a server that would not take its longest statement', () => {
  it(
    'is refused before it drops anything, with the limit that is needed',
    async () => {
      const server = await startServer({
        engine: await obtainEngine('mariadb-11.8'),
        dataFolder: temporaryFolder(),
      });
      const root = await server.connect();
      await root.query('CREATE DATABASE shop');
      await root.query('CREATE TABLE shop.pages (text LONGTEXT)');
      await root.query("INSERT INTO shop.pages VALUES (REPEAT('x', 3000000))");
      const databaseId = await laptop.register(server, ['shop']);
      const { id } = await laptop.backUp(databaseId, { format: 'sql' });
      await root.query('SET GLOBAL max_allowed_packet = 2 * 1024 * 1024');
      const order = { databaseId, overwrite: true, confirm: 'shop' };
      const refused = await laptop.restore(id, order);
      expect(refused).toMatchObject({
        state: 'failed',
        failure: { code: 'packet_too_small' },
        restored: [{ state: 'untouched' }],
      });
      const [statement = ''] = /SET GLOBAL max_allowed_packet = \d+/.exec(refused.failure.hint) ?? [];
      await root.query(statement);
      expect(await laptop.restore(id, order)).toMatchObject({ state: 'completed' });
      await root.end();
      await server.kill();
    },
    TEST_MS,
  );
});

describe('a restore to a server that keeps names in lower case', () => {
  let source: RunningServer;
  let target: RunningServer;
  beforeAll(async () => {
    const home = await obtainEngine('mariadb-11.8');
    source = await startServer({ engine: home, dataFolder: temporaryFolder() });
    const options = ['--lower-case-table-names=1'];
    target = await startServer({ engine: home, dataFolder: temporaryFolder(), options });
  }, START_MS);
  afterAll(() => Promise.all([source?.kill(), target?.kill()]));

  const run = async (server: RunningServer, ...statements: readonly string[]) => {
    const root = await server.connect();
    for (const statement of statements) await root.query(statement);
    await root.end();
  };

  it(
    'is refused before it drops anything, where names would change',
    async () => {
      await run(
        source,
        'CREATE DATABASE shop',
        'CREATE TABLE shop.orders (Id INT PRIMARY KEY)',
        'INSERT INTO shop.orders VALUES (1)',
        'CREATE TRIGGER shop.Counted AFTER INSERT ON shop.orders FOR EACH ROW SET @x = 1',
      );
      const [from, databaseId] = [
        await laptop.register(source, ['shop']),
        await laptop.register(target, 'all'),
      ];
      const lower = await laptop.backUp(from);
      await run(source, 'CREATE VIEW shop.Orders AS SELECT 1 AS x');
      const mixed = await laptop.backUp(from);

      const good = await laptop.restore(lower.id, { databaseId });
      expect(good).toMatchObject({ state: 'completed' });
      const order = { databaseId, overwrite: true, confirm: 'shop' };
      const refused = await laptop.restore(mixed.id, order);
      expect(refused).toMatchObject({ state: 'failed', failure: { code: 'names_changed' } });
      expect(refused.failure.reason).toContain('"Orders"');
      expect(refused.restored).toMatchObject([{ state: 'untouched' }]);
      await run(target, 'INSERT INTO shop.orders VALUES (2)');

      const upper = await laptop.restore(lower.id, { databaseId, schemas: { shop: 'Shop_Copy' } });
      expect(upper).toMatchObject({ state: 'failed', failure: { code: 'names_changed' } });
    },
    TEST_MS,
  );
});
