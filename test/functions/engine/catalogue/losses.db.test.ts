import { refuseDumpHangs } from '../../../../functions/engine/catalogue/dump-hangs.ts';
import { readTables } from '../../../../functions/engine/catalogue/loss-tables.ts';
import { findLosses } from '../../../../functions/engine/catalogue/losses.ts';
import { findParallelLosses } from '../../../../functions/engine/catalogue/parallel-losses.ts';
import { firstRow } from '../../../../functions/engine/catalogue/row-search.ts';
import { readSchemas } from '../../../../functions/engine/catalogue/schemas.ts';
import { readServer, type Server } from '../../../../functions/engine/catalogue/server.ts';
import type { Query, SqlRow } from '../../../../functions/engine/connection.ts';
import type { Loss } from '../../../../functions/engine/contents.ts';
import { CORPUS_OPTIONS, corpusFor, loadCorpusFile } from '../../../corpus/load.ts';
import { ENGINES, type EngineServer, START_MS, startEngineServer } from '../../engine-server.ts';

/** What is lost of each theme; themes that are not named lose nothing. `10`, `11` and `m` are the servers. */
const LOST: Readonly<Record<string, Readonly<Record<string, readonly string[]>>>> = {
  '01_float_single': {
    all: ['float_digits floats.f', 'float_digits floats.f24', 'float_digits floats.fu'],
    'mysql-9.7': ['negative_zero floats.f', 'negative_zero floats.f24'],
  },
  '01_numeric': {
    // MariaDB stores 0 for -0, as of 11.8.9 in every series.
    'mysql-9.7': ['negative_zero doubles.d'],
  },
  '05_json_mysql': { all: ['json_opaque j.doc'] },
  '09_enum_lossy': {
    all: ['enum_beyond_bmp emoji.e', 'enum_beyond_bmp emoji.s', 'enum_index_zero zero_index.with_empty'],
    'mariadb-10.11': ['default_beyond_bmp emoji.d'],
    'mariadb-11.8': ['default_beyond_bmp emoji.d'],
  },
  '12_views_broken': {
    all: ['b_no_table', 'c_no_column', 'd_no_function', 'e_on_broken'].map((view) => `view_broken ${view}`),
    // There mysqldump stops at a view whose definer is gone, too.
    'mysql-9.7': ['view_broken f_no_definer'],
  },
  '17_trx_versioned': { all: ['history tv'] },
  '22_compression_mysql': { all: ['general_tablespace in_ts'] },
  '28_engines_mysql': { all: ['archive_auto_increment arch'] },
};

const told = ({ kind, object, column }: Loss): string =>
  `${kind} ${object}${column === undefined ? '' : `.${column}`}`;

describe.each(ENGINES)('the losses of a dump of %s', (engine) => {
  let own: EngineServer;
  let described: Server;
  beforeAll(async () => {
    own = await startEngineServer(engine, CORPUS_OPTIONS);
    described = await readServer(own.query);
  }, START_MS);
  afterAll(() => own.stop());

  const lossesOf = async (schemas: readonly string[], deadlineMs = 60_000): Promise<readonly Loss[]> =>
    findLosses(own.query, described, await readSchemas(own.query, schemas, described), { deadlineMs });

  /** Makes a schema with tables and gives its losses. */
  async function lossesAfter(schema: string, ...statements: readonly string[]): Promise<readonly Loss[]> {
    await own.query(`DROP DATABASE IF EXISTS ${schema}`);
    await own.query(`CREATE DATABASE ${schema} CHARACTER SET utf8mb4`);
    for (const statement of statements) await own.query(statement);
    return lossesOf([schema]);
  }

  it.each(corpusFor(engine).map((file) => [file.theme, file] as const))(
    'are found in theme %s where they are, and nowhere else',
    async (theme, file) => {
      await loadCorpusFile(own.server, file);
      const losses = await lossesOf(file.schemas);
      const expected = [...(LOST[theme]?.all ?? []), ...(LOST[theme]?.[engine] ?? [])];
      expect(losses.map(told).sort()).toEqual(expected.sort());
      expect(losses.filter(({ certain }) => !certain)).toEqual([]);
    },
    60_000,
  );

  it('are found in the definitions of tables without a row', async () => {
    const losses = await lossesAfter(
      'empty_tables',
      `CREATE TABLE empty_tables.t (id INT PRIMARY KEY, f FLOAT DEFAULT 16777217, g FLOAT DEFAULT 0.5, n FLOAT NOT NULL,
        d VARCHAR(10) DEFAULT 'a😀', q VARCHAR(10) DEFAULT 'a?', e ENUM('a','😀b','🚀b'))`,
    );
    const wanted = ['float_digits t.f', 'enum_beyond_bmp t.e'];
    if (described.info.product === 'mariadb') wanted.push('default_beyond_bmp t.d');
    expect(losses.map(told).sort()).toEqual(wanted.sort());
    expect(losses.filter(({ certain }) => !certain)).toEqual([]);
  });

  it('are found in defaults of tables with rows', async () => {
    const losses = await lossesAfter(
      'filled_tables',
      `CREATE TABLE filled_tables.t (id INT PRIMARY KEY, f FLOAT DEFAULT 16777217, g FLOAT DEFAULT 0.5, d VARCHAR(10) DEFAULT 'a😀',
        q VARCHAR(10) DEFAULT 'a?')`,
      'INSERT INTO filled_tables.t VALUES (1, 1, 1, 1, 1)',
    );
    const wanted = ['float_digits t.f'];
    if (described.info.product === 'mariadb') wanted.push('default_beyond_bmp t.d');
    expect(losses.map(told).sort()).toEqual(wanted.sort());
  });

  it('are the bytes of old character sets that stand for nothing or for what has another code', async () => {
    const losses = await lossesAfter(
      'old_charsets',
      `CREATE TABLE old_charsets.t (id INT PRIMARY KEY, hole TEXT CHARACTER SET cp1257, good TEXT CHARACTER SET cp1257,
        twin VARCHAR(9) CHARACTER SET cp932, word VARCHAR(9) CHARACTER SET cp932, old VARCHAR(9) CHARACTER SET latin1)`,
      "INSERT INTO old_charsets.t VALUES (1, x'A1', x'E0', x'8790', x'82A0', x'81A0')",
    );
    expect(losses.map(told).sort()).toEqual(['character_unmapped t.hole', 'character_unmapped t.twin']);
    expect(losses.filter(({ certain }) => !certain)).toEqual([]);
  });

  it('are no members that hold true question marks', async () => {
    const losses = await lossesAfter(
      'question_marks',
      "CREATE TABLE question_marks.t (id INT PRIMARY KEY, e ENUM('yes','no','?'), s SET('a','b?','c'))",
      "INSERT INTO question_marks.t VALUES (1, '?', 'a,b?'), (2, 'no', 'c')",
    );
    expect(losses).toEqual([]);
  });

  it('are members that one row shows, also behind others of a SET', async () => {
    const losses = await lossesAfter(
      'one_member',
      "CREATE TABLE one_member.t (id INT PRIMARY KEY, e ENUM('yes','no','😀'), s SET('a','b','😀','c'))",
      "INSERT INTO one_member.t VALUES (1, '😀', 'a,😀,c')",
    );
    expect(losses.map(told).sort()).toEqual(['enum_beyond_bmp t.e', 'enum_beyond_bmp t.s']);
    expect(losses.filter(({ certain }) => !certain)).toEqual([]);
  });

  it('are only possible for a member that no row shows, unless the server can be asked', async () => {
    const losses = await lossesAfter(
      'no_row',
      "CREATE TABLE no_row.t (id INT PRIMARY KEY, lost ENUM('a','😀'), kept ENUM('a','?'))",
    );
    const seen = losses.map((loss) => [told(loss), loss.certain]);
    expect(seen).toEqual(
      described.info.product === 'mariadb'
        ? [['enum_beyond_bmp t.lost', true]]
        : [
            ['enum_beyond_bmp t.lost', false],
            ['enum_beyond_bmp t.kept', false],
          ],
    );
  });

  it('are the very floats that change on the way through their text', async () => {
    await own.query('DROP DATABASE IF EXISTS float_bits');
    await own.query('CREATE DATABASE float_bits');
    await own.query('CREATE TABLE float_bits.t (id INT PRIMARY KEY, f FLOAT)');
    await own.query('CREATE TABLE float_bits.loaded (id INT PRIMARY KEY, f FLOAT)');
    const floats = sampleFloats();
    const asRows = floats.map((value, id) => `(${id}, ${value.toExponential()})`);
    await own.query(`INSERT INTO float_bits.t VALUES ${asRows.join(', ')}`);
    const printed = await own.query('SELECT id, f FROM float_bits.t');
    await own.query(
      `INSERT INTO float_bits.loaded VALUES ${printed.map(({ id, f }) => `(${id}, ${f})`).join(', ')}`,
    );
    const changed = await own.query(
      'SELECT a.id FROM float_bits.t a JOIN float_bits.loaded b USING (id) WHERE NOT (a.f * 1e0 <=> b.f * 1e0)',
    );
    expect(changed.length).toBeGreaterThan(floats.length / 4);
    expect(changed.length).toBeLessThan(floats.length);
    const ids = new Set(changed.map(({ id }) => id));
    await own.query(
      `CREATE TABLE float_bits.kept SELECT * FROM float_bits.t WHERE id NOT IN (${[...ids].join(', ')})`,
    );
    const found = await own.query(
      'SELECT id FROM float_bits.t WHERE NOT (CAST(CAST(f AS CHAR) AS FLOAT) <=> f)',
    );
    expect(new Set(found.map(({ id }) => id))).toEqual(ids);
    expect((await lossesOf(['float_bits'])).map(told)).toEqual(['float_digits t.f']);
  });

  it('are possible, not certain, where there was no time to look at values', async () => {
    await lossesAfter(
      'no_time',
      'CREATE TABLE no_time.t (id INT PRIMARY KEY, f FLOAT)',
      'INSERT INTO no_time.t VALUES (1, 0.5)',
    );
    const losses = await lossesOf(['no_time'], 0);
    expect(losses.map((loss) => [told(loss), loss.certain])).toEqual([
      ['float_digits t.f', false],
      ['negative_zero t.f', false],
    ]);
    expect(await lossesOf(['no_time'])).toEqual([]);
  });

  it('do not hold the run up: the server ends a scan when the time is over', async () => {
    await lossesAfter(
      'slow',
      'CREATE TABLE slow.t (id INT PRIMARY KEY, f FLOAT, d DOUBLE)',
      `INSERT INTO slow.t (id, f, d) WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 900)
        SELECT a.i * 1000 + b.i, 0.5, 0.5 FROM n a JOIN n b ON b.i <= 300`,
    );
    const [table] = await readTables(own.query, 'slow');
    if (table === undefined) throw new Error('there is no table');
    // Compares each row with each other: minutes, were it let.
    const where = '(SELECT COUNT(*) FROM slow.t a JOIN slow.t b WHERE a.f <> b.f) > 0';
    const startedAt = performance.now();
    const found = await firstRow(own.query, described, table, { select: '1', where, remainingMs: () => 100 });
    expect(found).toBe('unknown');
    expect(performance.now() - startedAt).toBeLessThan(20_000);
  }, 60_000);

  const onMariadb = engine === 'mysql-9.7' ? it.skip : it;
  onMariadb('are found in rows of the past of a versioned table', async () => {
    const losses = await lossesAfter(
      'past',
      'CREATE TABLE past.t (id INT PRIMARY KEY, f FLOAT) WITH SYSTEM VERSIONING',
      'INSERT INTO past.t VALUES (1, 1e0/3)',
      'UPDATE past.t SET f = 0.5',
    );
    expect(losses.map(told)).toEqual(['float_digits t.f']);
  });

  it('are characters beyond the BMP in expressions, which MySQL prints as question marks', async () => {
    const losses = await lossesAfter(
      'expressions',
      `CREATE TABLE expressions.t (id INT PRIMARY KEY, a VARCHAR(20), bad VARCHAR(20) AS (CONCAT(a, '😀')), good VARCHAR(20) AS (CONCAT(a, '?é日')),
        CHECK (a <> '😀'))`,
    );
    const wanted = ['expression_beyond_bmp t.bad', 'expression_beyond_bmp t'];
    expect(losses.map(told)).toEqual(described.info.product === 'mysql' ? wanted : []);
  });

  onMariadb('are foreign keys whose columns are printed unquoted, as MariaDB 11.8.6 does', async () => {
    const losses = await lossesAfter(
      'odd_keys',
      'CREATE TABLE odd_keys.p (`i``d` INT PRIMARY KEY)',
      'CREATE TABLE odd_keys.c (`x``y` INT, CONSTRAINT plain FOREIGN KEY (`x``y`) REFERENCES odd_keys.p (`i``d`))',
    );
    expect(losses).toEqual([]);
    const asOlder: Query = async (sql, values) => {
      const rows = await own.query(sql, values);
      if (!sql.startsWith('SHOW CREATE TABLE')) return rows;
      const shown = (row: SqlRow) =>
        row['create table']?.replace(/FOREIGN KEY.*/g, (line) => line.replaceAll('``', '`'));
      return rows.map((row) => ({ ...row, 'create table': shown(row) ?? null }));
    };
    const odd = await readSchemas(own.query, ['odd_keys'], described);
    const lost = await findLosses(asOlder, described, odd, { deadlineMs: 60_000 });
    expect(lost.map(told)).toEqual(['foreign_key_backtick c']);
    await expect(findParallelLosses(asOlder, described, odd, { deadlineMs: 60_000 })).rejects.toMatchObject({
      code: 'name_not_dumpable',
      message: expect.stringContaining('odd_keys.c'),
      hint: expect.stringContaining('format sql'),
    });
  });

  it('are not left to chance: what makes the tools hang is refused before', async () => {
    const themes = ['10_identifiers_db_quotes', '15_events', '15_events_delimiter'];
    for (const file of corpusFor(engine).filter(({ theme }) => themes.includes(theme))) {
      await loadCorpusFile(own.server, file);
    }
    const refused = async (schema: string): Promise<unknown> =>
      refuseDumpHangs(own.query, described, await readSchemas(own.query, [schema], described)).then(
        () => undefined,
        (error: { code: string; details: unknown }) => [error.code, error.details],
      );
    const named = (name: string) => ({ events: [`\`fid_events_delim\`.\`${name}\``] });
    expect(await refused('fid_events')).toBeUndefined();
    const both = [...named('e_comment').events, ...named('e_semis').events];
    expect(await refused('fid_events_delim')).toEqual(['event_delimiter', { events: both }]);
    await own.query('DROP EVENT fid_events_delim.e_comment');
    await own.query('DROP EVENT fid_events_delim.e_semis');
    await own.query('CREATE EVENT fid_events_delim.`a;;b` ON SCHEDULE EVERY 1 YEAR DO SET @x = 1');
    expect(await refused('fid_events_delim')).toEqual(['event_delimiter', named('a;;b')]);
    const quoted = described.info.product === 'mariadb' ? ['name_not_dumpable', {}] : undefined;
    expect(await refused("fid'q")).toEqual(quoted);
    // Without events the name does no harm.
    expect(await refused('fid"d')).toBeUndefined();
  });
});

/** Floats of every size, half of them with few digits; the same in every run. */
function sampleFloats(): readonly number[] {
  const known = [
    16777216,
    16777217,
    1 / 3,
    123456.79,
    0.5,
    1234.5,
    3.4028234663852886e38,
    1.401298464324817e-45,
  ];
  const [view, random] = [new DataView(new ArrayBuffer(4)), linear(7)];
  const drawn = Array.from({ length: 4_000 }, (_, index) => {
    if (index % 2 === 0) return Number(`${(random() % 2_000_000) - 1_000_000}e${(random() % 60) - 35}`);
    view.setUint32(0, random());
    return view.getFloat32(0);
  });
  return [...known, ...drawn].filter((value) => Number.isFinite(value) && Math.abs(value) < 3.4028235e38);
}

/** A generator of 32-bit numbers. @see Numerical Recipes, the constants of its quick generator */
function linear(seed: number): () => number {
  let state = seed;
  return () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state;
  };
}
