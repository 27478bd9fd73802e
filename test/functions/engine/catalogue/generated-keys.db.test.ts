/** Invisible primary keys, which servers make by themselves, and may hide. */
import { refuseLimitedReads } from '../../../../functions/engine/catalogue/dump-gaps.ts';
import { refuseGeneratedKeys } from '../../../../functions/engine/catalogue/generated-keys.ts';
import { readRowTables } from '../../../../functions/engine/rows/read-row-tables.ts';
import { type EngineServer, START_MS, startEngineServer } from '../../engine-server.ts';

describe('a server of MySQL', () => {
  let own: EngineServer;
  beforeAll(async () => {
    own = await startEngineServer('mysql-9.7');
    await own.query('CREATE DATABASE shop');
  }, START_MS);
  afterAll(() => own?.stop());

  const columns = async (query: EngineServer['query'], table: string) =>
    (await readRowTables(query, 'shop')).find(({ name }) => name === table)?.columns.map(({ name }) => name);

  it('that would give restored tables a key of its own is refused', async () => {
    await expect(refuseGeneratedKeys(own.query)).resolves.toBeUndefined();
    await own.query('SET GLOBAL sql_generate_invisible_primary_key = ON');
    const { query, close } = await own.connector.connect(own.endpoint());
    await query('CREATE TABLE shop.keyless (a INT)');
    expect(await columns(query, 'keyless')).toEqual(['my_row_id', 'a']);
    await expect(refuseGeneratedKeys(query)).rejects.toMatchObject({ code: 'keys_generated' });
    await close();
  });

  it('that hides such keys is refused: neither definition nor rows would have them', async () => {
    await own.query('SET GLOBAL show_gipk_in_create_table_and_information_schema = OFF');
    const { query, close } = await own.connector.connect(own.endpoint());
    expect(await columns(query, 'keyless')).toEqual(['a']);
    await expect(refuseLimitedReads(query)).rejects.toMatchObject({
      code: 'reads_limited',
      message: expect.stringContaining('show_gipk_in_create_table_and_information_schema = OFF'),
    });
    await close();
  });
});
