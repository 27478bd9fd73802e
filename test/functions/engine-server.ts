import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { mysqlConnector } from '../../functions/adapters/mysql-connector.ts';
import type { SqlSession } from '../../functions/core/ports.ts';
import type { Endpoint, Query } from '../../functions/engine/connection.ts';
import { obtainEngine } from '../../local/engines/obtain-engine.ts';
import { ENGINE_SOURCES, type EngineName } from '../../local/engines/packages.ts';
import { type RunningServer, startServer } from '../../local/engines/start-server.ts';
import { engineEndpoint } from '../fixtures/engine-endpoint.ts';

/** Every engine that the project is tested with. */
export const ENGINES = Object.keys(ENGINE_SOURCES) as EngineName[];

/** One server in everyday runs, the others as well with `--full`: for what takes minutes, and is tested closer by elsewhere. */
export const everyday = (one: EngineName, ...others: readonly EngineName[]): readonly EngineName[] =>
  process.env.SAFEBASE_FULL === '1' ? [one, ...others] : [one];

/** Obtaining an engine for the first time means to download it. */
export const START_MS = 15 * 60_000;

/** A server of a test, reached by the adapter that the functions use, over verified TLS. */
export interface EngineServer {
  readonly server: RunningServer;
  readonly connector: ReturnType<typeof mysqlConnector>;
  /** The administrator's, with what a test changes. */
  endpoint(change?: Partial<Endpoint>): Endpoint;
  /** The administrator's session. */
  readonly query: Query;
  /** Makes an account without any right, or takes all rights from it; the session is a new one. */
  freshAccount(name: string): Promise<void>;
  /** A new session of an account that `freshAccount` made. */
  as(name: string): Promise<SqlSession>;
  /** Asks as administrator until a query gives this many rows; fails after 15 s. */
  waitForRows(count: number, ...asked: Parameters<Query>): Promise<void>;
  stop(): Promise<void>;
}

const PASSWORD = 'An-0rdinary-pw';

export async function startEngineServer(
  engine: EngineName,
  options: readonly string[] = [],
): Promise<EngineServer> {
  const folder = mkdtempSync(join(tmpdir(), 'safebase-catalogue-'));
  const server = await startServer({ engine: await obtainEngine(engine), dataFolder: folder, options });
  const connector = mysqlConnector({ caFile: server.caFile });
  const endpoint = (change: Partial<Endpoint> = {}): Endpoint => ({ ...engineEndpoint(server), ...change });
  const admin = await connector.connect(endpoint());
  const opened: SqlSession[] = [admin];
  return {
    server,
    connector,
    endpoint,
    query: admin.query,
    async freshAccount(name) {
      await admin.query(`DROP USER IF EXISTS \`${name}\`@'%'`);
      await admin.query(`CREATE USER \`${name}\`@'%' IDENTIFIED BY '${PASSWORD}'`);
    },
    async as(name) {
      const session = await connector.connect(endpoint({ username: name, password: PASSWORD }));
      opened.push(session);
      return session;
    },
    async waitForRows(count, ...asked) {
      const deadline = Date.now() + 15_000;
      while ((await admin.query(...asked)).length !== count) {
        if (Date.now() > deadline) throw new Error(`waited in vain for ${count} rows of ${asked[0]}`);
      }
    },
    async stop() {
      await Promise.all(opened.map((session) => session.close()));
      await connector.close();
      await server.kill();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}
