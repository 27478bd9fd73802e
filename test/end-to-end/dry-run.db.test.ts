/** What stands in the way of a restore is told at once, all of it, and nothing is touched. */
import { compareContents } from '../../local/compare/compare-contents.ts';
import { connectToRead } from '../../local/compare/connect.ts';
import { readServerContent } from '../../local/compare/read-content.ts';
import { obtainEngine } from '../../local/engines/obtain-engine.ts';
import { type RunningServer, startServer } from '../../local/engines/start-server.ts';
import { temporaryFolder } from '../local/temporary-folder.ts';
import { END_TO_END_ENGINES } from './engines.ts';
import { type Laptop, startLaptop } from './laptop.ts';

const START_MS = 240_000;
const TEST_MS = 120_000;

let laptop: Laptop;
beforeAll(async () => {
  laptop = await startLaptop();
}, START_MS);
afterAll(() => laptop?.cloud.stop());

describe.each(END_TO_END_ENGINES)('a dry run on %s', (engine) => {
  let server: RunningServer;
  beforeAll(async () => {
    server = await startServer({
      engine: await obtainEngine(engine),
      dataFolder: temporaryFolder(),
      options: ['--log-bin=binlog', '--server-id=1', '--local-infile=0'],
    });
    await asRoot(
      'CREATE DATABASE shop',
      'CREATE TABLE shop.items (id INT PRIMARY KEY, name VARCHAR(20))',
      "INSERT INTO shop.items VALUES (1, 'one'), (2, 'two')",
      'CREATE TRIGGER shop.keep BEFORE DELETE ON shop.items FOR EACH ROW INSERT INTO shop.items VALUES (3, NULL)',
      "CREATE DEFINER='gone'@'%' SQL SECURITY DEFINER VIEW shop.dear AS SELECT id FROM shop.items",
      'CREATE DATABASE filled',
      'CREATE TABLE filled.kept (id INT PRIMARY KEY)',
      'INSERT INTO filled.kept VALUES (7)',
      "CREATE USER 'carrier'@'%' IDENTIFIED BY 'carrier-password'",
      "GRANT SELECT ON *.* TO 'carrier'@'%'",
    );
  }, START_MS);
  afterAll(() => server?.kill());

  async function asRoot(...statements: readonly string[]): Promise<void> {
    const root = await server.connect();
    for (const statement of statements) await root.query(statement);
    await root.end();
  }

  const content = async () => {
    const connection = await connectToRead({ socketPath: server.socket, user: 'root' });
    try {
      return await readServerContent(connection, ['shop', 'filled', 'copy']);
    } finally {
      await connection.close();
    }
  };
  const codes = ({ preview }: { preview: { obstacles: { code: string }[] } }): string[] =>
    preview.obstacles.map(({ code }) => code).sort();

  it.each(['sql', 'parallel'] as const)(
    'tells all that would stop a restore of format %s, with what cures it',
    async (format) => {
      const restoreCredentials = { username: 'carrier', password: 'carrier-password' };
      const databaseId = await laptop.register(server, ['shop'], { restoreCredentials });
      const backup = await laptop.backUp(databaseId, { format });
      expect(backup).toMatchObject({ state: 'completed' });
      const before = await content();

      const order = { databaseId, schemas: { shop: 'filled' }, dryRun: true };
      const dry = await laptop.restore(backup.id, order);
      expect(dry).toMatchObject({ state: 'completed', dryRun: true, preview: { ready: false } });
      expect(codes(dry)).toEqual(['dump_carries_schema_name', 'insufficient_privileges', 'target_not_empty']);
      const told = (code: string) =>
        dry.preview.obstacles.find((obstacle: { code: string }) => obstacle.code === code);
      expect(told('dump_carries_schema_name').reason).toContain('keep');
      expect(JSON.stringify(told('insufficient_privileges'))).toContain(
        'log_bin_trust_function_creators = 1',
      );
      expect(dry.preview.schemas).toMatchObject([
        { target: 'filled', action: 'replace', drops: { tables: 1 } },
      ]);
      expect(dry).not.toHaveProperty('restored');

      // Whoever may read the accounts is told which are not there; each cure takes its obstacle away.
      const admin = await laptop.register(server, ['shop']);
      const replacing = { databaseId: admin, overwrite: true };
      const ready = await laptop.restore(backup.id, { ...replacing, dryRun: true });
      expect(ready.preview).toMatchObject({
        ready: true,
        obstacles: [],
        schemas: [{ source: 'shop', target: 'shop', action: 'replace', unknownDefiners: ['gone@%'] }],
      });
      expect(await compareContents(before, await content())).toEqual([]);

      expect(await laptop.restore(backup.id, { ...replacing, confirm: 'shop' })).toMatchObject({
        state: 'completed',
      });
      expect(await compareContents(before, await content())).toEqual([]);
    },
    TEST_MS,
  );
});
