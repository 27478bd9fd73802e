import {
  refuseAmbiguousNames,
  refuseLimitedReads,
} from '../../../../functions/engine/catalogue/dump-gaps.ts';
import { readSchemas } from '../../../../functions/engine/catalogue/schemas.ts';
import { readServer } from '../../../../functions/engine/catalogue/server.ts';
import { dumpSchema } from '../../../../functions/engine/sql/dump-schema.ts';
import { ENGINES, type EngineServer, START_MS, startEngineServer } from '../../engine-server.ts';
import { textOf } from '../sql/stored-dump.ts';
import { CLIENT_ROOT } from '../test-database.ts';

describe.each(ENGINES)('what a dump of %s would leave out without a word', (engine) => {
  const product = engine === 'mysql-9.7' ? 'mysql' : 'mariadb';
  const onMariadb = product === 'mariadb' ? it : it.skip;
  let own: EngineServer;
  beforeAll(async () => {
    own = await startEngineServer(engine);
  }, START_MS);
  afterAll(() => own.stop());

  /** The text of a dump that was not looked at before. */
  async function dump(schema: string, ignoredViews: readonly string[], username?: string): Promise<string> {
    const account = username === undefined ? {} : { username, password: 'An-0rdinary-pw' };
    const { parts } = dumpSchema({
      clientRoot: CLIENT_ROOT,
      endpoint: own.endpoint(account),
      product,
      schema,
      ignoredViews,
      history: false,
      events: false,
      columnStatistics: false,
      isReadable: true,
      zstdLevel: 1,
      partBytes: 1024 * 1024,
      signal: new AbortController().signal,
      onProgress: () => {},
    });
    const bodies: Buffer[] = [];
    for await (const { body } of parts) bodies.push(body);
    return (await textOf(Buffer.concat(bodies))).toString();
  }

  it('are rows beyond the limit that init_connect sets: refused', async () => {
    await own.query('CREATE DATABASE rows_of');
    await own.query('CREATE TABLE rows_of.t (word VARCHAR(9))');
    await own.query("INSERT INTO rows_of.t VALUES ('first'), ('second'), ('third')");
    await own.freshAccount('cut');
    await own.query("GRANT SELECT, SHOW VIEW, TRIGGER, EVENT ON rows_of.* TO cut@'%'");
    const unlimited = await own.as('cut');
    await expect(refuseLimitedReads(unlimited.query)).resolves.toBeUndefined();
    await own.query("SET GLOBAL init_connect = 'SET sql_select_limit = 2'");
    try {
      const limited = await own.as('cut');
      await expect(refuseLimitedReads(limited.query)).rejects.toMatchObject({
        code: 'reads_limited',
        message: expect.stringContaining('sql_select_limit = 2'),
      });
      expect(await dump('rows_of', [], 'cut')).not.toContain('third');
    } finally {
      await own.query("SET GLOBAL init_connect = ''");
    }
  });

  onMariadb('are the rows of today where the server shows another day: refused', async () => {
    await own.query('CREATE DATABASE past');
    await own.query('CREATE TABLE past.t (word VARCHAR(9)) WITH SYSTEM VERSIONING');
    await own.query("INSERT INTO past.t VALUES ('present')");
    await own.query("SET GLOBAL system_versioning_asof = '2020-01-01 00:00:00'");
    try {
      const session = await own.connector.connect(own.endpoint());
      await expect(refuseLimitedReads(session.query)).rejects.toMatchObject({
        code: 'reads_limited',
        message: expect.stringContaining('system_versioning_asof'),
      });
      await session.close();
      expect(await dump('past', [])).not.toContain('present');
    } finally {
      await own.query('SET GLOBAL system_versioning_asof = DEFAULT');
    }
  });

  it('is a table whose name is that of a broken view but for its case: refused', async () => {
    await own.query('CREATE DATABASE names');
    for (const table of ['base', 'orders']) await own.query(`CREATE TABLE names.${table} (word VARCHAR(9))`);
    await own.query("INSERT INTO names.orders VALUES ('kept')");
    for (const view of ['Orders', 'broken'])
      await own.query(`CREATE VIEW names.${view} AS SELECT word FROM names.base`);
    await own.query('DROP TABLE names.base');
    const server = await readServer(own.query);
    const survey = () => readSchemas(own.query, ['names'], server);
    await expect(refuseAmbiguousNames(own.query, server, await survey())).rejects.toMatchObject({
      code: 'name_not_dumpable',
      message: expect.stringContaining('names.orders'),
    });
    expect(await dump('names', ['Orders', 'broken'])).not.toContain('kept');
    await own.query('DROP VIEW names.Orders');
    await expect(refuseAmbiguousNames(own.query, server, await survey())).resolves.toBeUndefined();
    expect(await dump('names', ['broken'])).toContain('kept');
  });
});
