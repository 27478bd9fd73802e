/** Laptops whose runs go to AWS and to their database by ways that can fail, each with a schema of one server. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Cloud } from '../../../local/cloud.ts';
import { compareContents } from '../../../local/compare/compare-contents.ts';
import { obtainEngine } from '../../../local/engines/obtain-engine.ts';
import type { EngineName } from '../../../local/engines/packages.ts';
import { type RunningServer, startServer } from '../../../local/engines/start-server.ts';
import { temporaryFolder } from '../../local/temporary-folder.ts';
import { waitUntil } from '../../local/wait-until.ts';
import type { WorkerChanges } from '../assembly.ts';
import { type ApiCalls, startLaptop } from '../laptop.ts';
import type { FaultyWay } from './kinds.ts';
import { fillShop, readShop } from './shop.ts';
import { shortenWaits } from './shorten-waits.ts';
import { type Stored, storedIn } from './stored.ts';
import { type FaultyAws, startFaultyAws } from './way-to-aws.ts';
import { startFaultyServer } from './way-to-server.ts';

export interface FaultStage extends Omit<Stored, 'close'> {
  readonly laptop: ApiCalls;
  readonly databaseId: string;
  /** The only one of the database. */
  readonly schema: string;
  readonly ways: { readonly aws: FaultyAws; readonly database: FaultyWay };
  /** Waits until no function works any more. */
  quiet(): Promise<void>;
  sweep(): Promise<void>;
  /** How the schema differs from what it held at the beginning. */
  differences(): Promise<readonly unknown[]>;
  /** What all functions have printed that names an id. */
  logOf(id: string): string;
}

export interface FaultStages {
  /** Each independent of the others. */
  readonly stages: readonly FaultStage[];
  close(): Promise<void>;
}

/** In the same order as deployed ones: what a call may take with all its attempts is less than a lease. */
const LEASE = { LEASE_MS: '8000', HEARTBEAT_MS: '1000' };
const QUEUE_LEASE = { QUEUE_LEASE_MS: '8000' };
/** A worker keeps a minute of this for its end. */
const TIMEOUT_SECONDS = 70;
/** Of all attempts of all calls of one run. */
export const RUN_MS = 100_000;

/** @param count of stages that are to run side by side */
export async function openFaultStages(engine: EngineName, count: number): Promise<FaultStages> {
  const server = await startServer({
    engine: await obtainEngine(engine),
    dataFolder: temporaryFolder(),
    options: ['--local-infile=1'],
  });
  const schemas = Array.from({ length: count }, (_, index) => `shop${index + 1}`);
  const opened = await Promise.all(schemas.map((schema) => openFaultStage(server, schema)));
  return {
    stages: opened,
    close: async () => {
      await Promise.all(opened.map((stage) => stage.close()));
      await server.kill();
    },
  };
}

async function openFaultStage(server: RunningServer, schema: string) {
  const aws = await startFaultyAws();
  const of = (...names: string[]) =>
    Object.fromEntries(names.map((name) => [`workflows${name}`, aws.settings]));
  const changes: WorkerChanges = {
    settings: LEASE,
    timeoutSeconds: TIMEOUT_SECONDS,
    others: {
      ...of('backup', 'restore', 'expire', 'verify', 'workflow'),
      apiapibackups: QUEUE_LEASE,
      apiapirestores: QUEUE_LEASE,
    },
    changeCode: shortenWaits,
  };
  const begin = ({ awsUrl }: Cloud): void => aws.lead(awsUrl);
  const { cloud, dataFolder, ...laptop } = await startLaptop(changes, { begin });
  await fillShop(server, schema);
  const database = await startFaultyServer(server.port);
  const behindWay = { ...server, port: database.port };
  const databaseId = await laptop.register(behindWay, [schema], { tls: { mode: 'off' } });
  const before = await readShop(server, schema);
  const stored = storedIn(cloud, databaseId);
  return {
    ...stored,
    laptop,
    databaseId,
    schema,
    ways: { aws, database },
    quiet: async () => {
      const isQuiet = (): boolean => !cloud.workers().some(({ busy }) => busy);
      await waitUntil(isQuiet, 'no function works any more', { withinMs: RUN_MS });
    },
    sweep: async () => void (await cloud.invoke('sweep', {})),
    differences: async () => compareContents(before, await readShop(server, schema)),
    logOf: (id: string) =>
      readdirSync(join(dataFolder, 'logs'))
        .flatMap((file) => readFileSync(join(dataFolder, 'logs', file), 'utf8').split('\n'))
        .filter((line) => line.includes(id))
        .join('\n'),
    close: async () => {
      stored.close();
      await cloud.stop();
      aws.close();
      database.close();
    },
  };
}
