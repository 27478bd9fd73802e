import { once } from 'node:events';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { type AddressInfo, connect, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Connection, RowDataPacket } from 'mysql2/promise';
import { mysqlConnector } from '../../../functions/adapters/mysql-connector.ts';
import type { Endpoint } from '../../../functions/engine/connection.ts';
import { dumpSchema } from '../../../functions/engine/sql/dump-schema.ts';
import type {
  DumpInput,
  DumpSummary,
  LoadInput,
  OpenSession,
} from '../../../functions/engine/sql/format-sql.ts';
import { layerFolder } from '../../../layers/mysql-client/status.ts';
import { obtainEngine } from '../../../local/engines/obtain-engine.ts';
import type { EngineName } from '../../../local/engines/packages.ts';
import { type RunningServer, startServer } from '../../../local/engines/start-server.ts';
import { engineEndpoint } from '../../fixtures/engine-endpoint.ts';

/** Where the programs of the layer lie that run on this machine. */
export const CLIENT_ROOT = join(layerFolder(process.arch === 'arm64' ? 'arm64' : 'x86_64'), 'mysql-client');

/** A real server, and what the engine is given to reach it. */
export interface TestDatabase {
  readonly product: 'mariadb' | 'mysql';
  readonly server: RunningServer;
  /** As root, over the socket. */
  readonly root: Connection;
  readonly endpoint: Endpoint;
  readonly openSession: OpenSession;
  stop(): Promise<void>;
}

export async function startTestDatabase(name: EngineName): Promise<TestDatabase> {
  const folder = mkdtempSync(join(tmpdir(), 'safebase-engine-'));
  const options = ['--max-allowed-packet=256M', '--log-bin-trust-function-creators=1'];
  const server = await startServer({ engine: await obtainEngine(name), dataFolder: folder, options });
  const root = await server.connect();
  root.on('error', () => {});
  const endpoint = engineEndpoint(server);
  const connector = mysqlConnector({ caFile: '' });
  return {
    product: server.engine.maker,
    server,
    root,
    endpoint,
    openSession: (schema) => connector.openStatements(endpoint, schema),
    stop: async () => {
      root.destroy();
      await connector.close();
      await server.kill();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

/** Everything that a dump needs but the schema, small enough that parts come early. */
export const dumpInput = (database: TestDatabase, schema: string): DumpInput => ({
  clientRoot: CLIENT_ROOT,
  endpoint: database.endpoint,
  product: database.product,
  schema,
  ignoredViews: [],
  history: false,
  events: true,
  columnStatistics: database.product === 'mysql',
  isReadable: true,
  zstdLevel: 1,
  partBytes: 64 * 1024,
  signal: new AbortController().signal,
  onProgress: () => {},
});

/** Takes all parts of a dump: the bytes as they are stored, and what its end tells. */
export async function dumpToStore(input: DumpInput): Promise<{ stored: Buffer; summary: DumpSummary }> {
  const { parts, summary } = dumpSchema(input);
  const bodies: Buffer[] = [];
  for await (const part of parts) bodies.push(part.body);
  return { stored: Buffer.concat(bodies), summary: summary() };
}

/** Everything that a load needs but the dump. */
export const loadInput = (
  database: TestDatabase,
  targetSchema: string,
): Omit<LoadInput, 'schema' | 'dump' | 'dumpBytes'> => ({
  clientRoot: CLIENT_ROOT,
  endpoint: database.endpoint,
  product: database.product,
  openSession: database.openSession,
  targetSchema,
  signal: new AbortController().signal,
  onProgress: () => {},
});

/** Drops a schema and makes it anew; gives its name. */
export async function freshSchema(root: Connection, schema: string): Promise<string> {
  await root.query(`DROP DATABASE IF EXISTS ${schema}`);
  await root.query(`CREATE DATABASE ${schema} CHARACTER SET utf8mb4 COLLATE utf8mb4_bin`);
  return schema;
}

/** The first value of each row. */
export async function firstValues(root: Connection, sql: string): Promise<unknown[]> {
  const [rows] = await root.query<RowDataPacket[]>(sql);
  return rows.map((row) => Object.values(row)[0]);
}

/** A table that cannot be compressed, so that a dump of it stands still while nobody takes its parts. */
export async function makeLargeTable(root: Connection, schema: string): Promise<void> {
  await root.query(`CREATE TABLE ${schema}.noise (id INT NOT NULL AUTO_INCREMENT PRIMARY KEY, bytes BLOB)`);
  await root.query(`INSERT INTO ${schema}.noise (bytes) VALUES (RANDOM_BYTES(1000)), (RANDOM_BYTES(1000))`);
  for (let doubled = 0; doubled < 13; doubled += 1) {
    await root.query(`INSERT INTO ${schema}.noise (bytes) SELECT RANDOM_BYTES(1000) FROM ${schema}.noise`);
  }
}

/** Forwards TCP to a port of this machine, until it is cut. */
export async function cuttableProxy(port: number, host = '127.0.0.1') {
  const server = createServer((client) => {
    const upstream = connect(port, '127.0.0.1');
    client.pipe(upstream).pipe(client);
    for (const socket of [client, upstream]) {
      socket.on('error', () => {});
      socket.on('close', () => {
        client.destroy();
        upstream.destroy();
      });
      sockets.add(socket);
    }
  });
  const sockets = new Set<{ destroy(): void }>();
  server.listen(0, host);
  await once(server, 'listening');
  return {
    port: (server.address() as AddressInfo).port,
    cut: () => {
      for (const socket of sockets) socket.destroy();
      server.close();
    },
  };
}

/** The processes that a process has started, and whose command line holds a word. */
export function childrenOf(parent: number, word: string): number[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .map(Number)
    .filter((pid) => {
      try {
        const [, rest = ''] = readFileSync(`/proc/${pid}/stat`, 'utf8').split(/\) /);
        const isChild = Number(rest.split(' ')[1]) === parent && !rest.startsWith('Z');
        return isChild && readFileSync(`/proc/${pid}/cmdline`, 'latin1').includes(word);
      } catch {
        return false;
      }
    });
}
