import { compareContent } from '../../../functions/core/compare-content.ts';
import type { ParallelSchema, StoredTable } from '../../../functions/core/manifest.ts';
import { proveTable } from '../../../functions/engine/parallel/table-proof.ts';
import { readRowTables } from '../../../functions/engine/rows/read-row-tables.ts';
import { emptySchema } from '../../fixtures/records.ts';
import { type RowServer, startRowServer } from '../engine/rows/row-server.ts';

const signal = new AbortController().signal;
const onProgress = () => {};

describe.each(['mariadb-11.8', 'mysql-9.7'] as const)('what was restored on %s', (engine) => {
  let server: RowServer;
  let schema: ParallelSchema;
  beforeAll(async () => {
    server = await startRowServer(engine);
    const { product, reader, admin } = server;
    await admin.query('CREATE DATABASE shop');
    await admin.query('CREATE TABLE shop.items (id INT PRIMARY KEY, price FLOAT)');
    await admin.query('CREATE TABLE shop.nothing (id INT)');
    await admin.query('INSERT INTO shop.items VALUES (1, 16777216), (2, 2)');
    const tables: StoredTable[] = [];
    for (const table of await readRowTables(admin.query, 'shop')) {
      const proof = await proveTable({ converse: reader.converse, product, table, signal, onProgress });
      tables.push({ ...table, ...proof, load: '', chunks: [] });
    }
    const text = { key: '', versionId: '', sizeBytes: 0, sha256: '', parts: [], dumpBytes: 0 };
    schema = { ...emptySchema('shop'), tables, instant: '', definitions: text, objects: text };
  }, 120_000);
  afterAll(() => server?.stop());

  const compared = (...lossy: readonly string[]) =>
    compareContent({
      openRows: () => server.open(),
      product: server.product,
      schema,
      targetSchema: 'shop',
      lossy: new Set(lossy),
      signal,
      onProgress,
    });
  const nothing = { name: 'nothing', rows: 0, content: 'same' };

  it('is the same while nobody has changed it', async () => {
    expect(await compared()).toEqual([{ name: 'items', rows: 2, content: 'same' }, nothing]);
  });

  it.each([
    ['the last bit of a FLOAT', 'UPDATE items SET price = 16777218 WHERE id = 1', 2],
    ['a value that became NULL', 'UPDATE items SET price = NULL WHERE id = 2', 2],
    ['a row that lacks', 'DELETE FROM items WHERE id = 2', 1],
  ])('differs by %s', async (_, change, rows) => {
    await server.admin.query('USE shop');
    await server.admin.query(change);
    expect(await compared()).toEqual([{ name: 'items', rows, content: 'differs' }, nothing]);
    // What may come back as another value is there all the same.
    const content = rows === 2 ? 'lossy' : 'differs';
    expect(await compared('items')).toEqual([{ name: 'items', rows, content }, nothing]);
    await server.admin.query('REPLACE INTO items VALUES (1, 16777216), (2, 2)');
    expect(await compared()).toMatchObject([{ content: 'same' }, nothing]);
  });
});
