/** Whoever waits for a table is seen by the table, not by a right to see what others do. */
import { findWaitedFor, setUpWatching } from '../../../../functions/engine/parallel/watch-waiters.ts';
import { type RowServer, startRowServer } from '../rows/row-server.ts';

describe.each(['mariadb-10.11', 'mariadb-11.8', 'mysql-9.7'] as const)('tables on %s', (engine) => {
  let server: RowServer;
  beforeAll(async () => {
    server = await startRowServer(engine);
  }, 120_000);
  afterAll(() => server?.stop());

  it('that somebody waits to change are found among many, and those that are merely read are not', async () => {
    const { query } = server.admin;
    await query('CREATE DATABASE shop');
    const tables = Array.from({ length: 60 }, (_, place) => ({ schema: 'shop', name: `t${place}` }));
    for (const { name } of tables) await query(`CREATE TABLE shop.${name} (id INT PRIMARY KEY)`);
    await query("CREATE USER watcher@'%' IDENTIFIED BY 'An-0rdinary-pw'");
    await query("GRANT SELECT ON shop.* TO watcher@'%'");
    const watcher = await server.open({ username: 'watcher', password: 'An-0rdinary-pw' });
    await setUpWatching(watcher.query);
    const lane = await server.open();
    await lane.query('START TRANSACTION');
    await lane.query('SELECT 1 FROM shop.t57 LIMIT 1');
    expect(await findWaitedFor(watcher.query, tables)).toBeUndefined();

    const changed = query('ALTER TABLE shop.t57 ADD COLUMN more INT, ALGORITHM=COPY');
    let found: (typeof tables)[number] | undefined;
    const until = performance.now() + 20_000;
    while (found === undefined && performance.now() < until) {
      found = await findWaitedFor(watcher.query, tables);
    }
    expect(found).toEqual({ schema: 'shop', name: 't57' });
    await lane.query('ROLLBACK');
    await changed;
    // One that is gone is waited for by nobody.
    await query('DROP TABLE shop.t3');
    expect(await findWaitedFor(watcher.query, tables)).toBeUndefined();
    await Promise.all([lane.close(), watcher.close()]);
  }, 60_000);
});
