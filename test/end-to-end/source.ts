/** A server with a filled shop, and a way to it that can be held in the middle of a run. */
import { compareContents, type Difference } from '../../local/compare/compare-contents.ts';
import { connectToRead } from '../../local/compare/connect.ts';
import type { Content } from '../../local/compare/content.ts';
import { readServerContent } from '../../local/compare/read-content.ts';
import { obtainEngine } from '../../local/engines/obtain-engine.ts';
import type { EngineName } from '../../local/engines/packages.ts';
import { type RunningServer, startServer } from '../../local/engines/start-server.ts';
import { fillSampleShop, SAMPLE_SCHEMAS } from '../../local/sample/fill-sample-shop.ts';
import { randomFrom } from '../../local/sample/random.ts';
import { temporaryFolder } from '../local/temporary-folder.ts';
import type { ApiCalls } from './laptop.ts';
import { type PausingProxy, startPausingProxy } from './pausing-proxy.ts';

export interface Source {
  readonly proxy: PausingProxy;
  /** The one that runs now. */
  server(): RunningServer;
  /** Starts the server again on the same data, after a fault has ended it. */
  restartServer(): Promise<void>;
  /** Registers all its schemas, by the way that can be held; gives the id. */
  register(api: ApiCalls): Promise<string>;
  /** How the shop differs from what it held at the beginning. */
  differences(): Promise<readonly Difference[]>;
  close(): Promise<void>;
}

const SHOP_SIZE = { megabytes: 2, seed: 20_261_122 };
/** A schema of its own: more than twice the 8 MiB of the smallest part, so that an upload begins while rows are to come. */
const NOISE_BYTES = 20_000_000;
const ROW_BYTES = 500_000;

/** @param options more options for the server */
export async function openSource(engine: EngineName, options: readonly string[] = []): Promise<Source> {
  const wish = { engine: await obtainEngine(engine), dataFolder: temporaryFolder(), options };
  let server = await startServer(wish);
  await fill(server);
  const proxy = await startPausingProxy(server.port);
  const before = await read(server);
  return {
    proxy,
    server: () => server,
    restartServer: async () => {
      server = await startServer(wish);
      proxy.lead(server.port);
    },
    register: (api) => api.register({ ...server, port: proxy.port }, ['noise', ...SAMPLE_SCHEMAS]),
    differences: async () => compareContents(before, await read(server)),
    close: async () => {
      proxy.close();
      await server.kill();
    },
  };
}

async function fill(server: RunningServer): Promise<void> {
  const connection = await server.connect();
  await fillSampleShop(connection, SHOP_SIZE);
  await connection.query('CREATE DATABASE noise');
  await connection.query('CREATE TABLE noise.noise (id INT PRIMARY KEY, bytes LONGBLOB)');
  const random = randomFrom(SHOP_SIZE.seed);
  for (let id = 0; id < NOISE_BYTES / ROW_BYTES; id += 1) {
    await connection.query('INSERT INTO noise.noise VALUES (?, ?)', [id, random.bytes(ROW_BYTES)]);
  }
  await connection.end();
}

async function read(server: RunningServer): Promise<Content> {
  const connection = await connectToRead({ socketPath: server.socket, user: 'root' });
  try {
    return await readServerContent(connection, SAMPLE_SCHEMAS);
  } finally {
    await connection.close();
  }
}
