import { loadSchema } from '../../../../functions/engine/sql/load-schema.ts';
import { loadInput, startTestDatabase, type TestDatabase } from '../test-database.ts';
import { END_LINE, inChunks, storedDump, storedFrames } from './stored-dump.ts';

const START_MS = 10 * 60_000;
const LIMIT_BYTES = 1024 * 1024;

describe.each(['mariadb-11.8', 'mysql-9.7'] as const)('a load into %s with a small packet limit', (name) => {
  let database: TestDatabase;
  beforeAll(async () => {
    database = await startTestDatabase(name);
    await database.root.query(`SET GLOBAL max_allowed_packet = ${LIMIT_BYTES}`);
    await database.root.query('CREATE DATABASE shop');
  }, START_MS);
  afterAll(() => database.stop(), START_MS);

  it('never ends well with a row beyond it, and has loaded what stands before', async () => {
    const row = 'x'.repeat(LIMIT_BYTES + 1);
    const text = `CREATE TABLE \`t\` (\`x\` longtext) ENGINE=InnoDB;\nINSERT INTO \`t\` VALUES ('small');\nINSERT INTO \`t\` VALUES ('${row}');\n${END_LINE}`;
    const load = loadSchema({
      ...loadInput(database, 'shop'),
      ...storedDump(text, { dump: storedFrames(inChunks(Buffer.from(text), 100_000)) }),
    });
    await expect(load).rejects.toMatchObject({
      code: expect.stringMatching(/^(load_failed|connection_lost)$/),
    });
    expect((await database.root.query('SELECT x FROM shop.t'))[0]).toEqual([{ x: 'small' }]);
  });
});
