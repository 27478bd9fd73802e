/** Who may change a table while its rows are to be read. */
import type { RowSession } from '../../../../functions/adapters/mysql-session.ts';
import { holdTables, isChangedTable } from '../../../../functions/engine/parallel/hold-tables.ts';
import { openInstant } from '../../../../functions/engine/parallel/open-instant.ts';
import { type RowServer, startRowServer } from '../rows/row-server.ts';

const never = () => new AbortController().signal;
const WAITED = { details: { errno: 1205 } };

describe.each(['mariadb-10.11', 'mariadb-11.8', 'mysql-9.7'] as const)('tables on %s', (engine) => {
  let server: RowServer;
  beforeAll(async () => {
    server = await startRowServer(engine);
  }, 120_000);
  afterAll(() => server?.stop());

  /** A lane within its snapshot, over two fresh tables. */
  async function scene() {
    const { query } = server.admin;
    await query('DROP DATABASE IF EXISTS shop');
    await query('CREATE DATABASE shop');
    for (const name of ['first', 'second']) {
      await query(`CREATE TABLE shop.${name} (id INT PRIMARY KEY, note VARCHAR(9))`);
      await query(`INSERT INTO shop.${name} VALUES (1, 'one'), (2, 'two')`);
    }
    const lane = await server.open();
    const { product } = server;
    await openInstant({
      product,
      lanes: [lane],
      holder: lane,
      tables: [],
      lockBudgetMs: 0,
      patienceMs: 0,
      signal: never(),
    });
    return { lane, tables: ['first', 'second'].map((name) => ({ schema: 'shop', name })) };
  }
  const closed = async (session: RowSession) => {
    await session.query('ROLLBACK');
    await session.close();
  };

  it.each([
    ['changed', 'ALTER TABLE shop.second ADD COLUMN more INT, ALGORITHM=COPY'],
    ['emptied', 'TRUNCATE TABLE shop.second'],
    ['dropped', 'DROP TABLE shop.second'],
    ['renamed', 'RENAME TABLE shop.second TO shop.third'],
    ['replaced', 'RENAME TABLE shop.second TO shop.third, shop.first TO shop.second'],
  ])('that were %s since the snapshot are named', async (_, change) => {
    const { lane, tables } = await scene();
    await server.admin.query(change);
    const error: unknown = await holdTables(lane.query, tables).catch((thrown: unknown) => thrown);
    expect(error).toMatchObject({
      code: 'dump_failed',
      message: expect.stringMatching(/shop\.(first|second)/),
    });
    expect(isChangedTable(error)).toBe(true);
    await closed(lane);
  });

  it('stay as they are until they are let go of, one by one in their order', async () => {
    const { lane, tables } = await scene();
    const { releaseBefore } = await holdTables(lane.query, tables);
    const owner = await server.open();
    await owner.query('SET SESSION lock_wait_timeout = 1');
    const change = (name: string) => owner.query(`ALTER TABLE shop.${name} ADD COLUMN more INT`);
    await expect(change('first')).rejects.toMatchObject(WAITED);
    await releaseBefore(1);
    await change('first');
    await expect(change('second')).rejects.toMatchObject(WAITED);
    await releaseBefore(2);
    await change('second');
    await owner.close();
    await closed(lane);
  }, 30_000);
});
