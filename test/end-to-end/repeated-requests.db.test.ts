import { obtainEngine } from '../../local/engines/obtain-engine.ts';
import { type RunningServer, startServer } from '../../local/engines/start-server.ts';
import { temporaryFolder } from '../local/temporary-folder.ts';
import { type Laptop, startLaptop } from './laptop.ts';

/** A busy machine starts functions slowly. */
const TEST_MS = 120_000;

describe('a request that comes again', () => {
  let laptop: Laptop;
  let server: RunningServer;

  beforeAll(async () => {
    laptop = await startLaptop();
    server = await startServer({ engine: await obtainEngine('mariadb-11.8'), dataFolder: temporaryFolder() });
    const admin = await server.connect();
    await admin.query('CREATE DATABASE shop');
    await admin.query('CREATE TABLE shop.t (id INT PRIMARY KEY)');
    await admin.query('INSERT INTO shop.t VALUES (1)');
    await admin.end();
  }, 240_000);
  afterAll(async () => {
    await server?.kill();
    await laptop?.cloud.stop();
  });

  const register = (): Promise<string> => laptop.register(server, ['shop']);

  it(
    'starts one backup of many requests at once',
    async () => {
      const databaseId = await register();
      // So that the first does not end before the last has come.
      const owner = await server.connect();
      await owner.query('LOCK TABLES shop.t WRITE');
      const answers = await Promise.all(
        Array.from({ length: 100 }, () => laptop.api('POST', '/backup', { databaseId })),
      );
      await owner.end();
      const [started, ...others] = answers.filter(({ status }) => status === 202);
      expect(others).toEqual([]);
      expect(answers.filter(({ status }) => status === 409)).toHaveLength(99);
      for (const { status, body } of answers) {
        if (status === 409) expect(body).toMatchObject({ code: 'run_active', runId: started?.body.id });
      }
      expect(await laptop.ended(`/backup/${started?.body.id}`)).toMatchObject({ state: 'completed' });
    },
    TEST_MS,
  );

  it(
    'answers a request that is repeated with its Idempotency-Key by the run that it made',
    async () => {
      const databaseId = await register();
      const start = (key: string, body: object = { databaseId }) =>
        laptop.api('POST', '/backup', body, { 'idempotency-key': key });
      const answers = await Promise.all(Array.from({ length: 10 }, () => start('Nightly "1"')));
      expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([400]));
      const repeated = await Promise.all(Array.from({ length: 10 }, () => start('nightly-1')));
      expect(new Set(repeated.map(({ status }) => status))).toEqual(new Set([202]));
      const [id, ...others] = new Set(repeated.map(({ body }) => body.id));
      expect(others).toEqual([]);
      const ended = await laptop.ended(`/backup/${id}`);
      expect(ended).toMatchObject({ state: 'completed' });
      const late = await start('nightly-1');
      expect(late).toMatchObject({ status: 202, body: { id, state: 'completed' } });
      expect(late.headers.get('location')).toBe(`/backup/${id}`);
      expect(await start('nightly-1', { databaseId: await register() })).toMatchObject({
        status: 422,
        body: { code: 'idempotency_key_reused' },
      });
      const restore = (body: object) =>
        laptop.api('POST', `/restore/${id}`, body, { 'idempotency-key': 'back' });
      const order = { databaseId, schemas: { shop: 'shop_again' } };
      const restores = await Promise.all([1, 2, 3].map(() => restore(order)));
      expect(new Set(restores.map(({ status }) => status))).toEqual(new Set([202]));
      const [restoreId, ...more] = new Set(restores.map(({ body }) => body.id));
      expect(more).toEqual([]);
      expect(await laptop.ended(`/restore/${restoreId}`)).toMatchObject({ state: 'completed' });
      expect(await restore({ ...order, overwrite: true })).toMatchObject({ status: 422 });
      const { items } = (await laptop.api('GET', `/backup?databaseId=${databaseId}`)).body;
      expect(items).toHaveLength(1);
    },
    TEST_MS,
  );
});
