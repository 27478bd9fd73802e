/** A laptop whose cloud is a process of its own, to be killed as a power cut would. */
import { type ChildProcess, spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { InvokeCommand, LambdaClient } from '@aws-sdk/client-lambda';
import { readStack } from '../../local/template/model.ts';
import { childrenOf } from '../functions/engine/test-database.ts';
import { temporaryFolder } from '../local/temporary-folder.ts';
import { isAlive, waitUntil } from '../local/wait-until.ts';
import { assemblyIn } from './assembly.ts';
import { type ApiCalls, callApi } from './laptop.ts';
import { SHORT_LEASE } from './scene.ts';

export interface KillableLaptop {
  /** The way to the one that runs now. */
  calls(): ApiCalls;
  /** The processes that serve a function now, busy or not. */
  processesOf(functionId: string): readonly number[];
  /** Kills the cloud, and waits until nothing that it had started is left. */
  kill(): Promise<void>;
  /** Starts it again on the same data. */
  start(): Promise<void>;
  /** For the end of a test. */
  discard(): void;
}

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

export async function startKillableLaptop(): Promise<KillableLaptop> {
  const assemblyFolder = temporaryFolder();
  const dataFolder = temporaryFolder();
  await assemblyIn(assemblyFolder, { settings: SHORT_LEASE });
  let cloud = await startCloudProcess(assemblyFolder, dataFolder);
  const token = await adminToken(cloud, assemblyFolder);
  const instances = () => childrenOf(cloud.process.pid ?? 0, 'bootstrap');
  return {
    calls: () => callApi(cloud.apiUrl, token),
    processesOf: (functionId) => instances().filter((pid) => serves(pid, functionId)),
    kill: async () => {
      const workers = instances();
      const programs = workers.flatMap((pid) => childrenOf(pid, '/bin/m'));
      cloud.process.kill('SIGKILL');
      await waitUntil(() => ![...workers, ...programs].some(isAlive), 'nothing of it is left');
    },
    start: async () => {
      cloud = await startCloudProcess(assemblyFolder, dataFolder);
    },
    discard: () => cloud.process.kill('SIGKILL'),
  };
}

/** Each process of a function has a folder of its own, named after the function. */
function serves(pid: number, functionId: string): boolean {
  try {
    return readFileSync(`/proc/${pid}/environ`, 'latin1').includes(`/${functionId}-`);
  } catch {
    return false;
  }
}

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
