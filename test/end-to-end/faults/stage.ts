/** A laptop whose runs go to AWS and to their database by ways that can fail; small, as each call costs a run. */
import { createHash } from 'node:crypto';
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { zstdDecompressSync } from 'node:zlib';
import { DynamoDBClient, GetItemCommand } from '@aws-sdk/client-dynamodb';
import {
  GetObjectCommand,
  ListMultipartUploadsCommand,
  ListObjectVersionsCommand,
  S3Client,
} from '@aws-sdk/client-s3';
import { unmarshall } from '@aws-sdk/util-dynamodb';
import { startCloud } from '../../../local/cloud.ts';
import { compareContents } from '../../../local/compare/compare-contents.ts';
import { connectToRead } from '../../../local/compare/connect.ts';
import { readServerContent } from '../../../local/compare/read-content.ts';
import { obtainEngine } from '../../../local/engines/obtain-engine.ts';
import type { EngineName } from '../../../local/engines/packages.ts';
import { type RunningServer, startServer } from '../../../local/engines/start-server.ts';
import { randomFrom } from '../../../local/sample/random.ts';
import { temporaryFolder } from '../../local/temporary-folder.ts';
import { assemblyIn } from '../assembly.ts';
import { type ApiCalls, callApi } from '../laptop.ts';
import type { FaultyWay } from './kinds.ts';
import { type FaultyAws, startFaultyAws } from './way-to-aws.ts';
import { startFaultyServer } from './way-to-server.ts';

export interface FaultStage {
  readonly laptop: ApiCalls;
  readonly databaseId: string;
  readonly ways: { readonly aws: FaultyAws; readonly database: FaultyWay };
  /** Waits until no function works any more. */
  quiet(): Promise<void>;
  sweep(): Promise<void>;
  /** Keys of all objects of a backup, and of what marks them as deleted. */
  objectsOf(backupId: string): Promise<readonly string[]>;
  /** Keys of all uploads that have not ended. */
  uploads(): Promise<readonly string[]>;
  /** The SQL of the only schema of a backup, without its times, after its manifest was held against its record. */
  dumpOf(backupId: string): Promise<string>;
  /** How the schema differs from what it held at the beginning. */
  differences(): Promise<readonly unknown[]>;
  /** What all functions have printed that names an id. */
  logOf(id: string): string;
  close(): Promise<void>;
}

export const SCHEMA = 'shop';
/** In the same order as deployed ones: what a call may take with all its attempts is less than a lease. */
const LEASE = { LEASE_MS: '8000', HEARTBEAT_MS: '1000' };
const QUEUE_LEASE = { QUEUE_LEASE_MS: '8000' };
/** A worker keeps a minute of this for its end. */
const TIMEOUT_SECONDS = 70;

export async function openFaultStage(engine: EngineName): Promise<FaultStage> {
  const aws = await startFaultyAws();
  const assemblyFolder = temporaryFolder();
  const of = (...names: string[]) =>
    Object.fromEntries(names.map((name) => [`workflows${name}`, aws.settings]));
  await assemblyIn(assemblyFolder, {
    settings: LEASE,
    timeoutSeconds: TIMEOUT_SECONDS,
    others: {
      ...of('backup', 'restore', 'expire', 'verify', 'workflow'),
      apiapibackups: QUEUE_LEASE,
      apiapirestores: QUEUE_LEASE,
    },
  });
  shortenTimeOuts(assemblyFolder);
  const dataFolder = temporaryFolder();
  const cloud = await startCloud({ assemblyFolder, dataFolder });
  aws.lead(cloud.awsUrl);
  const { token } = (await cloud.invoke('admin-token', { name: 'end-to-end' })) as { token: string };
  const laptop = callApi(cloud.apiUrl, token);
  const server = await startServer({ engine: await obtainEngine(engine), dataFolder: temporaryFolder() });
  await fill(server);
  const database = await startFaultyServer(server.port);
  const databaseId = await laptop.register({ ...server, port: database.port }, [SCHEMA], {
    tls: { mode: 'off' },
  });
  const before = await read(server);
  const { awsUrl, operator, stack } = cloud;
  const s3 = new S3Client({
    endpoint: awsUrl,
    region: operator.region,
    credentials: operator,
    forcePathStyle: true,
  });
  const dynamoDb = new DynamoDBClient({ endpoint: awsUrl, region: operator.region, credentials: operator });
  const Bucket = stack.buckets[0]?.name;
  const TableName = stack.tables[0]?.name;
  const bodyOf = async (Key: string): Promise<Buffer> => {
    const { Body } = await s3.send(new GetObjectCommand({ Bucket, Key }));
    return Buffer.from((await Body?.transformToByteArray()) ?? []);
  };
  return {
    laptop,
    databaseId,
    ways: { aws, database },
    quiet: () => until('no function works any more', async () => !cloud.workers().some(({ busy }) => busy)),
    sweep: async () => void (await cloud.invoke('sweep', {})),
    objectsOf: async (id) => {
      const Prefix = `databases/${databaseId}/backups/${id}/`;
      const { Versions = [], DeleteMarkers = [] } = await s3.send(
        new ListObjectVersionsCommand({ Bucket, Prefix }),
      );
      return [...Versions, ...DeleteMarkers].map(({ Key = '' }) => Key);
    },
    uploads: async () => {
      const { Uploads = [] } = await s3.send(new ListMultipartUploadsCommand({ Bucket }));
      return Uploads.map(({ Key = '' }) => Key);
    },
    dumpOf: async (id) => {
      const { Item = {} } = await dynamoDb.send(
        new GetItemCommand({ TableName, Key: { pk: { S: `BK#${id.slice(3)}` }, sk: { S: 'META' } } }),
      );
      const { key, sha256 } = unmarshall(Item).manifest;
      const manifest = await bodyOf(key);
      if (hash(manifest) !== sha256) throw new Error(`${key} is not what the record says`);
      const { dump } = JSON.parse(manifest.toString()).schemas[0];
      const body = await bodyOf(dump.key);
      if (hash(body) !== dump.sha256) throw new Error(`${dump.key} is not what the manifest says`);
      return zstdDecompressSync(body)
        .toString('latin1')
        .replaceAll(/\d{4}-\d\d-\d\d +\d+:\d\d:\d\d/g, '');
    },
    differences: async () => compareContents(before, await read(server)),
    logOf: (id) =>
      readdirSync(join(dataFolder, 'logs'))
        .flatMap((file) => readFileSync(join(dataFolder, 'logs', file), 'utf8').split('\n'))
        .filter((line) => line.includes(id))
        .join('\n'),
    close: async () => {
      s3.destroy();
      dynamoDb.destroy();
      await cloud.stop();
      aws.close();
      database.close();
      await server.kill();
    },
  };
}

const DEADLINE_MS = 100_000;

/** Looks again and again. */
export async function until(what: string, condition: () => Promise<boolean>): Promise<void> {
  const deadline = Date.now() + DEADLINE_MS;
  while (!(await condition())) {
    if (Date.now() > deadline) throw new Error(`waited in vain until ${what}`);
    await new Promise((resume) => setTimeout(resume, 20));
  }
}

const hash = (bytes: Buffer): string => createHash('sha256').update(bytes).digest('hex');

/** What the functions wait for in earnest takes minutes: these are the same limits, in the bundles that are served. */
const SHORTER: readonly (readonly [RegExp, string])[] = [
  [/answerMs:(5e3|12e4)/g, 'answerMs:1e3'],
  [/socketTimeout:5e4,requestTimeout:55e3/g, 'socketTimeout:1e3,requestTimeout:1e3'],
  [/queryTimeoutMs:10\*6e4/g, 'queryTimeoutMs:2e3'],
];

function shortenTimeOuts(assemblyFolder: string): void {
  const missing = new Set(SHORTER);
  for (const file of readdirSync(assemblyFolder, { recursive: true, encoding: 'utf8' })) {
    if (!/^asset\.\w+\/index\.mjs$/.test(file)) continue;
    const path = join(assemblyFolder, file);
    let text = readFileSync(path, 'utf8');
    for (const limit of SHORTER) {
      const [long, short] = limit;
      if (text.search(long) >= 0) missing.delete(limit);
      text = text.replaceAll(long, short);
    }
    writeFileSync(path, text);
  }
  if (missing.size > 0) throw new Error(`no bundle has ${[...missing].map(([long]) => long.source)}`);
}

/** A little of everything that is dumped and loaded in ways of its own. */
async function fill(server: RunningServer): Promise<void> {
  const connection = await server.connect();
  const random = randomFrom(20_261_123);
  for (const statement of OBJECTS) await connection.query(statement);
  for (let id = 0; id < 20; id += 1) {
    await connection.query('INSERT INTO orders VALUES (?, ?, ?)', [
      id,
      `déjà vu ${id}`,
      random.bytes(20_000),
    ]);
    await connection.query('INSERT INTO changes VALUES (?, ?)', [id % 3, 'señor, twice the same']);
  }
  await connection.query('CREATE TRIGGER noted AFTER UPDATE ON orders FOR EACH ROW DELETE FROM changes');
  await connection.end();
}

/** Not in ASCII alone: a program that could not set its character set must not be believed. */
const OBJECTS = [
  `CREATE DATABASE ${SCHEMA}`,
  `USE ${SCHEMA}`,
  'CREATE TABLE orders (id INT PRIMARY KEY, note TEXT, picture MEDIUMBLOB)',
  "CREATE TABLE changes (id INT, text VARCHAR(100) CHARACTER SET latin1) COMMENT 'été'",
  "CREATE VIEW notes AS SELECT id, note, 'Österreich' AS origin FROM orders",
  "CREATE PROCEDURE count_orders() SELECT 'naïve', COUNT(*) FROM orders",
  "CREATE EVENT later ON SCHEDULE AT '2037-01-01' COMMENT 'à la fin' DO DELETE FROM changes",
];

async function read(server: RunningServer) {
  const connection = await connectToRead({ socketPath: server.socket, user: 'root' });
  try {
    return await readServerContent(connection, [SCHEMA]);
  } finally {
    await connection.close();
  }
}
