/** A server with a filled shop, a laptop that backs it up, and a way between them that can be held in the middle. */
import { ListMultipartUploadsCommand, ListObjectVersionsCommand, S3Client } from '@aws-sdk/client-s3';
import { compareContents, type Difference } from '../../local/compare/compare-contents.ts';
import { connectToRead } from '../../local/compare/connect.ts';
import type { Content } from '../../local/compare/content.ts';
import { readServerContent } from '../../local/compare/read-content.ts';
import { obtainEngine } from '../../local/engines/obtain-engine.ts';
import type { EngineName } from '../../local/engines/packages.ts';
import { type RunningServer, startServer } from '../../local/engines/start-server.ts';
import { fillSampleShop, SAMPLE_SCHEMAS } from '../../local/sample/fill-sample-shop.ts';
import { randomFrom } from '../../local/sample/random.ts';
import { childrenOf } from '../functions/engine/test-database.ts';
import { temporaryFolder } from '../local/temporary-folder.ts';
import type { WorkerChanges } from './assembly.ts';
import { type Laptop, startLaptop } from './laptop.ts';
import { type PausingProxy, startPausingProxy } from './pausing-proxy.ts';

export interface Scene {
  readonly laptop: Laptop;
  readonly proxy: PausingProxy;
  readonly databaseId: string;
  /** The one that runs now. */
  server(): RunningServer;
  /** Starts the server again on the same data, after a fault has ended it. */
  restartServer(): Promise<void>;
  /** How the shop differs from what it held at the beginning. */
  differences(): Promise<readonly Difference[]>;
  /** The worker that holds a run now, and the program that it has started. */
  worker(kind: 'backup' | 'restore'): { readonly pid: number; readonly program: number };
  /** What lies in the bucket under a backup: keys of objects, and of uploads that have not ended. */
  stored(backupId: string): Promise<{ readonly objects: string[]; readonly uploads: string[] }>;
  close(): Promise<void>;
}

/** A worker that is silent for this long is dead; long enough for a busy machine, and waited for by many tests. */
export const LEASE_MS = 5_000;
const SHOP_SIZE = { megabytes: 2, seed: 20_261_122 };
/** A schema of its own: more than the 16 MiB of the smallest part, so that an upload begins while rows are to come. */
const NOISE_BYTES = 20_000_000;
const ROW_BYTES = 500_000;

export async function openScene(engine: EngineName, workers: WorkerChanges = {}): Promise<Scene> {
  const settings = { LEASE_MS: String(LEASE_MS), HEARTBEAT_MS: '500', ...workers.settings };
  const laptop = await startLaptop({ ...workers, settings });
  const wish = { engine: await obtainEngine(engine), dataFolder: temporaryFolder() };
  let server = await startServer(wish);
  await fill(server);
  const proxy = await startPausingProxy(server.port);
  const databaseId = await laptop.register({ ...server, port: proxy.port }, ['noise', ...SAMPLE_SCHEMAS]);
  const before = await read(server);
  const { stored, close } = bucketOf(laptop);
  return {
    laptop,
    proxy,
    databaseId,
    server: () => server,
    restartServer: async () => {
      server = await startServer(wish);
      proxy.lead(server.port);
    },
    differences: async () => compareContents(before, await read(server)),
    worker: (kind) => {
      const busy = laptop.cloud
        .workers()
        .filter((worker) => worker.functionId === `${kind}-public` && worker.busy);
      const [pid] = busy.map((worker) => worker.pid);
      const [program] = pid === undefined ? [] : childrenOf(pid, '/bin/m');
      if (busy.length !== 1 || pid === undefined || program === undefined) {
        throw new Error(`${busy.length} workers are busy with a ${kind}, its program is ${program}`);
      }
      return { pid, program };
    },
    stored,
    close: async () => {
      close();
      proxy.close();
      await laptop.cloud.stop();
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

function bucketOf({ cloud }: Laptop) {
  const { awsUrl: endpoint, operator, stack } = cloud;
  const s3 = new S3Client({ endpoint, region: operator.region, credentials: operator, forcePathStyle: true });
  const Bucket = stack.buckets[0]?.name ?? '';
  const isOf = (backupId: string) => (key: string) => key.includes(`/${backupId}/`);
  return {
    stored: async (backupId: string) => {
      const { Versions = [] } = await s3.send(
        new ListObjectVersionsCommand({ Bucket, Prefix: 'databases/' }),
      );
      const { Uploads = [] } = await s3.send(new ListMultipartUploadsCommand({ Bucket }));
      return {
        objects: Versions.map(({ Key = '' }) => Key).filter(isOf(backupId)),
        uploads: Uploads.map(({ Key = '' }) => Key).filter(isOf(backupId)),
      };
    },
    close: () => s3.destroy(),
  };
}
