import { mysqlConnector } from '../../../functions/adapters/mysql-connector.ts';
import { refuseChangedServer } from '../../../functions/core/server-changed.ts';
import { readServerLife, type ServerLife } from '../../../functions/engine/catalogue/server-life.ts';
import { obtainEngine } from '../../../local/engines/obtain-engine.ts';
import { type RunningServer, startServer } from '../../../local/engines/start-server.ts';
import { engineEndpoint } from '../../fixtures/engine-endpoint.ts';
import { temporaryFolder } from '../../local/temporary-folder.ts';
import { waitUntil } from '../../local/wait-until.ts';
import { ENGINES, START_MS } from '../engine-server.ts';

const { signal } = new AbortController();

describe.each(ENGINES)('the server of a run, %s,', (engine) => {
  let server: RunningServer;
  let restart: () => Promise<RunningServer>;
  /** As an account without any right sees it. */
  let endpoint: ReturnType<typeof engineEndpoint>;
  const connector = () => mysqlConnector({ caFile: server.caFile });
  const look = async (): Promise<ServerLife> => {
    const session = await connector().connect(endpoint);
    return readServerLife(session.query).finally(session.close);
  };

  beforeAll(async () => {
    const wish = { engine: await obtainEngine(engine), dataFolder: temporaryFolder() };
    server = await startServer(wish);
    // Its port is a part of what MariaDB is known by.
    restart = () => startServer({ ...wish, port: server.port });
    const root = await server.connect();
    await root.query("CREATE USER nobody@'%' IDENTIFIED BY 'An-0rdinary-pw'");
    await root.end();
    endpoint = { ...engineEndpoint(server), username: 'nobody', password: 'An-0rdinary-pw' };
  }, START_MS);
  afterAll(() => server?.kill());

  it(
    'is the same as long as it runs and another life once it was restarted',
    async () => {
      const planned = await look();
      await waitUntil(
        async () => Date.now() / 1_000 > planned.startedUntil + 3,
        'it has run for some seconds',
      );
      await refuseChangedServer(connector(), endpoint, planned, signal);
      const later = await look();
      expect(later.identity).toBe(planned.identity);
      expect(later.startedUntil - planned.startedFrom).toBeLessThanOrEqual(1);

      await server.stop();
      server = await restart();
      await expect(refuseChangedServer(connector(), endpoint, planned, signal)).rejects.toMatchObject({
        code: 'server_changed',
        message: expect.stringMatching(
          /^localhost:\d+ was started at 20.*, and when the run began it was one started at 20/,
        ),
      });
      expect((await look()).identity).toBe(planned.identity);
    },
    START_MS,
  );

  it('is another where its identity is, whenever that was started', async () => {
    const planned = { ...(await look()), identity: 'mysql-00000000-0000-0000-0000-000000000000' };
    await expect(refuseChangedServer(connector(), endpoint, planned, signal)).rejects.toMatchObject({
      code: 'server_changed',
      message: expect.stringContaining('is another server than when the run began'),
    });
  });
});
