/** Format `parallel` from the request to the restored server, over HTTP. */
import { randomBytes } from 'node:crypto';
import { compareContents } from '../../local/compare/compare-contents.ts';
import { connectToRead } from '../../local/compare/connect.ts';
import type { Content, KnownLoss } from '../../local/compare/content.ts';
import { readServerContent } from '../../local/compare/read-content.ts';
import { obtainEngine } from '../../local/engines/obtain-engine.ts';
import { type RunningServer, startServer } from '../../local/engines/start-server.ts';
import { peakBytesOf } from '../bench/process-tree.ts';
import { CORPUS_OPTIONS, corpusFor, loadCorpusFile } from '../corpus/load.ts';
import { temporaryFolder } from '../local/temporary-folder.ts';
import { END_TO_END_ENGINES } from './engines.ts';
import { type Answer, type Laptop, startLaptop } from './laptop.ts';
import { verificationEnded } from './verification-ended.ts';

const TEST_MS = 600_000;
const IS_FULL = process.env.SAFEBASE_FULL === '1';
/** As a line: also of the corpus, whose largest row has half as many bytes, each of them escaped. */
const LARGEST_ROW = 64_000_000;

const read = async (server: RunningServer, schemas: readonly string[], losses: readonly KnownLoss[]) => {
  const connection = await connectToRead({ socketPath: server.socket, user: 'root' });
  try {
    return await readServerContent(connection, schemas, losses);
  } finally {
    await connection.close();
  }
};

/** What no way out of a server carries. */
const REMAINING = new Set([
  'json_opaque',
  'general_tablespace',
  'archive_auto_increment',
  'history',
  'view_broken',
]);

/** Servers that get the rows by INSERT as well; MySQL takes no others by default. */
const BY_INSERT = new Set<string>(
  process.env.SAFEBASE_FULL === '1' ? ['mariadb-10.11', 'mariadb-11.8', 'mysql-9.7'] : ['mysql-9.7'],
);

describe.each(END_TO_END_ENGINES)('format parallel on %s', (engine) => {
  let laptop: Laptop;
  let server: RunningServer;
  const files = corpusFor(engine);
  const schemas = files.flatMap((file) => file.schemas);

  /** The backup of the corpus, and what it must come back as. */
  let carried: { backup: Answer['body']; databaseId: string; before: Content } | undefined;

  beforeAll(async () => {
    // Less than the page of a table: every one that has a key is cut.
    laptop = await startLaptop({ settings: { CHUNK_BYTES: '8192' } });
    server = await startServer({
      engine: await obtainEngine(engine),
      dataFolder: temporaryFolder(),
      options: [...CORPUS_OPTIONS, '--local-infile=1'],
    });
  }, 240_000);
  afterAll(async () => {
    await server?.kill();
    await laptop?.cloud.stop();
  });

  const run = async (...statements: readonly string[]): Promise<void> => {
    const connection = await server.connect();
    for (const statement of statements) await connection.query(statement);
    await connection.end();
  };
  const drop = (names: readonly string[]) =>
    run(...names.map((name) => `DROP DATABASE IF EXISTS \`${name.replaceAll('`', '``')}\``));

  it(
    'carries every file of the corpus exactly, but for the losses that remain, and proves it',
    async () => {
      for (const file of files) await loadCorpusFile(server, file);
      const databaseId = await laptop.register(server, 'all');
      const backup = await laptop.backUp(databaseId, { format: 'parallel' });
      expect(backup.failure).toBeUndefined();
      expect(backup).toMatchObject({ format: 'parallel', state: 'completed', reread: true });
      const kinds = new Set<string>(backup.losses.map(({ kind }: KnownLoss) => kind));
      expect([...kinds].filter((kind) => !REMAINING.has(kind))).toEqual([]);

      expect((await laptop.api('POST', `/backup/${backup.id}/verify`)).status).toBe(202);
      expect(await verificationEnded(laptop, backup.id)).toMatchObject({ verification: { state: 'passed' } });

      const before = await read(server, schemas, backup.losses);
      await drop(schemas);
      const restore = await laptop.restore(backup.id, { databaseId });
      expect(restore.failure).toBeUndefined();
      expect(restore).toMatchObject({ state: 'completed' });
      expect(await compareContents(before, await read(server, schemas, backup.losses))).toEqual([]);

      await drop(schemas);
      carried = { backup, databaseId, before };
    },
    TEST_MS,
  );

  it(
    'keeps less in memory than 256 MB and three times the largest row, both ways',
    async () => {
      if (IS_FULL) await carryFatRows();
      const peaks = new Map(
        laptop.cloud.workers().map(({ functionId, pid }) => [functionId, peakBytesOf(pid)]),
      );
      for (const worker of ['backup-public', 'restore-public', 'verify']) {
        expect(peaks.get(worker)).toBeGreaterThan(0);
        expect(peaks.get(worker)).toBeLessThan(256e6 + 3 * LARGEST_ROW);
      }
    },
    TEST_MS,
  );

  const onInsert = BY_INSERT.has(engine) ? it : it.skip;
  onInsert(
    'brings all of it by INSERT where the target takes no LOAD DATA LOCAL',
    async () => {
      if (carried === undefined) throw new Error('there is no backup of the corpus');
      const { backup, databaseId, before } = carried;
      await run('SET GLOBAL local_infile = 0');
      const restore = await laptop.restore(backup.id, { databaseId });
      expect(restore.failure).toBeUndefined();
      expect(await compareContents(before, await read(server, schemas, backup.losses))).toEqual([]);
      await run('SET GLOBAL local_infile = 1');
      await drop(schemas);
      // The row, its statement, and twice the driver's, of which one may still be that of the row before.
      const [worker] = laptop.cloud.workers().filter(({ functionId }) => functionId === 'restore-public');
      expect(peakBytesOf(worker?.pid ?? 0)).toBeLessThan(256e6 + 8 * LARGEST_ROW);
    },
    TEST_MS,
  );

  const carryFatRows = async (): Promise<void> => {
    await run('CREATE DATABASE fat', 'CREATE TABLE fat.rows_ (bytes LONGBLOB)');
    const connection = await server.connect();
    // Bytes that cannot be compressed: what is stored is as large.
    for (const size of [LARGEST_ROW, ...Array.from({ length: 30 }, () => 4_000_000)])
      await connection.execute('INSERT INTO fat.rows_ VALUES (?)', [randomBytes(size)]);
    await connection.end();
    const databaseId = await laptop.register(server, ['fat']);
    const backup = await laptop.backUp(databaseId, { format: 'parallel' });
    expect(backup).toMatchObject({ state: 'completed' });
    await drop(['fat']);
    expect(await laptop.restore(backup.id, { databaseId })).toMatchObject({ state: 'completed' });
    await drop(['fat']);
  };

  it(
    'restores under another name, over what is there when asked to, and tells of each table',
    async () => {
      await run(
        'CREATE DATABASE shop',
        'CREATE TABLE shop.items (id INT PRIMARY KEY, price FLOAT)',
        'CREATE TABLE shop.nothing (id INT)',
        'CREATE VIEW shop.dear AS SELECT id FROM shop.items WHERE price > 1',
        'INSERT INTO shop.items VALUES (1, 16777217), (2, 0.333333333)',
      );
      const databaseId = await laptop.register(server, ['shop']);
      const backup = await laptop.backUp(databaseId, { format: 'parallel' });
      expect(backup).toMatchObject({ state: 'completed', losses: [] });
      await drop(['shop']);
      await run('CREATE DATABASE shop', 'CREATE TABLE shop.other (id INT)');
      expect(await laptop.restore(backup.id, { databaseId })).toMatchObject({
        state: 'failed',
        failure: { code: 'target_not_empty' },
      });
      const order = { databaseId, overwrite: true, confirm: 'shop' };
      expect(await laptop.restore(backup.id, order)).toMatchObject({
        state: 'completed',
        restored: [
          {
            target: 'shop',
            state: 'restored',
            tables: [
              { name: 'items', rows: 2, content: 'same' },
              { name: 'nothing', rows: 0, content: 'same' },
            ],
          },
        ],
      });
      // Of another format: rows and objects are compared, bytes are not.
      await run('DELETE FROM shop.items');
      expect(await laptop.backUp(databaseId)).toMatchObject({
        state: 'completed',
        comparedWith: backup.id,
        shrunk: [{ schema: 'shop', what: 'rows', table: 'items', before: 2, now: 0 }],
      });
      await drop(['shop']);
    },
    TEST_MS,
  );
});
