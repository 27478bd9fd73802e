import {
  countObjects,
  isSchemaEmpty,
  schemaExists,
} from '../../../../functions/engine/catalogue/object-counts.ts';
import {
  listSchemas,
  readSchemas,
  type SchemaSurvey,
} from '../../../../functions/engine/catalogue/schemas.ts';
import { readServer, requireSupported, type Server } from '../../../../functions/engine/catalogue/server.ts';
import type { Query } from '../../../../functions/engine/connection.ts';
import { NO_OBJECTS } from '../../../../functions/engine/contents.ts';
import { corpusFor, loadCorpusFile } from '../../../corpus/load.ts';
import { ENGINES, type EngineServer, START_MS, startEngineServer } from '../../engine-server.ts';

describe.each(ENGINES)('the catalogue of %s', (engine) => {
  const product = engine === 'mysql-9.7' ? 'mysql' : 'mariadb';
  const onMariadb = product === 'mariadb' ? it : it.skip;
  let own: EngineServer;
  let described: Server;
  beforeAll(async () => {
    own = await startEngineServer(engine, ['--log-bin-trust-function-creators=1']);
    described = await readServer(own.query);
  }, START_MS);
  afterAll(() => own.stop());

  const load = async (...themes: readonly string[]): Promise<void> => {
    for (const file of corpusFor(engine).filter(({ theme }) => themes.includes(theme))) {
      await loadCorpusFile(own.server, file);
    }
  };
  const survey = async (schema: string): Promise<SchemaSurvey> => {
    const [found] = await readSchemas(own.query, [schema], described);
    if (found === undefined) throw new Error(`no survey of ${schema}`);
    return found;
  };

  it('says what the server is, the same over every way to reach it', async () => {
    expect(described.info).toMatchObject({ product, support: 'tested' });
    expect(described.info.version).toMatch(engine.endsWith('9.7') ? /^9\.7\./ : /^1[01]\.\d+\.\d+-MariaDB/);
    expect(described.trustsFunctionCreators).toBe(true);
    expect(described.maxAllowedPacketBytes).toBeGreaterThan(1_000_000);
    const other = await own.connector.connect(own.endpoint({ host: '127.0.0.1' }));
    expect((await readServer(other.query)).info.identity).toBe(described.info.identity);
    await other.close();
  });

  it('refuses a server that is too old or that is something else', async () => {
    const posing =
      (version: string): Query =>
      async (sql, values) =>
        (await own.query(sql, values)).map((row) =>
          row.variable_name === 'version' ? { ...row, value: version } : row,
        );
    const old = await readServer(posing(product === 'mysql' ? '5.6.51' : '10.4.34-MariaDB'));
    expect(old.info.support).toBe('unsupported');
    expect(() => requireSupported(old)).toThrow(expect.objectContaining({ code: 'unsupported_server' }));
    expect(() => requireSupported(described)).not.toThrow();
    await expect(readServer(posing('x'.repeat(1000)))).rejects.toMatchObject({ code: 'unsupported_server' });
    await expect(readServer(posing('PostgreSQL'))).rejects.toMatchObject({ code: 'unsupported_server' });
  });

  it('lists the schemas that were asked for, or all but those of the server', async () => {
    for (const name of ['b_shop', 'a_shop']) await own.query(`CREATE DATABASE ${name}`);
    expect(await listSchemas(own.query, ['b_shop', 'a_shop', 'b_shop'], described)).toEqual([
      'a_shop',
      'b_shop',
    ]);
    const all = await listSchemas(own.query, 'all', described);
    expect(all).toEqual(expect.arrayContaining(['a_shop', 'b_shop']));
    for (const name of ['mysql', 'information_schema', 'performance_schema', 'sys'])
      expect(all).not.toContain(name);
    for (const name of ['nowhere', 'A_SHOP', 'mysql']) {
      await expect(readSchemas(own.query, ['a_shop', name], described)).rejects.toMatchObject({
        code: 'schema_unknown',
      });
    }
  });

  it('keeps schemas apart whose names differ in case or accents only', async () => {
    for (const name of ['cafe', 'CAFE', 'café']) {
      await own.query(`CREATE DATABASE ${name}`);
      await own.query(`CREATE TABLE ${name}.t (id INT PRIMARY KEY)`);
    }
    await own.query('CREATE TRIGGER CAFE.tr BEFORE INSERT ON CAFE.t FOR EACH ROW SET @x = 1');
    await own.query('CREATE EVENT café.e ON SCHEDULE EVERY 1 YEAR DO SET @x = 1');
    expect(await countObjects(own.query, 'cafe')).toEqual({ ...NO_OBJECTS, tables: 1 });
    expect(await countObjects(own.query, 'CAFE')).toEqual({ ...NO_OBJECTS, tables: 1, triggers: 1 });
    expect(await countObjects(own.query, 'café')).toEqual({ ...NO_OBJECTS, tables: 1, events: 1 });
    expect(await schemaExists(own.query, 'Cafe')).toBe(false);
    expect(await schemaExists(own.query, 'CAFE')).toBe(true);
  });

  it('knows an empty schema from one that holds a single object of any kind', async () => {
    expect(await isSchemaEmpty(own.query, 'never_made')).toBe(true);
    await own.query('CREATE DATABASE lone');
    expect(await isSchemaEmpty(own.query, 'lone')).toBe(true);
    const objects: [string, string][] = [
      ['TABLE lone.o', '(i INT)'],
      ['VIEW lone.o', 'AS SELECT 1 AS x'],
      ['PROCEDURE lone.o', '() SELECT 1'],
      ['FUNCTION lone.o', '() RETURNS INT DETERMINISTIC RETURN 1'],
      ['EVENT lone.o', 'ON SCHEDULE EVERY 1 YEAR DO SET @x = 1'],
      ...(product === 'mariadb' ? [['SEQUENCE lone.o', ''] satisfies [string, string]] : []),
    ];
    for (const [object, rest] of objects) {
      await own.query(`CREATE ${object} ${rest}`);
      expect([object, await isSchemaEmpty(own.query, 'lone')]).toEqual([object, false]);
      await own.query(`DROP ${object}`);
    }
    expect(await isSchemaEmpty(own.query, 'lone')).toBe(true);
  });

  it('tells the defaults, the definers and what takes no part in a snapshot', async () => {
    await load('13_triggers', '28_engines', '27_defaults_charset');
    const [triggers, engines] = [await survey('fid_triggers'), await survey('fid_engines')];
    expect(triggers.contents.definers).toEqual(['ghost@%', 'root@localhost']);
    expect(triggers.contents).toMatchObject({ notOfOneInstant: [], brokenViews: [] });
    expect(engines.contents.notOfOneInstant).toEqual(['csvt', 'mem', 'mrg', 'my1', 'my2']);
    await own.query('CREATE DATABASE defaults CHARACTER SET latin2 COLLATE latin2_croatian_ci');
    expect((await survey('defaults')).contents).toMatchObject({
      characterSet: 'latin2',
      collation: 'latin2_croatian_ci',
      counts: NO_OBJECTS,
    });
  });

  it('keeps the text of broken views', async () => {
    await load('12_views_broken');
    const { brokenViews } = (await survey('fid_views_broken')).contents;
    expect(brokenViews.map(({ name }) => name)).toEqual(
      expect.arrayContaining(['b_no_table', 'e_on_broken']),
    );
    expect(brokenViews.map(({ name }) => name)).not.toContain('a_ok');
    for (const { definition } of brokenViews) expect(definition).toMatch(/^select /i);
  });

  it('sees a table grow', async () => {
    await own.query('CREATE DATABASE grows');
    await own.query('CREATE TABLE grows.t (id INT AUTO_INCREMENT PRIMARY KEY, b VARCHAR(2000))');
    expect((await survey('grows')).sizeBytes).toBeLessThan(100_000);
    await own.query("INSERT INTO grows.t (b) VALUES (REPEAT('x', 2000))");
    for (let rows = 1; rows < 4096; rows *= 2)
      await own.query('INSERT INTO grows.t (b) SELECT b FROM grows.t');
    await own.query('ANALYZE TABLE grows.t');
    expect((await survey('grows')).sizeBytes).toBeGreaterThan(7_000_000);
  });

  onMariadb('counts sequences and packages apart, and versioned tables as tables', async () => {
    await load('14_routines_mariadb', '16_sequences', '17_system_versioned', '17_trx_versioned');
    expect((await survey('fid_sequences')).contents.counts).toEqual({
      ...NO_OBJECTS,
      tables: 1,
      sequences: 5,
    });
    expect((await survey('fid_routines_maria')).contents.counts).toMatchObject({ packages: 2 });
    const versioned = await survey('fid_versioned');
    expect([versioned.contents.counts.tables, versioned.history]).toEqual([5, true]);
    expect((await survey('fid_trxversioned')).history).toBe(false);
    expect((await survey('fid_sequences')).history).toBe(false);
  });

  onMariadb('keeps the comment of a schema', async () => {
    await own.query("CREATE DATABASE told COMMENT 'it''s \\\\ told'");
    expect((await survey('told')).contents.comment).toBe("it's \\ told");
  });
});
