import fc from 'fast-check';
import { quoteName } from '../../../../functions/engine/connection.ts';
import { readRowTables } from '../../../../functions/engine/rows/read-row-tables.ts';
import { compareContents } from '../../../../local/compare/compare-contents.ts';
import { connectToRead, type ReadConnection } from '../../../../local/compare/connect.ts';
import { readServerContent } from '../../../../local/compare/read-content.ts';
import { putRows, type RowServer, startRowServer, takeRows } from './row-server.ts';

const SCHEMA = 'random_rows';
const RUNS = process.env.SAFEBASE_FULL === '1' ? 150 : 15;

/** The definition of a column, and literals of values that it may hold. */
interface RandomType {
  readonly definition: string;
  readonly value: fc.Arbitrary<string>;
  readonly only?: 'mariadb' | 'mysql';
}

const hex = (bytes: Iterable<number>): string => {
  const digits = Buffer.from([...bytes]).toString('hex');
  return digits === '' ? "''" : `0x${digits}`;
};
const text = (charset: string, units: fc.Arbitrary<string>, maxLength = 20): fc.Arbitrary<string> =>
  fc
    .array(units, { maxLength })
    .map((parts) => `CONVERT(${hex(Buffer.from(parts.join('')))} USING utf8mb4) COLLATE utf8mb4_bin`)
    .map((literal) => (charset === 'utf8mb4' ? literal : `CONVERT(${literal} USING ${charset})`));
const nasty = fc.constantFrom(
  'a',
  'Z',
  '\\',
  '\t',
  '\n',
  '\r',
  '\0',
  "'",
  '"',
  ' ',
  'N',
  '\b',
  ',',
  '0',
  '\x1a',
);
const wide = fc.oneof(nasty, fc.constantFrom('ä', '–', '漢', '表', '😀', '́'));
const whole = (min: bigint, max: bigint): fc.Arbitrary<string> =>
  fc.oneof(fc.constantFrom(min, max, 0n < min ? min : 0n), fc.bigInt({ min, max })).map(String);
const bytes = (maxLength: number): fc.Arbitrary<string> => fc.uint8Array({ maxLength }).map(hex);
const double = fc
  .oneof(
    fc.double({ noNaN: true, noDefaultInfinity: true }),
    fc.constantFrom(-0, 5e-324, 1.7976931348623157e308, 0.1, 1 / 3),
  )
  .map((number) => (Object.is(number, -0) ? '-0e0' : number.toExponential()));
const float = fc
  .float({ noNaN: true, noDefaultInfinity: true, min: Math.fround(-3.3e38), max: Math.fround(3.3e38) })
  .map((number) => (Object.is(number, -0) ? '-0e0' : number.toExponential()));
const two = (number: number): string => String(number).padStart(2, '0');
const day = fc
  .tuple(fc.integer({ min: 0, max: 9999 }), fc.integer({ min: 0, max: 12 }), fc.integer({ min: 0, max: 31 }))
  .map(([year, month, date]) => `${String(year).padStart(4, '0')}-${two(month)}-${two(date)}`);
const clock = fc
  .tuple(
    fc.integer({ min: 0, max: 23 }),
    fc.integer({ min: 0, max: 59 }),
    fc.integer({ min: 0, max: 999_999 }),
  )
  .map(
    ([hour, minute, micro]) => `${two(hour)}:${two(minute)}:${two(minute)}.${String(micro).padStart(6, '0')}`,
  );

const TYPES: readonly RandomType[] = [
  { definition: 'TINYINT', value: whole(-128n, 127n) },
  { definition: 'INT UNSIGNED ZEROFILL', value: whole(0n, 4294967295n), only: 'mariadb' },
  { definition: 'BIGINT', value: whole(-(2n ** 63n), 2n ** 63n - 1n) },
  { definition: 'BIGINT UNSIGNED', value: whole(0n, 2n ** 64n - 1n) },
  {
    definition: 'DECIMAL(65,30)',
    value: whole(-(10n ** 34n), 10n ** 34n).map((number) => `${number}.000000000000000000000000000001`),
  },
  { definition: 'FLOAT', value: float },
  { definition: 'DOUBLE', value: double },
  { definition: 'DOUBLE(20,4)', value: fc.integer().map((number) => `${number / 10_000}`) },
  { definition: 'BIT(1)', value: whole(0n, 1n) },
  { definition: 'BIT(37)', value: whole(0n, 2n ** 37n - 1n) },
  { definition: 'BIT(64)', value: whole(0n, 2n ** 64n - 1n) },
  { definition: 'DATE', value: day.map((value) => `'${value}'`) },
  { definition: 'DATETIME(6)', value: fc.tuple(day, clock).map(([date, time]) => `'${date} ${time}'`) },
  {
    definition: 'TIMESTAMP(6) NULL',
    value: fc.integer({ min: 1, max: 2147483647 }).map((at) => `FROM_UNIXTIME(${at}.000001)`),
  },
  {
    definition: 'TIME(6)',
    value: fc.integer({ min: -838, max: 838 }).map((hours) => `'${hours}:59:58.999999'`),
  },
  { definition: 'YEAR', value: fc.constantFrom('0', '1901', '2155') },
  { definition: 'CHAR(20) CHARACTER SET utf8mb4', value: text('utf8mb4', wide) },
  {
    definition: 'VARCHAR(60) CHARACTER SET ucs2',
    value: text('ucs2', fc.oneof(nasty, fc.constantFrom('ä', '漢', '上', 'ऀ'))),
  },
  { definition: 'TEXT CHARACTER SET utf16', value: text('utf16', wide) },
  { definition: 'VARCHAR(60) CHARACTER SET utf32', value: text('utf32', wide) },
  {
    definition: 'VARCHAR(60) CHARACTER SET sjis',
    value: text('sjis', fc.constantFrom('表', 'ソ', '十', 'a', '\\', '\n')),
  },
  {
    definition: 'VARCHAR(60) CHARACTER SET gbk',
    value: text('gbk', fc.constantFrom('縗', '誠', '一', 'a', '\t')),
  },
  {
    definition: 'VARCHAR(60) CHARACTER SET big5',
    value: text('big5', fc.constantFrom('功', '許', '蓋', 'a', '\0')),
  },
  {
    definition: 'VARCHAR(60) CHARACTER SET latin1',
    value: fc
      .uint8Array({ maxLength: 60 })
      .map((value) => `_latin1 ${hex(value)}`.replace("_latin1 ''", "''")),
  },
  { definition: 'BINARY(7)', value: bytes(7) },
  { definition: 'VARBINARY(300)', value: bytes(300) },
  {
    definition: 'LONGBLOB',
    value: fc.oneof(
      bytes(3_000),
      fc.nat({ max: 40 }).map((size) => `REPEAT('\\\\\\t\\nabc', ${size * 5_000})`),
    ),
  },
  { definition: "ENUM('a','b','😀') CHARACTER SET utf8mb4", value: whole(1n, 3n) },
  { definition: "ENUM('2','1','0','00001','３') CHARACTER SET utf8mb4", value: whole(1n, 5n) },
  {
    definition: `SET(${Array.from({ length: 64 }, (_, at) => `'${at}'`).join()})`,
    value: whole(0n, 2n ** 64n - 1n),
  },
  { definition: "SET('a','😀','1') CHARACTER SET utf8mb4", value: whole(0n, 7n) },
  {
    definition: 'JSON',
    value: fc.json({ maxDepth: 2 }).map((json) => `CONVERT(${hex(Buffer.from(json))} USING utf8mb4)`),
  },
  {
    definition: 'GEOMETRY',
    value: fc.tuple(fc.integer(), fc.integer()).map(([x, y]) => `ST_GeomFromText('POINT(${x} ${y})')`),
  },
  { definition: 'UUID', value: fc.uuid().map((id) => `'${id}'`), only: 'mariadb' },
  {
    definition: 'INET6',
    value: fc
      .ipV6()
      .map((address) => `'${address}'`)
      .filter((address) => !address.includes('.')),
    only: 'mariadb',
  },
];

const NAMES = ['id', 'a b', 'quo`te', "it's", 'tab\\t', 'größe', 'SELECT', '@c0', '?'];

const randomTable = (product: 'mariadb' | 'mysql') =>
  fc
    .uniqueArray(
      fc.tuple(
        fc.constantFrom(...TYPES.filter(({ only }) => only === undefined || only === product)),
        fc.constantFrom(...NAMES),
      ),
      {
        minLength: 1,
        maxLength: 8,
        selector: ([, name]) => name,
      },
    )
    .chain((columns) =>
      fc.record({
        columns: fc.constant(columns.map(([type, name]) => ({ type, name }))),
        rows: fc.array(
          fc.tuple(
            ...columns.map(([type]) =>
              fc.oneof({ weight: 6, arbitrary: type.value }, { weight: 1, arbitrary: fc.constant('NULL') }),
            ),
          ),
          { maxLength: 12 },
        ),
      }),
    );

describe.each(['mariadb-10.11', 'mariadb-11.8', 'mysql-9.7'] as const)('random tables of %s', (engine) => {
  let server: RowServer;
  let comparer: ReadConnection;
  beforeAll(async () => {
    server = await startRowServer(engine, true);
    comparer = await connectToRead({ socketPath: server.server.socket, user: 'root' });
    await server.admin.query("SET sql_mode = 'NO_AUTO_VALUE_ON_ZERO,ALLOW_INVALID_DATES'");
  }, 120_000);
  afterAll(async () => {
    await comparer?.close();
    await server?.stop();
  });

  it('come back exactly, with the same fingerprint', async () => {
    const { query } = server.admin;
    const table = `${quoteName(SCHEMA)}.${quoteName('t\\`')}`;
    await fc.assert(
      fc.asyncProperty(randomTable(server.product), async ({ columns, rows }) => {
        await query(`DROP DATABASE IF EXISTS ${SCHEMA}`);
        await query(`CREATE DATABASE ${SCHEMA}`);
        await query(
          `CREATE TABLE ${table} (${columns.map(({ type, name }) => `${quoteName(name)} ${type.definition}`).join(', ')})`,
        );
        for (const row of rows) await query(`INSERT INTO ${table} VALUES (${row.join(', ')})`);
        const before = await readServerContent(comparer, [SCHEMA]);
        const [facts] = await readRowTables(query, SCHEMA);
        if (facts === undefined) throw new Error('the table is not found');
        const kept = await takeRows(server, facts);
        expect(kept.proof.rows).toBe(rows.length);
        await query(`TRUNCATE TABLE ${table}`);
        await putRows(server, facts, kept);
        expect(await compareContents(before, await readServerContent(comparer, [SCHEMA]))).toEqual([]);
        expect((await takeRows(server, facts)).proof).toEqual(kept.proof);
      }),
      { numRuns: RUNS, seed: 4 },
    );
  }, 600_000);
});
