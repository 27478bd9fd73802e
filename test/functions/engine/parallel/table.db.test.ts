/** Rows out of a server into an object, and in again. */
import { dumpTable } from '../../../../functions/engine/parallel/dump-table.ts';
import { insertTable } from '../../../../functions/engine/parallel/insert-table.ts';
import { checkTable, loadTable } from '../../../../functions/engine/parallel/load-table.ts';
import { readRowTables } from '../../../../functions/engine/rows/read-row-tables.ts';
import type { RowTable } from '../../../../functions/engine/rows/table-rows.ts';
import { type RowServer, startRowServer } from '../rows/row-server.ts';

const never = () => new AbortController().signal;
const ROWS = 20_000;

describe.each(['mariadb-11.8', 'mysql-9.7'] as const)('a table on %s', (engine) => {
  let server: RowServer;
  let tables: ReadonlyMap<string, RowTable>;
  const tableOf = (name: string): RowTable => {
    const table = tables.get(name);
    if (table === undefined) throw new Error(`no table ${name}`);
    return table;
  };
  beforeAll(async () => {
    server = await startRowServer(engine);
    const { query } = server.admin;
    await query('CREATE DATABASE shop');
    await query('CREATE TABLE shop.t (id INT PRIMARY KEY, f FLOAT, note VARCHAR(200))');
    const series = 'WITH RECURSIVE s (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM s WHERE n < 200)';
    await query(
      `INSERT INTO shop.t ${series} SELECT (a.n - 1) * 200 + b.n, a.n / 3, REPEAT(CHAR(b.n), 50) FROM s a, s b LIMIT ${ROWS}`,
    );
    await query('CREATE TABLE shop.copy LIKE shop.t');
    await query('CREATE TABLE shop.nothing (a INT)');
    tables = new Map((await readRowTables(query, 'shop')).map((table) => [table.name, table]));
  }, 120_000);
  afterAll(() => server?.stop());

  async function dumped(name: string, partBytes = 64 * 1024) {
    const { reader, product } = server;
    const given = { product, zstdLevel: 1, partBytes, signal: never(), onProgress: () => undefined };
    const dump = dumpTable({ ...given, converse: reader.converse, table: tableOf(name) });
    const bodies: Buffer[] = [];
    for await (const part of dump.parts) bodies.push(Buffer.from(part.body));
    return { bodies, rows: dump.summary() };
  }
  async function* each(bodies: readonly Buffer[]) {
    yield* bodies;
  }
  const reading = ({ bodies, rows }: Awaited<ReturnType<typeof dumped>>) => ({
    stored: each(bodies),
    proof: rows,
    signal: never(),
    onProgress: () => undefined,
  });

  it('comes back with the same fingerprint', async () => {
    const made = await dumped('t');
    expect(made.rows).toMatchObject({ rows: ROWS, parts: { length: made.bodies.length } });
    expect(made.bodies.length).toBeGreaterThan(1);
    await checkTable(reading(made));
    const { loader, product } = server;
    await loadTable({ ...reading(made), converse: loader.converse, product, table: tableOf('copy') });
    const { rows: again } = await dumped('copy');
    expect(again).toMatchObject({ rows: ROWS, fingerprint: made.rows.fingerprint });
  });

  it('comes back with the same fingerprint by INSERT, in statements of any length', async () => {
    const made = await dumped('t');
    for (const maxAllowedPacketBytes of [1_000, 100_000, 64 * 1024 * 1024]) {
      await server.admin.query('DELETE FROM shop.copy');
      const session = server.loader;
      const table = tableOf('copy');
      await insertTable({ ...reading(made), session, product: server.product, table, maxAllowedPacketBytes });
      const { rows: again } = await dumped('copy');
      expect(again).toMatchObject({ rows: ROWS, fingerprint: made.rows.fingerprint });
    }
  });

  it('is refused by INSERT where the server takes no statement that long', async () => {
    const made = await dumped('t');
    const [session, table] = [server.loader, tableOf('nothing')];
    const given = {
      ...reading(made),
      session,
      product: server.product,
      table: { ...table, columns: tableOf('t').columns },
    };
    await expect(insertTable({ ...given, maxAllowedPacketBytes: 100 })).rejects.toMatchObject({
      code: 'packet_too_small',
    });
  });

  it('is refused by INSERT where the server changes a value', async () => {
    await server.admin.query('DELETE FROM shop.copy');
    const made = await dumped('t');
    await server.admin.query('CREATE TABLE shop.narrow (id INT PRIMARY KEY, f FLOAT, note VARCHAR(3))');
    const [narrow] = (await readRowTables(server.admin.query, 'shop')).filter(
      ({ name }) => name === 'narrow',
    );
    const session = server.loader;
    const given = { ...reading(made), session, product: server.product, maxAllowedPacketBytes: 1024 * 1024 };
    await expect(insertTable({ ...given, table: narrow ?? tableOf('t') })).rejects.toMatchObject({
      code: 'load_failed',
      message: expect.stringContaining('warnings'),
    });
  });

  it('has no part where it has no rows', async () => {
    const made = await dumped('nothing');
    expect(made).toMatchObject({ bodies: [], rows: { rows: 0, bytes: 0, sizeBytes: 0 } });
    await checkTable(reading(made));
  });

  it('is refused where its object holds other rows, before the server keeps one', async () => {
    await server.admin.query('DELETE FROM shop.copy');
    const made = await dumped('t');
    const other = { ...made, rows: { ...made.rows, fingerprint: '0'.repeat(32) } };
    await expect(checkTable(reading(other))).rejects.toMatchObject({ code: 'backup_damaged' });
    const session = await server.open();
    const table = tableOf('copy');
    const load = loadTable({ ...reading(other), converse: session.converse, product: server.product, table });
    await expect(load).rejects.toMatchObject({ code: 'backup_damaged' });
    expect(await server.admin.query('SELECT COUNT(*) AS n FROM shop.copy')).toEqual([{ n: '0' }]);
  });
});
