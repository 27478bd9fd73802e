import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import type { Connection, RowDataPacket } from 'mysql2/promise';
import { checkDump } from '../../../../functions/engine/sql/check-dump.ts';
import { CLIENT_PROGRAMS } from '../../../../functions/engine/sql/client-programs.ts';
import { dumpSchema } from '../../../../functions/engine/sql/dump-schema.ts';
import type { DumpSummary, LoadInput } from '../../../../functions/engine/sql/format-sql.ts';
import { loadEvents } from '../../../../functions/engine/sql/load-events.ts';
import { loadSchema } from '../../../../functions/engine/sql/load-schema.ts';
import { loadViews } from '../../../../functions/engine/sql/load-views.ts';
import { compareContents } from '../../../../local/compare/compare-contents.ts';
import { connectToRead } from '../../../../local/compare/connect.ts';
import { readServerContent } from '../../../../local/compare/read-content.ts';
import { isAlive, waitUntil } from '../../../local/wait-until.ts';
import {
  CLIENT_ROOT,
  childrenOf,
  cuttableProxy,
  dumpInput,
  makeLargeTable,
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
  let noise: Buffer;
  let noiseSummary: DumpSummary;

  beforeAll(async () => {
    database = await startTestDatabase(name);
    await makeShop(database.root);
    [stored, summary] = await dumped('shop');
    await database.root.query('CREATE DATABASE noisy');
    await makeLargeTable(database.root, 'noisy');
    [noise, noiseSummary] = await dumped('noisy');
  }, START_MS);
  afterAll(() => database.stop(), START_MS);

  async function dumped(schema: string): Promise<[Buffer, DumpSummary]> {
    const bodies: Buffer[] = [];
    const dump = dumpSchema(dumpInput(database, schema));
    for await (const part of dump.parts) bodies.push(part.body);
    return [Buffer.concat(bodies), dump.summary()];
  }
  const load = (targetSchema: string, changed: Partial<LoadInput> = {}): LoadInput => ({
    ...storedDump('', { dump: inChunks(stored), dumpBytes: summary.dumpBytes }),
    clientRoot: CLIENT_ROOT,
    endpoint: database.endpoint,
    product: database.product,
    openSession: database.openSession,
    targetSchema,
    ...changed,
  });
  const loadText = (target: string, text: string, changed: Partial<LoadInput> = {}) => {
    const { dump, dumpBytes } = storedDump(`${text}\n${END_LINE}`);
    return loadSchema(load(target, { dump, dumpBytes, ...changed }));
  };
  async function freshSchema(schema: string): Promise<string> {
    await database.root.query(`DROP DATABASE IF EXISTS ${schema}`);
    await database.root.query(`CREATE DATABASE ${schema} CHARACTER SET utf8mb4 COLLATE utf8mb4_bin`);
    return schema;
  }
  async function values(sql: string): Promise<unknown[]> {
    const [rows] = await database.root.query<RowDataPacket[]>(sql);
    return rows.map((row) => Object.values(row)[0]);
  }
  async function content() {
    const { user, password } = database.server.admin;
    const connection = await connectToRead({ host: '127.0.0.1', port: database.server.port, user, password });
    return { read: await readServerContent(connection, ['shop']), close: () => connection.close() };
  }
  const tool = () => childrenOf(process.pid, `${CLIENT_PROGRAMS[database.product].folder}/bin/`);

  it('brings a dropped schema back exactly, but for an event that is over and stays off', async () => {
    const before = await content();
    await freshSchema('shop');
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
    const target = await freshSchema('beside');
    const checked = await checkDump({ ...load(target), dump: inChunks(stored) });
    expect(checked.carriesName).toEqual([]);
    expect(checked.created).toMatchObject({ tables: 2, views: 2, triggers: 1, procedures: 1, events: 4 });
    const loaded = await loadSchema(load(target));
    expect(loaded.views.map(({ object }) => object)).toContain('view `z_view`');
    expect(await values(STATES_OF_EVENTS.replace('shop', 'beside'))).toEqual(Array(4).fill('DISABLED'));
    expect(await values('SELECT COUNT(*) FROM beside.orders')).toEqual([2]);
  });

  it('never follows the old name under a new one', async () => {
    const target = await freshSchema('carried');
    const text = 'DELIMITER ;;\nCREATE PROCEDURE `shop`.`made`() SELECT 1 ;;\nDELIMITER ;';
    await expect(loadText(target, text)).rejects.toMatchObject({ code: 'dump_carries_schema_name' });
    expect(
      await values("SELECT COUNT(*) FROM information_schema.routines WHERE routine_name = 'made'"),
    ).toEqual([0]);
  });

  it('keeps impossible dates', async () => {
    const target = await freshSchema('dates');
    await loadText(
      target,
      "CREATE TABLE `t` (`a` date) ENGINE=InnoDB;\nINSERT INTO `t` VALUES ('2024-02-30');",
    );
    expect(await values('SELECT CAST(a AS CHAR) FROM dates.t')).toEqual(['2024-02-30']);
  });

  it('gives no default to a TIMESTAMP that has none, whatever the server would do', async () => {
    const target = await freshSchema('stamps');
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
    const target = await freshSchema('engines');
    const text = 'CREATE TABLE `t` (`x` int) ENGINE=NOWHERE;';
    await expect(loadText(target, text)).rejects.toMatchObject({ code: 'load_failed' });
  });

  it('stops at the first error', async () => {
    const target = await freshSchema('wrong');
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
    await freshSchema('victim');
    const target = await freshSchema('smuggled');
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
    const target = await freshSchema('unreached');
    const endpoint = { ...database.endpoint, ...changed };
    await expect(loadSchema(load(target, { endpoint }))).rejects.toMatchObject({ code });
  });

  it('fails with a schema that is not there', async () => {
    await expect(loadSchema(load('nowhere'))).rejects.toMatchObject({ code: 'schema_unknown' });
  });

  /** Loads half of the noise, lets something happen, and then gives the rest. */
  async function loadInterrupted(interrupt: () => unknown, changed: Partial<LoadInput> = {}) {
    const target = await freshSchema('partial');
    const dump = (async function* () {
      const half = noise.length >> 1;
      yield* inChunks(noise.subarray(0, half), 256 * 1024);
      await waitUntil(() => tool().length === 1, 'the program runs');
      await interrupt();
      yield* inChunks(noise.subarray(half), 256 * 1024);
    })();
    const loaded = loadSchema({
      ...load(target),
      schema: 'noisy',
      dump,
      dumpBytes: noiseSummary.dumpBytes,
      ...changed,
    });
    return loaded.finally(() => expect(tool()).toEqual([]));
  }

  it('fails when the program is killed', async () => {
    const kill = () => process.kill(tool()[0] ?? 0, 'SIGKILL');
    await expect(loadInterrupted(kill)).rejects.toMatchObject({ code: 'load_killed' });
  });

  it('fails when the server ends the connection', async () => {
    const kill = async () => {
      const ids = await values("SELECT id FROM information_schema.processlist WHERE db = 'partial'");
      for (const id of ids) await database.root.query(`KILL ${id}`);
    };
    await expect(loadInterrupted(kill)).rejects.toMatchObject({ code: 'connection_lost' });
  });

  it('fails when the network is cut', async () => {
    const proxy = await cuttableProxy(database.server.port);
    const endpoint = { ...database.endpoint, port: proxy.port };
    await expect(loadInterrupted(proxy.cut, { endpoint })).rejects.toMatchObject({ code: 'connection_lost' });
  });

  it('ends with its deadline', async () => {
    const deadline = new AbortController();
    const late = loadInterrupted(() => deadline.abort(), { signal: deadline.signal });
    await expect(late).rejects.toMatchObject({ code: 'deadline_exceeded' });
  });

  it('fails when the source finds damage, and runs no half statement', async () => {
    const damage = () => {
      throw new Error('part 2 is another');
    };
    await expect(loadInterrupted(damage)).rejects.toThrow('part 2 is another');
    const [rows] = await values('SELECT COUNT(*) FROM partial.noise');
    expect(rows).toBeLessThan(2 ** 14);
  });

  it('leaves no program behind when its worker is killed', async () => {
    const target = await freshSchema('stalled');
    const script = join(import.meta.dirname, 'stalled-worker.ts');
    const worker = spawn(process.execPath, [script, 'load'], { stdio: ['pipe', 'pipe', 'inherit'] });
    const half = noise.subarray(0, noise.length >> 1).toString('base64');
    worker.stdin.end(
      JSON.stringify({ ...load(target), schema: 'noisy', dumpBytes: noiseSummary.dumpBytes, stored: half }),
    );
    await once(worker.stdout, 'data');
    const program = () => childrenOf(worker.pid ?? 0, `${CLIENT_PROGRAMS[database.product].folder}/bin/`);
    await waitUntil(() => program().length === 1, 'the program runs');
    const [pid = 0] = program();
    worker.kill('SIGKILL');
    await waitUntil(() => !isAlive(pid), 'the program has ended');
  });

  it('fails when the server dies', async () => {
    await expect(loadInterrupted(() => database.server.kill())).rejects.toMatchObject({
      code: 'connection_lost',
    });
  }, 60_000);
});
