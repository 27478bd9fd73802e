/** A local cloud in a process of its own: to be killed as a power cut would, or measured as `npm start` would run it. */
import { type ChildProcess, spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { InvokeCommand, LambdaClient } from '@aws-sdk/client-lambda';
import { readStack } from '../../local/template/model.ts';
import { childrenOf } from '../functions/engine/test-database.ts';

export interface CloudProcess {
  readonly process: ChildProcess;
  readonly apiUrl: string;
  readonly awsUrl: string;
  readonly operator: {
    readonly accessKeyId: string;
    readonly secretAccessKey: string;
    readonly region: string;
  };
}

/** @param flags of Node */
export async function startCloudProcess(
  assemblyFolder: string,
  dataFolder: string,
  flags: readonly string[] = [],
): Promise<CloudProcess> {
  const script = join(import.meta.dirname, 'cloud-process.ts');
  const child = spawn(process.execPath, [...flags, script, assemblyFolder, dataFolder], {
    stdio: ['ignore', 'pipe', 'inherit'],
    env: { ...process.env, NODE_OPTIONS: '' },
  });
  for await (const line of createInterface({ input: child.stdout })) {
    return { process: child, ...JSON.parse(line) };
  }
  throw new Error('the cloud did not start');
}

/** A new token of an administrator. */
export async function adminToken(
  { awsUrl, operator }: CloudProcess,
  assemblyFolder: string,
): Promise<string> {
  const { functions } = readStack(assemblyFolder);
  const FunctionName = functions.find(({ id }) => id === 'admin-token')?.name;
  const lambda = new LambdaClient({ endpoint: awsUrl, region: operator.region, credentials: operator });
  const Payload = JSON.stringify({ name: 'test' });
  const answer = await lambda.send(new InvokeCommand({ FunctionName, Payload }));
  lambda.destroy();
  return JSON.parse(answer.Payload?.transformToString() ?? '{}').token;
}

/** All processes that serve functions, busy or not. */
export const instancesOf = ({ process: { pid = 0 } }: CloudProcess): readonly number[] =>
  childrenOf(pid, 'bootstrap');

/** Those that serve one function: each has a folder of its own, named after the function. */
export const processesOf = (cloud: CloudProcess, functionId: string): readonly number[] =>
  instancesOf(cloud).filter((pid) => {
    try {
      return readFileSync(`/proc/${pid}/environ`, 'latin1').includes(`/${functionId}-`);
    } catch {
      return false;
    }
  });
