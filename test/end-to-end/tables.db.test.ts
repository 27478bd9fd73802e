/** A table that was dropped comes back from a backup by one request, beside what went on without it. */
import { obtainEngine } from '../../local/engines/obtain-engine.ts';
import { type RunningServer, startServer } from '../../local/engines/start-server.ts';
import { temporaryFolder } from '../local/temporary-folder.ts';
import { type Laptop, startLaptop } from './laptop.ts';

const START_MS = 240_000;
const TEST_MS = 120_000;

let laptop: Laptop;
let server: RunningServer;
beforeAll(async () => {
  laptop = await startLaptop();
  server = await startServer({
    engine: await obtainEngine('mariadb-10.11'),
    dataFolder: temporaryFolder(),
    options: ['--local-infile=1'],
  });
}, START_MS);
afterAll(async () => {
  await server?.kill();
  await laptop?.cloud.stop();
});

it(
  'a table that is gone comes back, and beside one that is there under another name',
  async () => {
    const root = await server.connect();
    const run = async (...statements: readonly string[]): Promise<void> => {
      for (const statement of statements) await root.query(statement);
    };
    await run(
      'CREATE DATABASE shop',
      'CREATE TABLE shop.items (id INT PRIMARY KEY, name VARCHAR(20))',
      "INSERT INTO shop.items VALUES (1, 'one'), (2, 'two')",
      'CREATE TABLE shop.kept (id INT PRIMARY KEY)',
    );
    const databaseId = await laptop.register(server, ['shop']);
    const backup = await laptop.backUp(databaseId, { format: 'parallel' });
    const inSql = await laptop.backUp(databaseId, { format: 'sql' });
    await run('DROP TABLE shop.items', 'INSERT INTO shop.kept VALUES (7)');

    const items = { schema: 'shop', name: 'items' };
    const dry = await laptop.restore(backup.id, { databaseId, tables: [items], dryRun: true });
    expect(dry).toMatchObject({
      state: 'completed',
      tables: [items],
      preview: {
        ready: true,
        schemas: [{ action: 'add', tables: [{ name: 'items', as: 'items', rows: 2 }], sequences: [] }],
      },
    });
    const tables = [items, { schema: 'shop', name: 'kept', as: 'kept_then' }];
    expect(await laptop.restore(backup.id, { databaseId, tables })).toMatchObject({
      state: 'completed',
      restored: [
        {
          state: 'restored',
          tables: [
            { name: 'items', rows: 2, content: 'same' },
            { name: 'kept_then', rows: 0, content: 'same' },
          ],
        },
      ],
    });
    const [counts] = await root.query(
      'SELECT (SELECT COUNT(*) FROM shop.items) AS items, (SELECT COUNT(*) FROM shop.kept) AS kept',
    );
    expect(counts).toEqual([{ items: 2, kept: 1 }]);
    await root.end();

    const again = await laptop.restore(backup.id, { databaseId, tables: [items] });
    expect(again).toMatchObject({ state: 'failed', failure: { code: 'target_object_exists' } });
    for (const [id, body] of [
      [inSql.id, { tables: [items] }],
      [backup.id, { tables: [items], overwrite: true, confirm: 'shop' }],
      [backup.id, { tables: [items, items] }],
      [backup.id, { tables: [] }],
      [backup.id, { tables: [{ ...items, as: 'safebase_mine' }] }],
    ] as const) {
      const refused = await laptop.api('POST', `/restore/${id}`, { databaseId, ...body });
      expect(refused).toMatchObject({ status: 400, body: { code: 'invalid_request' } });
    }
  },
  TEST_MS,
);
