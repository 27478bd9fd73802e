import { mysqlConnector } from '../../../../functions/adapters/mysql-connector.ts';
import { dumpSchema } from '../../../../functions/engine/sql/dump-schema.ts';
import type { DumpInput } from '../../../../functions/engine/sql/format-sql.ts';
import { watchPartitions } from '../../../../functions/engine/sql/watch-partitions.ts';
import { dumpInput, makeLargeTable, startTestDatabase, type TestDatabase } from '../test-database.ts';
import { textOf } from './stored-dump.ts';

const START_MS = 10 * 60_000;

/** A dump during which something happens: while its large table is under way, which comes before every `z_…`. */
async function dumpDuring(input: DumpInput, change: () => Promise<unknown>): Promise<string> {
  const { parts } = dumpSchema(input);
  const bodies: Buffer[] = [];
  const first = await parts.next();
  if (!first.done) bodies.push(first.value.body);
  await change();
  for await (const part of parts) bodies.push(part.body);
  return (await textOf(Buffer.concat(bodies))).toString('latin1');
}

describe.each(['mariadb-11.8', 'mysql-9.7'] as const)('a dump of %s beside a change', (name) => {
  let database: TestDatabase;
  beforeAll(async () => {
    database = await startTestDatabase(name);
    await database.root.query('CREATE DATABASE shop');
    await makeLargeTable(database.root, 'shop');
  }, START_MS);
  afterAll(() => database.stop(), START_MS);
  beforeEach(async () => {
    await database.root.query('DROP TABLE IF EXISTS shop.z_items, shop.z_renamed, shop.z_late');
    await database.root.query('CREATE TABLE shop.z_items (word VARCHAR(20) PRIMARY KEY)');
    await database.root.query("INSERT INTO shop.z_items VALUES ('before')");
  });

  it.each([
    ['altered', 'ALTER TABLE shop.z_items ADD COLUMN more INT DEFAULT 1, ALGORITHM = COPY'],
    ['emptied by TRUNCATE', 'TRUNCATE TABLE shop.z_items'],
    ['dropped', 'DROP TABLE shop.z_items'],
    ['renamed', 'RENAME TABLE shop.z_items TO shop.z_renamed'],
  ])('fails, and names the table, when one is %s that is still to come', async (_, sql) => {
    const dump = dumpDuring(dumpInput(database, 'shop'), () => database.root.query(sql));
    await expect(dump).rejects.toMatchObject({
      code: 'dump_failed',
      message: expect.stringContaining('z_items'),
    });
  });

  it.each([
    ['REBUILD PARTITION b', 'id INT PRIMARY KEY'],
    ['TRUNCATE PARTITION b', 'id INT PRIMARY KEY'],
    ['TRUNCATE PARTITION b', 'id INT PRIMARY KEY, word INT, KEY (word)'],
    ['TRUNCATE PARTITION b', 'id INT PRIMARY KEY, word INT'],
  ])('fails, and names the table, after %s of one that is still to come: %s', async (change, columns) => {
    await database.root.query('DROP TABLE shop.z_items');
    await database.root.query(
      `CREATE TABLE shop.z_items (${columns})
         PARTITION BY RANGE (id) (PARTITION a VALUES LESS THAN (10), PARTITION b VALUES LESS THAN MAXVALUE)`,
    );
    await database.root.query('INSERT INTO shop.z_items (id) VALUES (1), (20)');
    const input = dumpInput(database, 'shop');
    const { query, close } = await mysqlConnector({ caFile: database.server.caFile }).connect(input.endpoint);
    // MariaDB needs no look of ours, nor does MySQL where it must read more than an index.
    const watched = name === 'mysql-9.7' ? await watchPartitions(query, 'shop') : undefined;
    expect(watched !== undefined).toBe(name === 'mysql-9.7' && !columns.endsWith('word INT'));
    const dump = dumpDuring(input, () => database.root.query(`ALTER TABLE shop.z_items ${change}`));
    await expect(dump.then(() => watched?.refuseChanged())).rejects.toMatchObject({
      code: 'dump_failed',
      message: expect.stringContaining('z_items'),
    });
    await close();
  });

  if (name === 'mariadb-11.8') {
    it('holds the rows of its instant in the new shape when a column was added at once', async () => {
      const text = await dumpDuring(dumpInput(database, 'shop'), async () => {
        await database.root.query("INSERT INTO shop.z_items VALUES ('after')");
        await database.root.query(
          'ALTER TABLE shop.z_items ADD COLUMN more INT DEFAULT 1, ALGORITHM = INSTANT',
        );
      });
      expect(["('before',1)", "('after'"].filter((part) => text.includes(part))).toEqual(["('before',1)"]);
    });
  }

  it('holds no row and no table that came after its instant', async () => {
    const text = await dumpDuring(dumpInput(database, 'shop'), async () => {
      await database.root.query("INSERT INTO shop.z_items VALUES ('after')");
      await database.root.query('CREATE TABLE shop.z_late (id INT PRIMARY KEY)');
    });
    const found = ["('before')", "('after')", 'CREATE TABLE `z_late`'].filter((part) => text.includes(part));
    expect(found).toEqual(["('before')"]);
  });
});
