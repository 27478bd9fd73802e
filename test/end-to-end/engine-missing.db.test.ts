import { obtainEngine } from '../../local/engines/obtain-engine.ts';
import { type RunningServer, startServer } from '../../local/engines/start-server.ts';
import { temporaryFolder } from '../local/temporary-folder.ts';
import { type Laptop, startLaptop } from './laptop.ts';

describe('a target without a storage engine of the backup', () => {
  let laptop: Laptop;
  let server: RunningServer;
  beforeAll(async () => {
    laptop = await startLaptop();
    server = await startServer({ engine: await obtainEngine('mariadb-11.8'), dataFolder: temporaryFolder() });
  }, 60_000);
  afterAll(async () => {
    await server?.kill();
    await laptop?.cloud.stop();
  });

  it('is found before what stands there is dropped', async () => {
    const root = await server.connect();
    await root.query("INSTALL SONAME 'ha_archive'");
    await root.query('CREATE DATABASE kept');
    await root.query('CREATE TABLE kept.log (line TEXT) ENGINE=ARCHIVE');
    const databaseId = await laptop.register(server, ['kept']);
    const backup = await laptop.backUp(databaseId);
    await root.query('DROP TABLE kept.log');
    await root.query("UNINSTALL SONAME 'ha_archive'");
    await root.query('CREATE TABLE kept.today (n INT)');
    await root.query('INSERT INTO kept.today VALUES (7)');

    const restore = await laptop.restore(backup.id, { databaseId, overwrite: true, confirm: 'kept' });
    expect(restore).toMatchObject({ state: 'failed', failure: { code: 'engine_missing' } });
    expect(restore.restored).toMatchObject([{ target: 'kept', state: 'untouched' }]);
    const [rows] = await root.query('SELECT n FROM kept.today');
    expect(rows).toEqual([{ n: 7 }]);
    await root.end();
  }, 60_000);
});
