/** A restore whose worker ends before its time, at any statement: the next one goes on, and what comes out is the same. */
import type { BackupId, DatabaseId } from '../../../functions/core/ids.ts';
import { settleRun } from '../../../functions/core/settle-run.ts';
import { startRestore } from '../../../functions/core/start-restore.ts';
import { withSession } from '../../../functions/core/with-session.ts';
import { readGrants } from '../../../functions/engine/catalogue/grants.ts';
import { countObjects } from '../../../functions/engine/catalogue/object-counts.ts';
import { missingForRestore } from '../../../functions/engine/catalogue/restore-rights.ts';
import { readServer } from '../../../functions/engine/catalogue/server.ts';
import { SafeBaseError } from '../../../functions/errors.ts';
import { openRunScene, type RunScene } from '../../fixtures/run-scene.ts';
import { struckConnector } from '../../fixtures/struck-connector.ts';
import { type EngineServer, START_MS, startEngineServer } from '../engine-server.ts';

const TEST_MS = 240_000;
const { signal } = new AbortController();
/** Of the statements of a restore, every n-th is one before which a worker ends. */
const EVERY = process.env.SAFEBASE_FULL ? 1 : 23;

describe.each(['mariadb-11.8', 'mysql-9.7'] as const)('a restore to %s', (engine) => {
  let server: EngineServer;
  let scene: RunScene;
  let databaseId: DatabaseId;
  let backupId: BackupId;
  beforeAll(async () => {
    const gtid = engine === 'mysql-9.7' ? ['--gtid-mode=ON', '--enforce-gtid-consistency=ON'] : [];
    server = await startEngineServer(engine, [
      '--local-infile=1',
      '--log-bin=binlog',
      '--server-id=1',
      ...gtid,
    ]);
    for (const statement of [
      'CREATE DATABASE shop',
      'CREATE TABLE shop.items (id INT PRIMARY KEY, name VARCHAR(20))',
      "INSERT INTO shop.items VALUES (1, 'one'), (2, 'two'), (3, NULL)",
      'CREATE TABLE shop.orders (id INT AUTO_INCREMENT PRIMARY KEY, item INT, FOREIGN KEY (item) REFERENCES shop.items (id))',
      'INSERT INTO shop.orders (item) VALUES (1), (1), (2)',
      'CREATE TABLE shop.notes (line INT) ENGINE=MyISAM',
      'INSERT INTO shop.notes VALUES (1), (1), (2)',
      'CREATE VIEW shop.open AS SELECT id FROM shop.orders',
      'CREATE TRIGGER shop.keep BEFORE INSERT ON shop.items FOR EACH ROW SET NEW.name = UPPER(NEW.name)',
      'CREATE PROCEDURE shop.p() SELECT 1',
      'CREATE EVENT shop.later ON SCHEDULE AT "2037-01-01" DO DELETE FROM shop.items',
    ])
      await server.query(statement);
    scene = openRunScene();
    databaseId = await scene.register(server, 'shop');
    const backup = await scene.backUp(server, databaseId, 'parallel');
    if (backup?.state !== 'completed') throw new Error(`no backup: ${JSON.stringify(backup)}`);
    backupId = backup.id;
  }, START_MS);
  afterAll(() => server?.stop());

  /** The same schema, reached by an account that has what a restore asks for and nothing else. */
  async function asLeastAccount(): Promise<DatabaseId> {
    const [username, password] = ['restorer', 'An-0rdinary-pw'];
    await server.freshAccount(username);
    const { grants, info } = await withSession(
      server.connector,
      server.endpoint({ username, password }),
      signal,
      async (query) => {
        const info = await readServer(query);
        return { info, grants: await readGrants(query, info) };
      },
    );
    const contents = { counts: await countObjects(server.query, 'shop'), definers: [] };
    const missing = missingForRestore({ server: info, grants, target: 'shop', contents, definers: [] });
    for (const statement of missing) await server.query(statement);
    return scene.register({ ...server, endpoint: () => server.endpoint({ username, password }) }, 'shop');
  }

  const start = async (target = databaseId) => {
    const order = { backupId, databaseId: target, requestedBy: 'tok_test', queueLeaseMs: 60_000 };
    return (await startRestore(scene, { ...order, overwrite: true, confirm: ['shop'], definers: 'current' }))
      .id;
  };
  /** What is there, in words. */
  const content = async () => {
    const told: unknown[] = [];
    for (const question of [
      'SELECT * FROM shop.items ORDER BY id',
      'SELECT * FROM shop.orders ORDER BY id',
      'SELECT * FROM shop.notes ORDER BY line',
      'SELECT COUNT(*) AS n FROM shop.open',
      "SELECT TABLE_NAME AS name, TABLE_TYPE AS kind FROM information_schema.TABLES WHERE TABLE_SCHEMA = 'shop' ORDER BY 1",
      "SELECT TRIGGER_NAME AS name, ACTION_STATEMENT AS text FROM information_schema.TRIGGERS WHERE TRIGGER_SCHEMA = 'shop'",
      "SELECT ROUTINE_NAME AS name FROM information_schema.ROUTINES WHERE ROUTINE_SCHEMA = 'shop'",
      "SELECT EVENT_NAME AS name, STATUS AS status FROM information_schema.EVENTS WHERE EVENT_SCHEMA = 'shop'",
    ])
      told.push(await server.query(question));
    return told;
  };

  it(
    'goes on in the next worker where one is gone before any of its statements, and that one changes nothing when it wakes',
    async () => {
      const before = await content();
      const statements: string[] = [];
      const noting = struckConnector(server.connector, async (statement) => void statements.push(statement));
      expect(await scene.workOn(await start(), noting)).toMatchObject({ state: 'completed' });
      expect(statements.length).toBeGreaterThan(50);
      expect(await content()).toEqual(before);

      // Always where a note and its rows could part.
      const places = statements.flatMap((statement, index) =>
        index % EVERY === 0 || statement.startsWith('LOAD DATA') ? [index + 1] : [],
      );
      for (const struck of places) {
        let seen = 0;
        let last = '';
        const { promise: awake, resolve: wake } = Promise.withResolvers<void>();
        const { promise: stopped, resolve: stop } = Promise.withResolvers<void>();
        const dying = struckConnector(server.connector, async (statement) => {
          seen += 1;
          if (seen < struck) return;
          if (seen === struck) last = statement;
          stop();
          await awake;
        });
        const id = await start();
        const dead = scene.workOn(id, dying).catch((error: unknown) => error);
        await stopped;
        expect([struck, last, await settleRun(scene, id)]).toEqual([struck, last, true]);
        const end = await scene.workOn(id, server.connector);
        expect([struck, last, end?.state, end?.failure]).toEqual([struck, last, 'completed', undefined]);
        wake();
        expect([struck, last, await dead]).toEqual([
          struck,
          last,
          expect.objectContaining({ code: 'fenced' }),
        ]);
        expect([struck, last, await content()]).toEqual([struck, last, before]);
      }
    },
    TEST_MS,
  );

  it(
    'loads and compares anew what a server that was started since may have lost',
    async () => {
      const before = await content();
      const id = await start(await asLeastAccount());
      let notes = 0;
      const { promise: stopped, resolve: stop } = Promise.withResolvers<void>();
      const dying = struckConnector(server.connector, async (statement) => {
        if (statement.startsWith('INSERT IGNORE')) notes += 1;
        // One for the life of the server, one for all definitions, one for each chunk, and one for each comparison.
        if (notes < 8 || !statement.startsWith('SELECT UNIX_TIMESTAMP')) return;
        stop();
        await new Promise(() => {});
      });
      scene.workOn(id, dying).catch(() => {});
      await stopped;
      expect(await settleRun(scene, id)).toBe(true);
      const ledger = `shop.safebase_restore_${id.toLowerCase()}`;
      await server.query(`UPDATE ${ledger} SET step = 'life/1/1' WHERE step LIKE 'life/%'`);
      await server.query('DELETE FROM shop.notes WHERE line = 2');
      expect(await scene.workOn(id, server.connector)).toMatchObject({ state: 'completed' });
      expect(await content()).toEqual(before);
    },
    TEST_MS,
  );

  it(
    'goes on where a worker has no time left, and ends where none gets anything done',
    async () => {
      const before = await content();
      const id = await start();
      for (let worker = 1; worker < 30; worker += 1) {
        const deadline = new AbortController();
        let steps = 0;
        const hurried = struckConnector(server.connector, async (statement) => {
          if (statement.startsWith('INSERT IGNORE')) steps += 1;
          // After one more step that is done.
          if (steps === 2 && statement === 'COMMIT')
            deadline.abort(new SafeBaseError('deadline_exceeded', 'no time left'));
        });
        const run = await scene.workOn(id, hurried, deadline.signal);
        if (run?.state === 'queued') continue;
        expect([run?.state, run?.failure]).toEqual(['completed', undefined]);
        expect(worker).toBeGreaterThan(3);
        break;
      }
      expect(await content()).toEqual(before);

      const other = await start();
      const over = AbortSignal.abort(new SafeBaseError('deadline_exceeded', 'no time left'));
      const states: (string | undefined)[] = [];
      for (let worker = 1; worker <= 4; worker += 1) {
        states.push((await scene.workOn(other, server.connector, over))?.state);
      }
      expect(states).toEqual(['queued', 'queued', 'queued', 'failed']);
      expect(await content()).toEqual(before);
    },
    TEST_MS,
  );
});
