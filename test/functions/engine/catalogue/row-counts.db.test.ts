import { findOtherRows } from '../../../../functions/engine/catalogue/row-counts.ts';
import { ENGINES, type EngineServer, START_MS, startEngineServer } from '../../engine-server.ts';

describe.each(ENGINES)('the rows of %s', (engine) => {
  let own: EngineServer;
  beforeAll(async () => {
    own = await startEngineServer(engine);
    await own.query('CREATE DATABASE `sh``op`');
    await own.query('CREATE TABLE `sh``op`.`or``ders` (a INT)');
    await own.query('INSERT INTO `sh``op`.`or``ders` VALUES (1), (1), (2)');
  }, START_MS);
  afterAll(() => own.stop());

  const find = (tables: { name: string; rows: number }[], signal = new AbortController().signal) =>
    findOtherRows(own.query, 'sh`op', tables, signal);

  it('are as many as they should be, or told', async () => {
    expect(await find([{ name: 'or`ders', rows: 3 }])).toEqual([]);
    expect(await find([{ name: 'or`ders', rows: 4 }])).toEqual(['table `or``ders` 3 of 4 rows']);
    expect(await find([{ name: 'or`ders', rows: 2 }])).toEqual(['table `or``ders` 3 of 2 rows']);
  });

  it('are not looked for where the dump holds none', async () => {
    expect(await find([{ name: 'of another server', rows: 0 }])).toEqual([]);
  });

  it('are not counted any more when the run is over', async () => {
    await expect(find([{ name: 'or`ders', rows: 3 }], AbortSignal.abort())).rejects.toMatchObject({
      code: 'deadline_exceeded',
    });
  });

  const onMariadb = engine === 'mysql-9.7' ? it.skip : it;
  onMariadb('count with those of the past', async () => {
    await own.query('CREATE TABLE `sh``op`.prices (a INT) WITH SYSTEM VERSIONING');
    await own.query('INSERT INTO `sh``op`.prices VALUES (1)');
    await own.query('UPDATE `sh``op`.prices SET a = 2');
    expect(await find([{ name: 'prices', rows: 2 }])).toEqual([]);
    expect(await find([{ name: 'prices', rows: 1 }])).toEqual(['table `prices` 2 of 1 rows']);
  });
});
