import { type ChildProcess, spawn } from 'node:child_process';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { InvokeCommand, LambdaClient } from '@aws-sdk/client-lambda';
import { readStack } from '../../local/template/model.ts';
import { childrenOf } from '../functions/engine/test-database.ts';
import { temporaryFolder } from '../local/temporary-folder.ts';
import { isAlive, waitUntil } from '../local/wait-until.ts';
import { assemblyIn } from './assembly.ts';
import type { RunKind } from './faults.ts';
import { type ApiCalls, callApi } from './laptop.ts';
import { SHORT_LEASE } from './scene.ts';
import { openSource, type Source } from './source.ts';
import { holdRunIn, overwriting } from './strike-in.ts';

const START_MS = 240_000;
const TEST_MS = 120_000;
const MIDDLE = { backup: 10_000_000, restore: 1_500_000 };

/** A cloud in a process of its own, that can be killed as a power cut would. */
interface CloudProcess {
  readonly process: ChildProcess;
  readonly apiUrl: string;
  readonly awsUrl: string;
  readonly operator: {
    readonly accessKeyId: string;
    readonly secretAccessKey: string;
    readonly region: string;
  };
}

describe('a laptop that is killed in the middle of a run', () => {
  const assemblyFolder = temporaryFolder();
  const dataFolder = temporaryFolder();
  let source: Source;
  let cloud: CloudProcess;
  let token: string;
  let databaseId: string;
  let laptop: ApiCalls;

  const start = async () => {
    cloud = await startCloudProcess(assemblyFolder, dataFolder);
    token ??= await adminToken(cloud, assemblyFolder);
    laptop = callApi(cloud.apiUrl, token);
  };
  beforeAll(async () => {
    await assemblyIn(assemblyFolder, { settings: SHORT_LEASE });
    await start();
    source = await openSource('mariadb-11.8');
    databaseId = await source.register(laptop);
  }, START_MS);
  afterAll(async () => {
    cloud?.process.kill('SIGKILL');
    await source?.close();
  });

  /** Kills all in the middle of a run, starts again on the same data, and waits for the run's end. */
  const killedIn = async (kind: RunKind, backupId = '') => {
    const stage = { laptop, proxy: source.proxy, databaseId };
    const path = await holdRunIn(stage, { kind, bytes: MIDDLE[kind], backupId });
    const workers = childrenOf(cloud.process.pid ?? 0, 'bootstrap');
    const programs = workers.flatMap((pid) => childrenOf(pid, '/bin/m'));
    expect(programs).toHaveLength(1);
    cloud.process.kill('SIGKILL');
    await waitUntil(() => ![...workers, ...programs].some(isAlive), 'nothing of it is left');
    source.proxy.release();
    await start();
    return laptop.ended(path);
  };

  it(
    'finds it failed when it is started again, and makes the next one',
    async () => {
      const lost = await killedIn('backup');
      expect(lost).toMatchObject({ state: 'failed', failure: { code: 'worker_lost' } });
      const backup = await laptop.backUp(databaseId);
      expect(backup).toMatchObject({ state: 'completed', reread: true });

      const half = await killedIn('restore', backup.id);
      expect(half).toMatchObject({
        state: 'failed',
        failure: { code: 'worker_lost' },
        restored: [{ state: 'partial' }, { state: 'untouched' }],
      });
      expect(await laptop.restore(backup.id, overwriting(databaseId))).toMatchObject({ state: 'completed' });
      expect(await source.differences()).toEqual([]);
      expect((await laptop.api('GET', `/backup/${lost.id}`)).body).toEqual(lost);
      expect((await laptop.api('GET', `/restore/${half.id}`)).body).toEqual(half);
    },
    TEST_MS,
  );
});

async function startCloudProcess(assemblyFolder: string, dataFolder: string): Promise<CloudProcess> {
  const script = join(import.meta.dirname, '../local/cloud-process.ts');
  const child = spawn(process.execPath, [script, assemblyFolder, dataFolder], {
    stdio: ['ignore', 'pipe', 'inherit'],
    env: { ...process.env, NODE_OPTIONS: '' },
  });
  for await (const line of createInterface({ input: child.stdout })) {
    return { process: child, ...JSON.parse(line) };
  }
  throw new Error('the cloud did not start');
}

async function adminToken({ awsUrl, operator }: CloudProcess, assemblyFolder: string): Promise<string> {
  const { functions } = readStack(assemblyFolder);
  const FunctionName = functions.find(({ id }) => id === 'admin-token')?.name;
  const lambda = new LambdaClient({ endpoint: awsUrl, region: operator.region, credentials: operator });
  const Payload = JSON.stringify({ name: 'end-to-end' });
  const answer = await lambda.send(new InvokeCommand({ FunctionName, Payload }));
  lambda.destroy();
  return JSON.parse(answer.Payload?.transformToString() ?? '{}').token;
}
