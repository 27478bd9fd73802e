import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync, readFileSync, statSync } from 'node:fs';
import { createServer } from 'node:http';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { DynamoDBClient, GetItemCommand } from '@aws-sdk/client-dynamodb';
import { InvokeCommand, LambdaClient } from '@aws-sdk/client-lambda';
import { GetObjectCommand, S3Client } from '@aws-sdk/client-s3';
import { type Cloud, type CloudSetUp, startCloud } from '../../local/cloud.ts';
import { type StackFixture, writeAssembly } from './stack-fixture.ts';
import { temporaryFolder } from './temporary-folder.ts';
import { isAlive, waitUntil } from './wait-until.ts';

const repository = join(import.meta.dirname, '../..');

/** Uses every service from inside a function, as a bundled handler would: with nothing but its environment. */
const CODE = `
import { createRequire } from 'node:module';
import { spawn } from 'node:child_process';
const load = createRequire('${repository}/package.json');
const { DynamoDBClient, PutItemCommand } = load('@aws-sdk/client-dynamodb');
const { S3Client, PutObjectCommand } = load('@aws-sdk/client-s3');
const { KMSClient, GenerateMacCommand } = load('@aws-sdk/client-kms');
const { SecretsManagerClient, CreateSecretCommand, GetSecretValueCommand } = load('@aws-sdk/client-secrets-manager');
const { LambdaClient, InvokeCommand } = load('@aws-sdk/client-lambda');
const { TABLE, BUCKET, KEY, OTHER } = process.env;

const save = async (id) => {
  await new DynamoDBClient().send(new PutItemCommand({ TableName: TABLE, Item: { pk: { S: id }, sk: { S: 'META' } } }));
  await new S3Client().send(new PutObjectCommand({ Bucket: BUCKET, Key: 'objects/' + id, Body: 'body of ' + id }));
};

export const handler = async (event) => {
  const id = event.pathParameters?.id ?? event.id;
  if (event.hang) {
    console.log('pids ' + process.pid + ' ' + spawn('sleep', ['600']).pid);
    await new Promise((resolve) => setTimeout(resolve, 600_000));
  }
  if (event.relayed) return save(event.relayed);
  await save(id);
  const secrets = new SecretsManagerClient();
  const { ARN } = await secrets.send(new CreateSecretCommand({ Name: 'test/' + id, SecretString: 'secret of ' + id }));
  const { SecretString } = await secrets.send(new GetSecretValueCommand({ SecretId: ARN }));
  const { Mac } = await new KMSClient().send(
    new GenerateMacCommand({ KeyId: KEY, Message: Buffer.from('x'), MacAlgorithm: 'HMAC_SHA_256' }),
  );
  const { StatusCode } = await new LambdaClient().send(
    new InvokeCommand({ FunctionName: OTHER, InvocationType: 'Event', Payload: JSON.stringify({ relayed: id + '-later' }) }),
  );
  return { statusCode: 200, body: JSON.stringify({ SecretString, mac: Mac.length, StatusCode }) };
};`;

const Variables = {
  TABLE: { Ref: 'core' },
  BUCKET: { Ref: 'store' },
  KEY: { 'Fn::GetAtt': ['tokens', 'Arn'] },
  OTHER: { Ref: 'worker' },
};
const made = { code: CODE, properties: { Timeout: 30, Environment: { Variables } } };
const STACK: StackFixture = {
  functions: { 'api-things': { ...made, routes: ['POST /things/{id}'] }, worker: made },
  resources: {
    core: {
      Type: 'AWS::DynamoDB::Table',
      Properties: {
        AttributeDefinitions: ['pk', 'sk'].map((AttributeName) => ({ AttributeName, AttributeType: 'S' })),
        KeySchema: [
          { AttributeName: 'pk', KeyType: 'HASH' },
          { AttributeName: 'sk', KeyType: 'RANGE' },
        ],
        BillingMode: 'PAY_PER_REQUEST',
      },
    },
    store: { Type: 'AWS::S3::Bucket', Properties: { VersioningConfiguration: { Status: 'Enabled' } } },
    tokens: { Type: 'AWS::KMS::Key', Properties: { KeySpec: 'HMAC_256', KeyUsage: 'GENERATE_VERIFY_MAC' } },
  },
};

const running: Cloud[] = [];
async function start(setUp: Partial<CloudSetUp> = {}): Promise<Cloud> {
  const cloud = await startCloud({
    assemblyFolder: writeAssembly(STACK),
    dataFolder: join(temporaryFolder(), 'data'),
    ...setUp,
  });
  running.push(cloud);
  return cloud;
}
afterEach(async () => {
  await Promise.all(running.splice(0).map((cloud) => cloud.stop()));
});

const clientOf = ({ awsUrl, operator }: Pick<Cloud, 'awsUrl' | 'operator'>) => ({
  endpoint: awsUrl,
  region: operator.region,
  credentials: operator,
});
async function stored(cloud: Pick<Cloud, 'awsUrl' | 'operator'>, id: string) {
  const { Item } = await new DynamoDBClient(clientOf(cloud)).send(
    new GetItemCommand({ TableName: 'Test-core', Key: { pk: { S: id }, sk: { S: 'META' } } }),
  );
  if (Item === undefined) return undefined;
  const { Body } = await new S3Client(clientOf(cloud)).send(
    new GetObjectCommand({ Bucket: 'test-store', Key: `objects/${id}` }),
  );
  return Body?.transformToString();
}
/** Waits for what an asynchronous invocation writes. */
async function eventuallyStored(cloud: Pick<Cloud, 'awsUrl' | 'operator'>, id: string) {
  const deadline = Date.now() + 15_000;
  while ((await stored(cloud, id).catch(() => undefined)) === undefined && Date.now() < deadline);
  return stored(cloud, id);
}

describe('the local cloud', () => {
  it('serves a request through a function that uses every service', async () => {
    const cloud = await start();
    const response = await fetch(`${cloud.apiUrl}/things/one`, { method: 'POST' });
    expect([response.status, await response.json()]).toEqual([
      200,
      { SecretString: 'secret of one', mac: 32, StatusCode: 202 },
    ]);
    expect(await stored(cloud, 'one')).toBe('body of one');
    expect(await eventuallyStored(cloud, 'one-later')).toBe('body of one-later');
  });

  it('runs a function by the id of its construct, and tells why one failed', async () => {
    const cloud = await start();
    await cloud.invoke('worker', { relayed: 'two' });
    expect(await stored(cloud, 'two')).toBe('body of two');
    expect(cloud.workers()).toEqual([{ functionId: 'worker', pid: expect.any(Number), busy: false }]);
    await expect(cloud.invoke('worker', { id: 'not a name!' })).rejects.toThrow(
      /the function worker failed: .*Name/,
    );
    await expect(cloud.invoke('nobody', {})).rejects.toThrow('has no function nobody');
  });

  it('keeps everything over a restart', async () => {
    const folders = { assemblyFolder: writeAssembly(STACK), dataFolder: join(temporaryFolder(), 'data') };
    const first = await start(folders);
    await first.invoke('worker', { relayed: 'kept' });
    await first.stop();
    const second = await start(folders);
    expect(await stored({ ...second, operator: first.operator }, 'kept')).toBe('body of kept');
  });

  it('keeps what it holds for the user alone', async () => {
    const dataFolder = join(temporaryFolder(), 'data');
    const cloud = await start({ dataFolder });
    await cloud.invoke('worker', { id: 'private' });
    expect(statSync(dataFolder).mode & 0o777).toBe(0o700);
    for (const file of [
      'access-keys.json',
      'kms-keys.json',
      'secrets.sqlite',
      'queue.sqlite',
      'executions.sqlite',
      'logs/worker.log',
    ]) {
      expect([file, statSync(join(dataFolder, file)).mode & 0o777]).toEqual([file, 0o600]);
    }
  });

  it('runs side by side with another, but not on the same data', async () => {
    const dataFolder = join(temporaryFolder(), 'data');
    const [one, other] = [await start({ dataFolder }), await start()];
    expect(one.apiUrl).not.toBe(other.apiUrl);
    await expect(start({ dataFolder })).rejects.toThrow(
      `another local cloud uses the data folder ${dataFolder}`,
    );
    await one.stop();
    await start({ dataFolder });
  });

  it('leaves nothing open where it cannot start', async () => {
    const blocker = createServer();
    await new Promise<void>((ready) => blocker.listen(0, '127.0.0.1', ready));
    const address = blocker.address();
    const port = typeof address === 'object' && address !== null ? address.port : 0;
    const dataFolder = join(temporaryFolder(), 'data');
    await expect(start({ dataFolder, port })).rejects.toThrow(`cannot listen on 127.0.0.1:${port}`);
    await new Promise((closed) => blocker.close(closed));
    await start({ dataFolder, port });
  });

  it('refuses a template that it cannot serve before it touches the data folder', async () => {
    const dataFolder = join(temporaryFolder(), 'data');
    const resources = { dish: { Type: 'AWS::GroundStation::Config' } };
    await expect(start({ dataFolder, assemblyFolder: writeAssembly({ resources }) })).rejects.toThrow(
      'GroundStation',
    );
    expect(() => statSync(dataFolder)).toThrow('ENOENT');
  });
});

describe('a local cloud that is killed', () => {
  it('takes its workers and their children along, and starts again with what was acknowledged', async () => {
    const folders = { assemblyFolder: writeAssembly(STACK), dataFolder: join(temporaryFolder(), 'data') };
    const { child, ...cloud } = await startProcess(folders);
    const response = await fetch(`${cloud.apiUrl}/things/before`, { method: 'POST' });
    expect(response.status).toBe(200);
    const Payload = JSON.stringify({ hang: true });
    const invocation = new LambdaClient({ ...clientOf(cloud), maxAttempts: 1 })
      .send(new InvokeCommand({ FunctionName: 'Test-worker', Payload }))
      .catch((error: unknown) => error);
    const pids = () => pidsIn(join(folders.dataFolder, 'logs/worker.log'));
    await waitUntil(() => pids().length === 2 && pids().every(isAlive), 'the worker and its child run');
    child.kill('SIGKILL');
    expect(await invocation).toBeInstanceOf(Object);
    await waitUntil(() => !pids().some(isAlive), 'all workers and their children are gone');

    const next = await start(folders);
    expect(await stored(next, 'before')).toBe('body of before');
  });
});

/** The process ids that the hanging worker printed. */
function pidsIn(logFile: string): number[] {
  const log = existsSync(logFile) ? readFileSync(logFile, 'utf8') : '';
  return /^pids (\d+) (\d+)$/m.exec(log)?.slice(1).map(Number) ?? [];
}

async function startProcess(folders: Pick<CloudSetUp, 'assemblyFolder' | 'dataFolder'>) {
  const child: ChildProcess = spawn(
    process.execPath,
    [join(import.meta.dirname, 'cloud-process.ts'), folders.assemblyFolder, folders.dataFolder],
    { stdio: ['ignore', 'pipe', 'inherit'], env: { ...process.env, NODE_OPTIONS: '' } },
  );
  if (child.stdout === null) throw new Error('the process has no output');
  for await (const line of createInterface({ input: child.stdout })) {
    const { apiUrl, awsUrl, operator } = JSON.parse(line);
    return { child, apiUrl: String(apiUrl), awsUrl: String(awsUrl), operator };
  }
  throw new Error('the cloud did not start');
}
