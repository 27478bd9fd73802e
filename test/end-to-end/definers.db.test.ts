/** As whom views and programs run after a restore. */
import type { RowDataPacket } from 'mysql2/promise';
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

describe.each(END_TO_END_ENGINES)('definers on %s', (engine) => {
  const isMariaDb = engine.startsWith('mariadb');
  let server: RunningServer;
  beforeAll(async () => {
    server = await startServer({
      engine: await obtainEngine(engine),
      dataFolder: temporaryFolder(),
      options: ['--log-bin-trust-function-creators=ON', '--local-infile=1'],
    });
  }, START_MS);
  afterAll(() => server?.kill());

  async function asRoot(...statements: readonly string[]): Promise<RowDataPacket[]> {
    const root = await server.connect();
    let last: RowDataPacket[] = [];
    for (const statement of statements) [last] = await root.query<RowDataPacket[]>(statement);
    await root.end();
    return last;
  }

  /** What runs as whom: `view v`, `PROCEDURE p`, … */
  const definers = async (): Promise<Readonly<Record<string, string>>> => {
    const rows = await asRoot(`
      SELECT CONCAT('view ', table_name) AS what, definer AS who FROM information_schema.views WHERE table_schema = 'shop'
      UNION ALL SELECT CONCAT('trigger ', trigger_name), definer FROM information_schema.triggers WHERE trigger_schema = 'shop'
      UNION ALL SELECT CONCAT(LOWER(routine_type), ' ', routine_name), definer FROM information_schema.routines WHERE routine_schema = 'shop'
      UNION ALL SELECT CONCAT('event ', event_name), definer FROM information_schema.events WHERE event_schema = 'shop'`);
    return Object.fromEntries(rows.map(({ what, who }) => [what, who]));
  };

  const MADE = 'DEFINER=`old``app`@`10.%`';
  const make = () =>
    asRoot(
      'DROP DATABASE IF EXISTS shop',
      'CREATE DATABASE shop',
      'CREATE TABLE shop.items (id INT PRIMARY KEY)',
      'CREATE TABLE shop.definer (definer INT)',
      `CREATE ${MADE} VIEW shop.v AS SELECT definer = 1 AS a FROM shop.definer`,
      'CREATE VIEW shop.roots AS SELECT id FROM shop.items',
      `CREATE ${MADE} TRIGGER shop.t BEFORE INSERT ON shop.items FOR EACH ROW SET @definer = NEW.id`,
      `CREATE ${MADE} PROCEDURE shop.p() UPDATE shop.definer SET definer = 2`,
      `CREATE ${MADE} FUNCTION shop.f() RETURNS INT DETERMINISTIC RETURN 1`,
      `CREATE ${MADE} EVENT shop.e ON SCHEDULE EVERY 1 YEAR DISABLE DO UPDATE shop.definer SET definer = 3`,
      `CREATE ${MADE} EVENT shop.running ON SCHEDULE EVERY 1 YEAR STARTS '2037-01-01' DO UPDATE shop.definer SET definer = 3`,
      ...(isMariaDb
        ? [
            'CREATE ROLE IF NOT EXISTS auditor',
            'SET sql_mode = ORACLE',
            `CREATE ${MADE} PACKAGE shop.k AS FUNCTION g RETURN INT; END`,
            'SET sql_mode = DEFAULT',
            'CREATE DEFINER=auditor VIEW shop.audited AS SELECT id FROM shop.items',
          ]
        : []),
    );

  it.each(['sql', 'parallel'] as const)(
    'become others where that is asked for, in format %s',
    async (format) => {
      await make();
      const databaseId = await laptop.register(server, ['shop']);
      const backup = await laptop.backUp(databaseId, { format });
      const before = await definers();
      const old = 'old`app@10.%';
      const ours = Object.entries(before).filter(([, who]) => who === old);
      expect(ours.map(([what]) => what).sort()).toEqual([
        'event e',
        'event running',
        'function f',
        ...(isMariaDb ? ['package k'] : []),
        'procedure p',
        'trigger t',
        'view v',
      ]);
      const order = { databaseId, overwrite: true, confirm: 'shop' };

      expect(await laptop.restore(backup.id, order)).toMatchObject({ state: 'completed' });
      expect(await definers()).toEqual(before);

      const mapped = await laptop.restore(backup.id, { ...order, definers: { [old]: "new'app@%" } });
      expect(mapped).toMatchObject({ state: 'completed', definers: { [old]: "new'app@%" } });
      expect(await definers()).toEqual(
        Object.fromEntries(
          Object.entries(before).map(([what, who]) => [what, who === old ? "new'app@%" : who]),
        ),
      );

      const dry = await laptop.restore(backup.id, { databaseId, dryRun: true, overwrite: true });
      expect(dry.preview.schemas[0].unknownDefiners).toContain(old);
      expect(dry.preview.schemas[0].unknownDefiners).not.toContain('root@localhost');
      const current = { ...order, definers: 'current' };
      expect((await laptop.restore(backup.id, { ...current, dryRun: true })).preview).toMatchObject({
        ready: true,
        schemas: [{ unknownDefiners: [] }],
      });
      expect(await laptop.restore(backup.id, current)).toMatchObject({ state: 'completed' });
      const after = await definers();
      expect(Object.keys(after).sort()).toEqual(Object.keys(before).sort());
      expect(new Set(Object.values(after)).size).toBe(1);
      expect(Object.values(after)[0]).toMatch(new RegExp(`^${server.admin.user}@`));
    },
    TEST_MS,
  );

  it(
    'are not those of a list that names others',
    async () => {
      await make();
      const databaseId = await laptop.register(server, ['shop']);
      const backup = await laptop.backUp(databaseId);
      const order = { databaseId, overwrite: true, confirm: 'shop', definers: { 'old@10.%': 'new@%' } };
      const refused = await laptop.restore(backup.id, order);
      expect(refused).toMatchObject({ state: 'failed', failure: { code: 'definer_unknown' } });
      expect(refused.failure.hint).toContain('old`app@10.%');
      expect(refused.restored).toBeUndefined();
    },
    TEST_MS,
  );
});
