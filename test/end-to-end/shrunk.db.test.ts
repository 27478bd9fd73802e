/** A database that loses what it held between two of its backups. */
import { GetObjectCommand, S3Client } from '@aws-sdk/client-s3';
import type { Connection } from 'mysql2/promise';
import { obtainEngine } from '../../local/engines/obtain-engine.ts';
import { type RunningServer, startServer } from '../../local/engines/start-server.ts';
import { temporaryFolder } from '../local/temporary-folder.ts';
import { type Answer, type Laptop, startLaptop } from './laptop.ts';

const START_MS = 240_000;
const TEST_MS = 120_000;

describe('a database that holds less than in its backup before', () => {
  let laptop: Laptop;
  let server: RunningServer;
  let root: Connection;
  beforeAll(async () => {
    laptop = await startLaptop();
    server = await startServer({ engine: await obtainEngine('mariadb-11.8'), dataFolder: temporaryFolder() });
    root = await server.connect();
  }, START_MS);
  afterAll(async () => {
    await root?.end();
    await laptop?.cloud.stop();
    await server?.kill();
  });

  const run = async (...statements: readonly string[]): Promise<void> => {
    for (const statement of statements) await root.query(statement);
  };
  const manifestOf = async ({ id, databaseId }: Answer['body']) => {
    const { awsUrl, operator, stack } = laptop.cloud;
    const { region } = operator;
    const s3 = new S3Client({ endpoint: awsUrl, region, credentials: operator, forcePathStyle: true });
    const Key = `databases/${databaseId}/backups/${id}/manifest.json`;
    const { Body } = await s3.send(new GetObjectCommand({ Bucket: stack.buckets[0]?.name, Key }));
    return JSON.parse((await Body?.transformToString()) ?? '');
  };

  it(
    'is backed up, and the record says of what there is less; an empty one is not, until that is accepted',
    async () => {
      await run(
        'CREATE DATABASE shop',
        'CREATE TABLE shop.orders (id INT)',
        'CREATE TABLE shop.customers (id INT)',
        'INSERT INTO shop.orders VALUES (1), (2)',
        'CREATE VIEW shop.newest AS SELECT MAX(id) FROM shop.orders',
      );
      const databaseId = await laptop.register(server, ['shop']);
      const first = await laptop.backUp(databaseId);
      expect(first).toMatchObject({ state: 'completed' });
      expect(first).not.toHaveProperty('comparedWith');
      const second = await laptop.backUp(databaseId);
      expect(second).toMatchObject({ state: 'completed', comparedWith: first.id });
      expect(second).not.toHaveProperty('shrunk');

      await run('DROP VIEW shop.newest', 'DELETE FROM shop.orders');
      const shrunk = [
        { schema: 'shop', what: 'views', before: 1, now: 0 },
        { schema: 'shop', what: 'rows', table: 'orders', before: 2, now: 0 },
      ];
      const third = await laptop.backUp(databaseId);
      expect(third).toMatchObject({ state: 'completed', comparedWith: second.id, shrunk });
      expect(await manifestOf(third)).toMatchObject({ comparedWith: second.id, shrunk });

      await run('DROP TABLE shop.orders, shop.customers');
      const refused = await laptop.backUp(databaseId);
      expect(refused).toMatchObject({
        state: 'failed',
        failure: { code: 'schema_emptied', reason: expect.stringContaining(third.id) },
      });
      const order = { databaseId, acceptEmptied: true };
      const started = await laptop.api('POST', '/backup', order);
      expect(started).toMatchObject({ status: 202, body: { acceptEmptied: true } });
      expect(await laptop.ended(`/backup/${started.body.id}`)).toMatchObject({
        state: 'completed',
        comparedWith: third.id,
        shrunk: [{ schema: 'shop', what: 'tables', before: 2, now: 0 }],
      });
      const last = await laptop.backUp(databaseId);
      expect(last).toMatchObject({ state: 'completed', comparedWith: started.body.id });
      expect(last).not.toHaveProperty('shrunk');
    },
    TEST_MS,
  );
});
