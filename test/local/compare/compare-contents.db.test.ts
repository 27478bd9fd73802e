import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { CATALOGUE, NOT_COMPARED } from '../../../local/compare/catalogue.ts';
import { compareContents } from '../../../local/compare/compare-contents.ts';
import { connectToRead, type ReadConnection } from '../../../local/compare/connect.ts';
import type { Content } from '../../../local/compare/content.ts';
import { readServerContent } from '../../../local/compare/read-content.ts';
import { obtainEngine } from '../../../local/engines/obtain-engine.ts';
import { type RunningServer, startServer } from '../../../local/engines/start-server.ts';
import { PLANTED } from './planted-differences.ts';
import { schemaFor } from './twin-schema.ts';

describe.each(['mariadb-10.11', 'mariadb-11.8', 'mysql-9.7'] as const)('on %s', (engine) => {
  let folder: string;
  let server: RunningServer;
  let reader: ReadConnection;
  let untouched: Content;
  const product = engine === 'mysql-9.7' ? 'mysql' : 'mariadb';

  const run = async (statements: readonly string[]): Promise<void> => {
    const connection = await server.connect();
    try {
      for (const sql of statements) await connection.query(sql);
    } finally {
      await connection.end();
    }
  };
  const asBefore = ['USE twin', "SET sql_mode = '', time_zone = '+00:00'", 'SET NAMES utf8mb4'];
  const read = (): Promise<Content> => readServerContent(reader, ['twin']);

  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'safebase-compare-'));
    server = await startServer({ engine: await obtainEngine(engine), dataFolder: folder });
    reader = await connectToRead({ socketPath: server.socket, user: 'root' });
    await run(schemaFor(product));
    untouched = await read();
  }, 120_000);
  afterAll(async () => {
    await reader?.close();
    await server?.kill();
    rmSync(folder, { recursive: true, force: true });
  });

  it('finds nothing between two readings, and nothing after the schema was made anew', async () => {
    expect(await compareContents(untouched, await read())).toEqual([]);
    await run(schemaFor(product));
    expect(await compareContents(untouched, await read())).toEqual([]);
  });

  it.each(PLANTED.filter((planted) => planted.only === undefined || planted.only === product))(
    'finds $name',
    async ({ change, found }) => {
      await run([...asBefore, ...change]);
      const differences = await compareContents(untouched, await read());
      await run(schemaFor(product));
      expect(differences.map(({ object, what }) => `${object} ${what}`)).toContainEqual(
        expect.stringMatching(new RegExp(`^${found.replaceAll('.', '\\.')}`)),
      );
    },
  );

  // What a loss leaves to be compared, and what it does not.
  it.each([
    ['float_digits', 'weight', 'weight = 16777214 WHERE id = 2', 'weight = 16777300 WHERE id = 2'],
    ['negative_zero', 'ratio', 'ratio = -1e0 * 0 WHERE id = 2', 'ratio = 1e-300 WHERE id = 2'],
    [
      'json_opaque',
      'doc',
      `doc = ${product === 'mysql' ? "JSON_OBJECT('a', 2.50)" : `'{"a": 2.50}'`} WHERE id = 2`,
      `doc = '{"a": 2.51}' WHERE id = 2`,
    ],
    ['enum_index_zero', 'size', 'size = 0 WHERE id = 2', "size = 'S' WHERE id = 2"],
  ])('with the loss %s of a column compares the rest of its values', async (kind, column, lost, changed) => {
    const losses = [{ kind, schema: 'twin', object: 'goods', column }];
    const readLosing = (): Promise<Content> => readServerContent(reader, ['twin'], losses);
    await run([...asBefore, `UPDATE goods SET ratio = 0, size = 1, doc = '{"a": 2.5}' WHERE id = 2`]);
    const before = await readLosing();
    // MySQL skips an update of JSON to a value that compares as equal.
    const emptied = column === 'doc' ? ['UPDATE goods SET doc = NULL WHERE id = 2'] : [];
    await run([...asBefore, ...emptied, `UPDATE IGNORE goods SET ${lost}`]);
    expect(await compareContents(before, await readLosing())).toEqual([]);
    await run([...asBefore, `UPDATE goods SET ${changed}`]);
    expect((await compareContents(before, await readLosing())).map(({ what }) => what)).toEqual(['rows']);
    await run(schemaFor(product));
  });

  it('takes a signed and an unsigned integer inside JSON for the same', async () => {
    await run([...asBefore, "UPDATE goods SET doc = JSON_OBJECT('a', CAST(5 AS SIGNED)) WHERE id = 1"]);
    const before = await read();
    const unsigned = "UPDATE goods SET doc = JSON_OBJECT('a', CAST(5 AS UNSIGNED)) WHERE id = 1";
    await run([...asBefore, 'UPDATE goods SET doc = NULL WHERE id = 1', unsigned]);
    expect(await compareContents(before, await read())).toEqual([]);
    await run(schemaFor(product));
  });

  it('refuses to compare schemas that are not there', async () => {
    const nothing = await readServerContent(reader, ['nowhere']);
    await expect(compareContents(nothing, nothing)).rejects.toThrow('nothing to compare');
    const gone = await compareContents(untouched, nothing);
    expect(gone.map(({ object, what }) => `${object} ${what}`)).toContain('twin.orders rows');
  });

  it('knows every view of information_schema that speaks of schemas', async () => {
    const rows = await reader.rows(
      `SELECT DISTINCT LOWER(table_name) AS view FROM information_schema.columns
       WHERE table_schema = 'information_schema' AND column_name LIKE '%schema%'`,
    );
    const known = [...CATALOGUE.map(({ view }) => view), ...Object.keys(NOT_COMPARED)];
    expect(rows.map((row) => String(row.get('view'))).filter((view) => !known.includes(view))).toEqual([]);
  });
});
