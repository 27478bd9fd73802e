import fc from 'fast-check';
import { quoteName } from '../../../../functions/engine/connection.ts';
import { readRowTables } from '../../../../functions/engine/rows/read-row-tables.ts';
import { compareContents } from '../../../../local/compare/compare-contents.ts';
import { connectToRead, type ReadConnection } from '../../../../local/compare/connect.ts';
import { readServerContent } from '../../../../local/compare/read-content.ts';
import { RANDOM_TYPES } from '../../../fixtures/random-types.ts';
import { putRows, type RowServer, startRowServer, takeRows } from './row-server.ts';

const SCHEMA = 'random_rows';
const RUNS = process.env.SAFEBASE_FULL === '1' ? 150 : 15;

const NAMES = ['id', 'a b', 'quo`te', "it's", 'tab\\t', 'größe', 'SELECT', '@c0', '?'];

const randomTable = (product: 'mariadb' | 'mysql') =>
  fc
    .uniqueArray(
      fc.tuple(
        fc.constantFrom(...RANDOM_TYPES.filter(({ only }) => only === undefined || only === product)),
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
