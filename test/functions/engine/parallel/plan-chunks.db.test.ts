/** Chunks of a table together are the table, and no row is in two of them. */
import fc from 'fast-check';
import { readChunkKeys } from '../../../../functions/engine/parallel/chunk-key.ts';
import { type Chunk, planChunks } from '../../../../functions/engine/parallel/plan-chunks.ts';
import { setUpPlanning } from '../../../../functions/engine/rows/session-settings.ts';
import { type RowServer, startRowServer } from '../rows/row-server.ts';

const RUNS = process.env.SAFEBASE_FULL === '1' ? 60 : 4;

const whole = (min: bigint, max: bigint) =>
  fc.oneof(fc.constantFrom(min, max), fc.bigInt({ min, max }), fc.bigInt({ min: 0n, max: 60n })).map(String);
const decimal = fc
  .tuple(fc.boolean(), fc.bigInt({ min: 0n, max: 10n ** 30n }), fc.integer({ min: 0, max: 10 ** 9 }))
  .map(([minus, before, after]) => `${minus ? '-' : ''}${before}.${after}`);
const real = fc.oneof(
  fc.float({ noNaN: true, noDefaultInfinity: true, min: Math.fround(-3e38), max: Math.fround(3e38) }),
  fc.constantFrom(0.1, 1 / 3, -0, 16777217, 1e-40),
);
const double = real.map((value) => value.toExponential());
const two = (value: number) => String(value).padStart(2, '0');
const day = fc
  .tuple(fc.integer({ min: 0, max: 9999 }), fc.integer({ min: 0, max: 12 }), fc.integer({ min: 0, max: 31 }))
  .map(([y, m, d]) => `${String(y).padStart(4, '0')}-${two(m)}-${two(d)}`);
const clock = fc
  .tuple(fc.nat(23), fc.nat(59), fc.nat(59), fc.nat(999_999))
  .map(([h, m, s, f]) => `${two(h)}:${two(m)}:${two(s)}.${String(f).padStart(6, '0')}`);
const moment = fc.tuple(day, clock).map(([on, at]) => `'${on} ${at}'`);
const stamp = fc.oneof(
  fc.integer({ min: 1, max: 2 ** 31 - 1 }).map((seconds) => `FROM_UNIXTIME(${seconds})`),
  fc.constantFrom("'0000-00-00 00:00:00'", "'1970-01-01 00:00:01'", "'2038-01-19 03:14:07.999999'"),
);
const letters = fc.constantFrom(
  'a',
  'A',
  'b',
  'ä',
  'Ä',
  'ß',
  's',
  ' ',
  '\t',
  '\0',
  'é',
  'z',
  '9',
  '_',
  "'",
  '\\',
);
const word = fc
  .array(letters, { maxLength: 6 })
  .map((parts) => `CONVERT(x'${Buffer.from(parts.join('')).toString('hex')}' USING utf8mb4)`);
const wide = fc
  .array(fc.oneof(letters, fc.constantFrom('漢', '表', '😀', '\u0301', 'Σ', 'ς', 'σ')), { maxLength: 6 })
  .map((parts) => `CONVERT(x'${Buffer.from(parts.join('')).toString('hex')}' USING utf8mb4)`);
const bytes = fc.uint8Array({ maxLength: 8 }).map((some) => `x'${Buffer.from(some).toString('hex')}'`);
const members = Array.from({ length: 40 }, (_, n) => `'${String.fromCharCode(122 - (n % 26))}${n}'`).join();
const SIGNED: [bigint, bigint] = [-(2n ** 63n), 2n ** 63n - 1n];

const BOTH: readonly (readonly [type: string, value: fc.Arbitrary<string>])[] = [
  ['BIGINT', whole(...SIGNED)],
  ['BIGINT UNSIGNED', whole(0n, 2n ** 64n - 1n)],
  ['TINYINT', whole(-128n, 127n)],
  // 0 is no year, and there is none between it and the next.
  ['YEAR', fc.oneof(fc.constant('0'), fc.integer({ min: 1901, max: 2155 }).map(String))],
  ['DECIMAL(65,20)', decimal],
  ['FLOAT', double],
  ['DOUBLE', double],
  ['BIT(64)', whole(0n, 2n ** 64n - 1n)],
  // 0 is the error value, which sorts before all members.
  [`ENUM(${members})`, whole(0n, 40n)],
  [`SET('b','a','d','c','f','e')`, whole(0n, 63n)],
  ['DATE', fc.oneof(day, fc.constant('2026-02-31')).map((on) => `'${on}'`)],
  ['DATETIME(6)', moment],
  ['TIMESTAMP(6)', stamp],
  ['TIME(6)', fc.tuple(fc.integer({ min: -838, max: 838 }), fc.nat(59)).map(([h, m]) => `'${h}:${m}:07.25'`)],
  ['CHAR(8) CHARACTER SET utf8mb4 COLLATE utf8mb4_general_ci', wide],
  ['VARCHAR(8) CHARACTER SET utf8mb4 COLLATE utf8mb4_unicode_ci', wide],
  ['VARCHAR(8) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin', wide],
  ['VARCHAR(8) CHARACTER SET utf16 COLLATE utf16_general_ci', wide],
  ['VARCHAR(8) CHARACTER SET latin1 COLLATE latin1_german2_ci', word],
  ['VARCHAR(8) CHARACTER SET sjis', wide],
  ['BINARY(8)', bytes],
  ['VARBINARY(8)', bytes],
];
const OWN: Readonly<Record<'mariadb' | 'mysql', typeof BOTH>> = {
  mariadb: [
    ['VARCHAR(8) CHARACTER SET utf8mb4 COLLATE utf8mb4_nopad_bin', wide],
    ['VARCHAR(8) CHARACTER SET utf8mb4 COLLATE utf8mb4_unicode_nopad_ci', wide],
    [
      'INET6',
      fc
        .uint8Array({ minLength: 16, maxLength: 16 })
        .map((b) => `INET6_NTOA(x'${Buffer.from(b).toString('hex')}')`),
    ],
    ['UUID', fc.uuid().map((id) => `'${id}'`)],
  ],
  mysql: [
    ['VARCHAR(8) CHARACTER SET utf8mb4 COLLATE utf8mb4_0900_ai_ci', wide],
    ['VARCHAR(8) CHARACTER SET utf8mb4 COLLATE utf8mb4_0900_as_cs', wide],
  ],
};

describe.each(['mariadb-10.11', 'mariadb-11.8', 'mysql-9.7'] as const)('chunks on %s', (engine) => {
  let server: RowServer;
  beforeAll(async () => {
    server = await startRowServer(engine);
    await setUpPlanning(server.admin.query);
    await server.admin.query('CREATE DATABASE cut');
  }, 120_000);
  afterAll(() => server?.stop());

  async function make(definition: string, rows: readonly string[]): Promise<void> {
    const { query } = server.admin;
    await query('DROP TABLE IF EXISTS cut.t');
    await query(`CREATE TABLE cut.t (${definition})`);
    if (rows.length > 0) await query(`INSERT IGNORE INTO cut.t VALUES ${rows.join()}`);
  }
  async function chunks(wanted: number): Promise<readonly Chunk[]> {
    const { query } = server.admin;
    const key = (await readChunkKeys(query, 'cut')).get('t');
    return key === undefined ? [] : planChunks({ query, product: server.product, key, wanted });
  }
  async function idsOf(rest = ''): Promise<readonly number[]> {
    const rows = await server.reader.query(`SELECT id FROM cut.t ${rest}`);
    return rows.map(({ id }) => Number(id)).sort((a, b) => a - b);
  }
  const rowsOf = ({ index, condition }: Chunk) => idsOf(`FORCE INDEX (\`${index}\`) WHERE ${condition}`);

  const types = [...BOTH, ...OWN[engine === 'mysql-9.7' ? 'mysql' : 'mariadb']];
  it.each(types)(
    'hold each row once where the key is %s',
    async (type, value) => {
      let mostChunks = 0;
      await fc.assert(
        fc.asyncProperty(
          fc.array(value, { minLength: 1, maxLength: 150 }),
          fc.integer({ min: 2, max: 9 }),
          async (values, wanted) => {
            await make(
              `k ${type} NOT NULL, id INT NOT NULL, PRIMARY KEY (k, id)`,
              values.map((k, id) => `(${k}, ${id})`),
            );
            const found = await chunks(wanted);
            mostChunks = Math.max(mostChunks, found.length);
            if (found.length === 0) return;
            const parts = await Promise.all(found.map(rowsOf));
            expect(parts.flat().sort((a, b) => a - b)).toEqual(await idsOf());
          },
        ),
        { seed: 11, numRuns: RUNS },
      );
      expect(mostChunks).toBeGreaterThan(1);
    },
    120_000,
  );

  it('hold each row once where many rows have no year', async () => {
    const years = Array.from({ length: 600 }, (_, id) => (id < 200 ? 0 : 1970 + (id % 100)));
    await make(
      'k YEAR NOT NULL, id INT NOT NULL, PRIMARY KEY (k, id)',
      years.map((k, id) => `(${k}, ${id})`),
    );
    await server.admin.query('ANALYZE TABLE cut.t');
    const found = await chunks(6);
    expect(found.length).toBeGreaterThan(1);
    const parts = await Promise.all(found.map(rowsOf));
    expect(parts.flat().sort((a, b) => a - b)).toEqual(await idsOf());
  });

  it('are about as large as each other, however the numbers lie', async () => {
    const dense = Array.from({ length: 3000 }, (_, n) => n + 10 ** 6);
    const far = ['-9223372036854775808', '9223372036854775807', '5', '6', '7'];
    await make(
      'id INT NOT NULL, k BIGINT PRIMARY KEY',
      [...far, ...dense].map((k, id) => `(${id}, ${k})`),
    );
    await server.admin.query('ANALYZE TABLE cut.t');
    const found = await chunks(6);
    const sizes = (await Promise.all(found.map(rowsOf))).map(({ length }) => length);
    expect(sizes.length).toBeGreaterThanOrEqual(6);
    expect(sizes.length).toBeLessThanOrEqual(12);
    expect(Math.max(...sizes)).toBeLessThan(1000);
    expect(sizes.reduce((sum, size) => sum + size)).toBe(3005);
  });

  it('are none where the server does not find a bound again', async () => {
    const rows = Array.from({ length: 50 }, (_, n) => `('w${n}', ${n})`);
    await make('k VARCHAR(9) PRIMARY KEY, id INT', rows);
    const { query } = server.admin;
    const key = (await readChunkKeys(query, 'cut')).get('t');
    if (key === undefined) throw new Error('no key');
    const plan = { query, product: server.product, key, wanted: 5 };
    expect(await planChunks(plan)).not.toEqual([]);
    // As where a value that is printed is read as another one.
    const literal = (printed: string) => key.literal(printed.replace(/^../, '7A'));
    expect(await planChunks({ ...plan, key: { ...key, literal } })).toEqual([]);
  });

  it('are none of a table without a key that every row is in', async () => {
    const rows = Array.from({ length: 50 }, (_, n) => `(${n}, ${n})`);
    for (const definition of [
      'id INT, k INT',
      'id INT, k INT NULL, UNIQUE KEY (k)',
      'id INT, k INT, KEY (k)',
      'id INT NOT NULL, k VARCHAR(9) NOT NULL, UNIQUE KEY (k(2), id)',
      'id INT NOT NULL, k TEXT NOT NULL, PRIMARY KEY (k(9))',
    ]) {
      await make(definition, rows);
      expect(await chunks(5)).toEqual([]);
    }
    await make('id INT NOT NULL, k INT NOT NULL, UNIQUE KEY `b``y` (k)', rows);
    expect(await chunks(5)).not.toEqual([]);
    await make('id INT PRIMARY KEY, k INT', []);
    expect(await chunks(5)).toEqual([]);
  });
});
