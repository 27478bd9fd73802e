import type { Connection } from 'mysql2/promise';
import { checkDump } from '../../../../functions/engine/sql/check-dump.ts';
import type { DumpSummary, LoadInput } from '../../../../functions/engine/sql/format-sql.ts';
import { loadEvents } from '../../../../functions/engine/sql/load-events.ts';
import { loadSchema } from '../../../../functions/engine/sql/load-schema.ts';
import { loadViews } from '../../../../functions/engine/sql/load-views.ts';
import { compareContents } from '../../../../local/compare/compare-contents.ts';
import { connectToRead } from '../../../../local/compare/connect.ts';
import { readServerContent } from '../../../../local/compare/read-content.ts';
import {
  dumpInput,
  dumpToStore,
  firstValues,
  freshSchema,
  loadInput,
  startTestDatabase,
  type TestDatabase,
} from '../test-database.ts';
import { END_LINE, inChunks, storedDump } from './stored-dump.ts';

const START_MS = 10 * 60_000;

const SHOP = [
  'CREATE DATABASE shop CHARACTER SET utf8mb4 COLLATE utf8mb4_bin',
  "CREATE TABLE shop.orders (id INT AUTO_INCREMENT PRIMARY KEY, note VARCHAR(200), total DECIMAL(12,2), twice DECIMAL(12,2) AS (total * 2), data BLOB, made TIMESTAMP NOT NULL DEFAULT '2026-01-01 00:00:00') AUTO_INCREMENT=7",
  'CREATE TABLE shop.log (id INT)',
  'USE shop',
  'CREATE TRIGGER logged AFTER INSERT ON orders FOR EACH ROW INSERT INTO log VALUES (NEW.id)',
  "INSERT INTO shop.orders (note, total, data) VALUES ('it''s 😀; \\\\ -- \"x\"', 1.5, 0x00FF2700), (NULL, -2, NULL)",
  'CREATE VIEW shop.a_view AS SELECT v.id FROM shop.z_view v',
  'CREATE EVENT shop.nightly ON SCHEDULE EVERY 1 DAY ON COMPLETION PRESERVE ENABLE DO DELETE FROM log',
];

/** Of another account, mode, time zone and character set than a load's, and over since long. */
const EVENTS = [
  "SET timestamp = 1500000000, time_zone = '+05:30', sql_mode = 'ANSI_QUOTES,NO_BACKSLASH_ESCAPES', character_set_client = latin1, collation_connection = latin1_german2_ci",
  'ALTER DATABASE shop CHARACTER SET latin1',
  "CREATE DEFINER=owner@'%' EVENT shop.abroad ON SCHEDULE EVERY 1 DAY STARTS '2026-01-01 09:00:00' ENABLE COMMENT 'daily' DO DELETE FROM log",
  'ALTER DATABASE shop CHARACTER SET utf8mb4 COLLATE utf8mb4_bin',
  "CREATE DEFINER=owner@'%' EVENT shop.ended ON SCHEDULE AT '2020-01-01 00:00:00' DO DELETE FROM log",
  "CREATE EVENT shop.switched_off ON SCHEDULE EVERY 1 DAY ENDS '2020-01-01 00:00:00' DISABLE DO DELETE FROM log",
  'SET timestamp = DEFAULT, time_zone = DEFAULT, sql_mode = DEFAULT, character_set_client = utf8mb4, collation_connection = utf8mb4_bin',
];
const STATES_OF_EVENTS =
  "SELECT status FROM information_schema.events WHERE event_schema = 'shop' ORDER BY event_name";

async function makeShop(root: Connection): Promise<void> {
  for (const statement of SHOP.slice(0, 6)) await root.query(statement);
  await root.query('CREATE VIEW shop.z_view AS SELECT id FROM shop.orders');
  for (const statement of SHOP.slice(6)) await root.query(statement);
  await root.query(
    "CREATE PROCEDURE counted() BEGIN /* it's; kept */ SELECT COUNT(*) FROM orders; -- too\n END",
  );
  for (const statement of EVENTS) await root.query(statement);
  await root.query('USE mysql');
}

describe.each(['mariadb-10.11', 'mariadb-11.8', 'mysql-9.7'] as const)('a load into %s', (name) => {
  let database: TestDatabase;
  let stored: Buffer;
  let summary: DumpSummary;

  beforeAll(async () => {
    database = await startTestDatabase(name);
    await makeShop(database.root);
    ({ stored, summary } = await dumpToStore(dumpInput(database, 'shop')));
  }, START_MS);
  afterAll(() => database.stop(), START_MS);

  const load = (targetSchema: string, changed: Partial<LoadInput> = {}): LoadInput => ({
    ...loadInput(database, targetSchema),
    schema: 'shop',
    dump: inChunks(stored),
    dumpBytes: summary.dumpBytes,
    ...changed,
  });
  const loadText = (target: string, text: string, changed: Partial<LoadInput> = {}) => {
    const { dump, dumpBytes } = storedDump(`${text}\n${END_LINE}`);
    return loadSchema(load(target, { dump, dumpBytes, ...changed }));
  };
  const fresh = (schema: string) => freshSchema(database.root, schema);
  const values = (sql: string) => firstValues(database.root, sql);
  async function content() {
    const { user, password } = database.server.admin;
    const connection = await connectToRead({ host: '127.0.0.1', port: database.server.port, user, password });
    return { read: await readServerContent(connection, ['shop']), close: () => connection.close() };
  }

  it('brings a dropped schema back exactly, but for an event that is over and stays off', async () => {
    const before = await content();
    await fresh('shop');
    const loaded = await loadSchema(load('shop'));
    await loadViews({ ...load('shop'), views: loaded.views });
    expect(await values(STATES_OF_EVENTS)).toEqual(Array(4).fill('DISABLED'));
    await loadEvents({ ...load('shop'), loaded, except: new Set(['ended']) });
    expect(await values(STATES_OF_EVENTS)).toEqual(['ENABLED', 'DISABLED', 'ENABLED', 'DISABLED']);
    const after = await content();
    const differences = await compareContents(before.read, after.read);
    expect(differences.filter(({ object }) => object !== 'shop.ended')).toEqual([]);
    expect(differences).toMatchObject([
      { what: 'show create event create event' },
      { what: 'event status', source: 'ENABLED', copy: 'DISABLED' },
    ]);
    await before.close();
    await after.close();
    expect(loaded).toMatchObject({ leftOut: [], bytes: summary.dumpBytes });
    expect(loaded.events.map(({ name }) => name)).toEqual(['abroad', 'ended', 'nightly']);
  });

  it('fires no trigger for the rows, and keeps the comments of programs', async () => {
    expect(await values('SELECT COUNT(*) FROM shop.log')).toEqual([2]);
    expect(
      await values(
        "SELECT routine_definition FROM information_schema.routines WHERE routine_schema = 'shop'",
      ),
    ).toEqual([expect.stringMatching(/\/\* it's; kept \*\/.*-- too\n/s)]);
  });

  it('loads beside the source with events switched off, once the check has found no old name', async () => {
    const target = await fresh('beside');
    const checked = await checkDump({ ...load(target), dump: inChunks(stored) });
    expect(checked.carriesName).toEqual([]);
    expect(checked.created).toMatchObject({ tables: 2, views: 2, triggers: 1, procedures: 1, events: 4 });
    const loaded = await loadSchema(load(target));
    expect(loaded.views.map(({ object }) => object)).toContain('view `z_view`');
    expect(await values(STATES_OF_EVENTS.replace('shop', 'beside'))).toEqual(Array(4).fill('DISABLED'));
    expect(await values('SELECT COUNT(*) FROM beside.orders')).toEqual([2]);
  });

  it('never follows the old name under a new one', async () => {
    const target = await fresh('carried');
    const text = 'DELIMITER ;;\nCREATE PROCEDURE `shop`.`made`() SELECT 1 ;;\nDELIMITER ;';
    await expect(loadText(target, text)).rejects.toMatchObject({ code: 'dump_carries_schema_name' });
    expect(
      await values("SELECT COUNT(*) FROM information_schema.routines WHERE routine_name = 'made'"),
    ).toEqual([0]);
  });

  it('keeps impossible dates', async () => {
    const target = await fresh('dates');
    await loadText(
      target,
      "CREATE TABLE `t` (`a` date) ENGINE=InnoDB;\nINSERT INTO `t` VALUES ('2024-02-30');",
    );
    expect(await values('SELECT CAST(a AS CHAR) FROM dates.t')).toEqual(['2024-02-30']);
  });

  it('gives no default to a TIMESTAMP that has none, whatever the server would do', async () => {
    const target = await fresh('stamps');
    await database.root.query('SET GLOBAL explicit_defaults_for_timestamp = 0');
    try {
      await loadText(
        target,
        'CREATE TABLE `t` (`a` timestamp NOT NULL, `b` timestamp NOT NULL, `c` timestamp NULL) ENGINE=InnoDB;',
      );
    } finally {
      await database.root.query('SET GLOBAL explicit_defaults_for_timestamp = 1');
    }
    const columns = "FROM information_schema.columns WHERE table_schema = 'stamps' ORDER BY column_name";
    expect(await values(`SELECT CONCAT_WS(' ', column_default, extra, is_nullable) ${columns}`)).toEqual([
      expect.stringMatching(/^ *NO$/),
      expect.stringMatching(/^ *NO$/),
      expect.stringMatching(/^(?:NULL)? *YES$/),
    ]);
  });

  it('stops at an engine that the server does not have', async () => {
    const target = await fresh('engines');
    const text = 'CREATE TABLE `t` (`x` int) ENGINE=NOWHERE;';
    await expect(loadText(target, text)).rejects.toMatchObject({ code: 'load_failed' });
  });

  it('stops at the first error', async () => {
    const target = await fresh('wrong');
    const text =
      'CREATE TABLE `a` (`x` int) ENGINE=InnoDB;\nCREATE TABLE `b` (`x` nothing);\nCREATE TABLE `c` (`x` int);';
    await expect(loadText(target, text)).rejects.toMatchObject({
      code: 'load_failed',
      message: expect.stringContaining('ERROR '),
    });
    expect(
      await values("SELECT table_name FROM information_schema.tables WHERE table_schema = 'wrong'"),
    ).toEqual(['a']);
  });

  it('runs nothing that stands behind the body of a program', async () => {
    await fresh('victim');
    const target = await fresh('smuggled');
    const text = 'DELIMITER ;;\nCREATE PROCEDURE `p`() SELECT 1; DROP DATABASE victim ;;\nDELIMITER ;';
    await expect(loadText(target, text)).rejects.toMatchObject({ code: 'load_failed' });
    expect(
      await values("SELECT schema_name FROM information_schema.schemata WHERE schema_name = 'victim'"),
    ).toEqual(['victim']);
  });

  it.each([
    ['a wrong password', { password: 'x' }, 'credentials_rejected'],
    ['a port where nobody listens', { port: 1 }, 'connection_refused'],
  ] as const)('fails with %s', async (_, changed, code) => {
    const target = await fresh('unreached');
    const endpoint = { ...database.endpoint, ...changed };
    await expect(loadSchema(load(target, { endpoint }))).rejects.toMatchObject({ code });
  });

  it('fails with a schema that is not there', async () => {
    await expect(loadSchema(load('nowhere'))).rejects.toMatchObject({ code: 'schema_unknown' });
  });
});
