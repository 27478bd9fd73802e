/** Rows that are longer than a statement may be on the target. */
import type { EngineName } from '../../../local/engines/packages.ts';
import { openRunScene } from '../../fixtures/run-scene.ts';
import { type EngineServer, START_MS, startEngineServer } from '../engine-server.ts';

const TEST_MS = 60_000;
const MIB = 1024 * 1024;

describe.each(['mariadb-11.8', 'mysql-9.7'] as const satisfies readonly EngineName[])('on %s', (engine) => {
  let server: EngineServer;
  beforeAll(async () => {
    server = await startEngineServer(engine, [`--max-allowed-packet=${16 * MIB}`]);
  }, START_MS);
  afterAll(() => server?.stop());

  const kept = async () =>
    (
      await server.query('SELECT id, LENGTH(words) AS words, LENGTH(doc) AS doc FROM shop.pages ORDER BY id')
    ).map(({ id, words, doc }) => [id, words, doc]);

  it(
    'a row too long for INSERT is found before what stands there is dropped, and so is JSON that LOAD DATA cannot convert',
    async () => {
      const scene = openRunScene();
      for (const statement of [
        'CREATE DATABASE shop',
        'CREATE TABLE shop.pages (id INT PRIMARY KEY, words LONGTEXT, doc JSON)',
        `INSERT INTO shop.pages VALUES (1, REPEAT("it's ", 400000), '[]'), (2, 'x', JSON_ARRAY(REPEAT('y', 3000000)))`,
      ])
        await server.query(statement);
      const before = await kept();
      const databaseId = await scene.register(server, 'shop');
      const backup = await scene.backUp(server, databaseId, 'parallel');
      if (backup === undefined) throw new Error('no backup');
      expect(backup.failure).toBeUndefined();
      const restore = () =>
        scene.restore(server, backup.id, databaseId, server.connector, {
          overwrite: true,
          confirm: ['shop'],
        });

      await server.query(`SET GLOBAL max_allowed_packet = ${2 * MIB}`);
      await server.query('SET GLOBAL local_infile = 0');
      const refused = await restore();
      expect(refused).toMatchObject({
        state: 'failed',
        failure: { code: 'packet_too_small', reason: expect.stringContaining('pages') },
        restored: [{ state: 'untouched' }],
      });
      expect(await kept()).toEqual(before);

      const [, needed = ''] = /max_allowed_packet = (\d+)/.exec(refused?.failure?.hint ?? '') ?? [];
      await server.query(`SET GLOBAL max_allowed_packet = ${needed}`);
      expect(await restore()).toMatchObject({ state: 'completed' });
      expect(await kept()).toEqual(before);

      await server.query('SET GLOBAL local_infile = 1');
      await server.query(`SET GLOBAL max_allowed_packet = ${2 * MIB}`);
      const loaded = await restore();
      expect(loaded).toMatchObject(
        // CONVERT makes JSON of text, and nothing that is longer than a packet.
        engine === 'mysql-9.7'
          ? { failure: { code: 'packet_too_small' }, restored: [{ state: 'untouched' }] }
          : { state: 'completed' },
      );
      expect(loaded?.failure?.hint ?? '').not.toContain('local_infile');
      expect(await kept()).toEqual(before);

      await server.query('UPDATE shop.pages SET doc = NULL');
      const without = await scene.backUp(server, databaseId, 'parallel');
      const more = { overwrite: true, confirm: ['shop'] };
      expect(
        await scene.restore(server, without?.id ?? backup.id, databaseId, server.connector, more),
      ).toMatchObject({
        state: 'completed',
      });
      expect(await kept()).toEqual(before.map(([id, words]) => [id, words, null]));
    },
    TEST_MS,
  );
});
