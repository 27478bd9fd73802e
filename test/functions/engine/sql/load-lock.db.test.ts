import { mysqlConnector } from '../../../../functions/adapters/mysql-connector.ts';
import type { LoadInput } from '../../../../functions/engine/sql/format-sql.ts';
import { endFormerLoad, loadLockName } from '../../../../functions/engine/sql/load-lock.ts';
import { loadSchema } from '../../../../functions/engine/sql/load-schema.ts';
import { dumpInput, dumpToStore, loadInput, startTestDatabase, type TestDatabase } from '../test-database.ts';

const START_MS = 10 * 60_000;

describe.each(['mariadb-10.11', 'mariadb-11.8', 'mysql-9.7'] as const)(
  'loads into one schema of %s',
  (name) => {
    let database: TestDatabase;
    let stored: Buffer;
    let dumpBytes: number;

    beforeAll(async () => {
      database = await startTestDatabase(name);
      for (const sql of [
        'CREATE DATABASE shop',
        'CREATE TABLE shop.t (id INT)',
        'INSERT INTO shop.t VALUES (1)',
      ]) {
        await database.root.query(sql);
      }
      const shop = await dumpToStore(dumpInput(database, 'shop'));
      stored = shop.stored;
      dumpBytes = shop.summary.dumpBytes;
      await database.root.query('CREATE DATABASE target');
    }, START_MS);
    afterAll(() => database.stop(), START_MS);

    const load = (dump: AsyncIterable<Buffer>): LoadInput => ({
      ...loadInput(database, 'target'),
      schema: 'shop',
      dump,
      dumpBytes,
    });
    const whole = async function* () {
      yield stored;
    };
    /** A load that has begun and goes on only when it is told to. */
    async function sleeping() {
      // The server takes a moment to end the connection of the load before.
      await lockIs(0);
      const { promise: awake, resolve: wake } = Promise.withResolvers<void>();
      const loading = loadSchema(
        load(
          (async function* () {
            await awake;
            yield stored;
          })(),
        ),
      );
      loading.catch(() => {});
      await lockIs(1);
      return { loading, wake };
    }
    async function lockIs(held: 0 | 1): Promise<void> {
      const deadline = Date.now() + 15_000;
      for (;;) {
        const [rows] = await database.root.query('SELECT IS_USED_LOCK(?) IS NOT NULL AS held', [
          loadLockName('target'),
        ]);
        if ((rows as { held: number }[])[0]?.held === held) return;
        if (Date.now() > deadline) throw new Error('the lock of the load is not as it should be');
      }
    }
    const endFormer = async () => {
      const connector = mysqlConnector({ caFile: '' });
      const session = await connector.connect(database.endpoint);
      await endFormerLoad(session.query, 'target');
      await session.close();
    };

    it('go one after another', async () => {
      await endFormer();
      await loadSchema(load(whole()));
      await loadSchema(load(whole()));
    });

    it('fail beside one that is not over', async () => {
      const { loading, wake } = await sleeping();
      await expect(loadSchema(load(whole()))).rejects.toMatchObject({ code: 'load_failed' });
      wake();
      await loading;
    });

    it('end one that was left behind, and only then begin', async () => {
      const { loading, wake } = await sleeping();
      await endFormer();
      await loadSchema(load(whole()));
      wake();
      await expect(loading).rejects.toMatchObject({ code: 'connection_lost' });
    });
  },
);
