import { findOverEvents } from '../../../../functions/engine/catalogue/over-events.ts';
import { ENGINES, type EngineServer, START_MS, startEngineServer } from '../../engine-server.ts';

describe.each(ENGINES)('events whose time is over on %s', (engine) => {
  let server: EngineServer;
  beforeAll(async () => {
    server = await startEngineServer(engine);
  }, START_MS);
  afterAll(() => server?.stop());

  it('are found in the time zone of each', async () => {
    await server.query('CREATE DATABASE shop');
    const make = async (name: string, zone: string, schedule: string): Promise<void> => {
      await server.query(`SET time_zone = '${zone}', timestamp = 1`);
      await server.query(`CREATE EVENT shop.\`${name}\` ON SCHEDULE ${schedule} DISABLE DO SET @x = 1`);
      await server.query("SET time_zone = '+00:00', timestamp = DEFAULT");
    };
    const [clock] = await server.query(
      'SELECT UTC_TIMESTAMP() - INTERVAL 1 HOUR AS past, UTC_TIMESTAMP() + INTERVAL 1 HOUR AS future',
    );
    // The same hands of the clock are hours ago in the east and hours ahead in the west.
    await make('past', '+00:00', `AT '${clock?.past}'`);
    await make('past in the west', '-03:00', `AT '${clock?.past}'`);
    await make('future', '+00:00', `AT '${clock?.future}'`);
    await make('future in the east', '+03:00', `AT '${clock?.future}'`);
    await make('ended', 'SYSTEM', "EVERY 1 DAY STARTS '2020-01-01' ENDS '2021-01-01'");
    await make('going on', 'SYSTEM', "EVERY 1 DAY STARTS '2020-01-01' ENDS '2036-01-01'");
    await make('endless', 'SYSTEM', "EVERY 1 DAY STARTS '2020-01-01'");
    const over = await findOverEvents(server.query, 'shop');
    expect([...over].sort()).toEqual(['ended', 'future in the east', 'past']);
  });
});
