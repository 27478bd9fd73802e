/** Accounts made by the printed statements alone, for backups and for restores. */
import { obtainEngine } from '../../local/engines/obtain-engine.ts';
import { type RunningServer, startServer } from '../../local/engines/start-server.ts';
import { temporaryFolder } from '../local/temporary-folder.ts';
import { END_TO_END_ENGINES } from './engines.ts';
import { type Laptop, startLaptop } from './laptop.ts';

const START_MS = 240_000;
const TEST_MS = 120_000;
const PASSWORD = 'A-password-of-0ne-test';

let laptop: Laptop;
beforeAll(async () => {
  laptop = await startLaptop();
}, START_MS);
afterAll(() => laptop?.cloud.stop());

describe.each(END_TO_END_ENGINES)('accounts made by the statements for %s', (engine) => {
  let server: RunningServer;
  beforeAll(async () => {
    server = await startServer({
      engine: await obtainEngine(engine),
      dataFolder: temporaryFolder(),
      options: ['--log-bin=binlog', '--server-id=1', '--local-infile=1'],
    });
    await asRoot(
      'CREATE DATABASE my_shop',
      'CREATE TABLE my_shop.items (id INT PRIMARY KEY, name TEXT, FULLTEXT (name))',
      "INSERT INTO my_shop.items VALUES (1, 'one'), (2, NULL)",
      'CREATE TABLE my_shop.orders (item INT, FOREIGN KEY (item) REFERENCES my_shop.items (id))',
      'CREATE VIEW my_shop.v AS SELECT id FROM my_shop.items',
      'CREATE TRIGGER my_shop.t BEFORE INSERT ON my_shop.items FOR EACH ROW SET @x = NEW.id',
      'CREATE PROCEDURE my_shop.p() SELECT 1',
      'CREATE FUNCTION my_shop.f() RETURNS INT DETERMINISTIC RETURN 1',
      'CREATE EVENT my_shop.e ON SCHEDULE EVERY 1 YEAR DISABLE DO SET @x = 1',
      // Would be read as well if the name of the schema were taken for a pattern.
      'CREATE DATABASE myXshop',
      'CREATE TABLE myXshop.secret (id INT)',
    );
  }, START_MS);
  afterAll(() => server?.kill());

  async function asRoot(...statements: readonly string[]): Promise<unknown> {
    const root = await server.connect();
    let rows: unknown;
    for (const statement of statements) [rows] = await root.query(statement);
    await root.end();
    return rows;
  }

  it(
    'back up everything, and restore it',
    async () => {
      const administrator = await laptop.register(server, ['my_shop']);
      const { status, body: printed } = await laptop.api('GET', `/databases/${administrator}/grants`);
      expect(status).toBe(200);
      const scripts: string[] = [printed.backup.script, printed.restore.script];
      expect(scripts.every((script) => script.includes('REQUIRE SSL'))).toBe(true);
      const statements = scripts.flatMap((script) =>
        script.split('\n').filter((line) => /^[A-Z]/.test(line)),
      );
      await expect(asRoot(printed.backup.create)).rejects.toThrow(/syntax/);
      await asRoot(...statements.map((line) => line.replace('<PASSWORD>', `'${PASSWORD}'`)));

      const databaseId = await laptop.register(server, ['my_shop'], {
        name: 'least',
        backupCredentials: { username: 'safebase_backup', password: PASSWORD },
        restoreCredentials: { username: 'safebase_restore', password: PASSWORD },
      });
      expect((await laptop.api('POST', `/databases/${databaseId}/test`)).body).toMatchObject({
        ok: true,
        missingGrants: [],
      });
      const order = { databaseId, overwrite: true, confirm: 'my_shop' };
      for (const format of ['sql', 'parallel']) {
        const full = await laptop.backUp(administrator, { format });
        const backup = await laptop.backUp(databaseId, { format });
        expect(backup).toMatchObject({ state: 'completed', schemas: full.schemas });
        expect(backup.schemas[0].counts).toMatchObject({
          tables: 2,
          views: 1,
          triggers: 1,
          procedures: 1,
          events: 1,
        });
        expect(backup.snapshot).toEqual(full.snapshot && { ...full.snapshot, lockMs: expect.any(Number) });
        expect(await laptop.restore(backup.id, { ...order, dryRun: true })).toMatchObject({
          preview: { ready: true, schemas: [{ unknownDefiners: [] }] },
        });
        const restored = await laptop.restore(backup.id, order);
        expect(restored.failure).toBeUndefined();
        expect(restored).toMatchObject({ state: 'completed' });
      }
      expect(await asRoot('SELECT * FROM my_shop.v')).toEqual([{ id: 1 }, { id: 2 }]);
    },
    TEST_MS,
  );

  it(
    'are refused by name where the server cannot be asked',
    async () => {
      const password = { backupCredentials: { username: 'safebase_backup', password: 'another' } };
      const databaseId = await laptop.register(server, ['my_shop'], { name: 'refused', ...password });
      const answer = await laptop.api('GET', `/databases/${databaseId}/grants`);
      expect(answer.body).toMatchObject({ code: 'credentials_rejected' });
      expect(answer.status).toBeGreaterThanOrEqual(400);
    },
    TEST_MS,
  );
});
