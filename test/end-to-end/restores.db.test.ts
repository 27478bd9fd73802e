import type { RowDataPacket } from 'mysql2/promise';
import { obtainEngine } from '../../local/engines/obtain-engine.ts';
import { type RunningServer, startServer } from '../../local/engines/start-server.ts';
import { temporaryFolder } from '../local/temporary-folder.ts';
import { type Laptop, startLaptop } from './laptop.ts';

const START_MS = 240_000;
const TEST_MS = 120_000;

let laptop: Laptop;
beforeAll(async () => {
  laptop = await startLaptop();
}, START_MS);
afterAll(() => laptop?.cloud.stop());

describe.each(['mariadb-11.8', 'mysql-9.7'] as const)('a restore to %s', (engine) => {
  let server: RunningServer;
  beforeAll(async () => {
    server = await startServer({
      engine: await obtainEngine(engine),
      dataFolder: temporaryFolder(),
      eventScheduler: true,
      options: ['--log-bin-trust-function-creators=ON'],
    });
  }, START_MS);
  afterAll(() => server?.kill());

  async function asRoot(...statements: readonly string[]): Promise<unknown> {
    const root = await server.connect();
    let last: unknown;
    for (const statement of statements) [last] = await root.query<RowDataPacket[]>(statement);
    await root.end();
    return last;
  }

  it(
    'starts events only when all else has succeeded',
    async () => {
      await asRoot(
        'CREATE DATABASE ticking',
        'CREATE TABLE ticking.ticks (n INT AUTO_INCREMENT PRIMARY KEY)',
        "CREATE DEFINER=clock@'%' EVENT ticking.tick ON SCHEDULE EVERY 1 HOUR DO INSERT INTO ticks () VALUES ()",
        'CREATE DATABASE gone',
        'CREATE FUNCTION gone.f() RETURNS INT DETERMINISTIC RETURN 1',
        'CREATE DATABASE viewing',
        'CREATE VIEW viewing.v AS SELECT gone.f() AS f',
      );
      const databaseId = await laptop.register(server, ['ticking', 'viewing']);
      const backup = await laptop.backUp(databaseId);
      const events = () =>
        asRoot(
          "SELECT status AS s, definer AS d FROM information_schema.events WHERE event_schema = 'ticking'",
        );

      await asRoot('DROP DATABASE gone');
      const confirm = ['ticking', 'viewing'];
      const failed = await laptop.restore(backup.id, { databaseId, overwrite: true, confirm });
      expect(failed).toMatchObject({ state: 'failed', failure: { code: 'load_failed' } });
      expect(failed.restored[0]).toMatchObject({ state: 'partial', disabledEvents: ['tick'] });
      expect(await events()).toEqual([{ s: 'DISABLED', d: 'clock@%' }]);

      const order = { databaseId, schemas: { ticking: 'ticking' }, overwrite: true, confirm: 'ticking' };
      const restored = await laptop.restore(backup.id, order);
      expect(restored).toMatchObject({ state: 'completed', events: 'as-stored' });
      expect(restored.restored).toMatchObject([{ state: 'restored', disabledEvents: [] }]);
      expect(await events()).toEqual([{ s: 'ENABLED', d: 'clock@%' }]);
    },
    TEST_MS,
  );
});
