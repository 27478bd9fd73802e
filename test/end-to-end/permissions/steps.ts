/** What the scenarios are made of. Every wait is short: what is denied must be noticed soon. */
import {
  DeleteItemCommand,
  GetItemCommand,
  PutItemCommand,
  UpdateItemCommand,
} from '@aws-sdk/client-dynamodb';
import {
  CreateMultipartUploadCommand,
  DeleteObjectCommand,
  ListMultipartUploadsCommand,
  ListObjectVersionsCommand,
} from '@aws-sdk/client-s3';
import {
  CreateSecretCommand,
  GetSecretValueCommand,
  ResourceNotFoundException,
} from '@aws-sdk/client-secrets-manager';
import { marshall, unmarshall } from '@aws-sdk/util-dynamodb';
import { keyOf } from '../../../functions/adapters/dynamodb-table.ts';
import { parseDatabaseId } from '../../../functions/core/ids.ts';
import { runLockKey } from '../../../functions/core/run.ts';
import { waitUntil } from '../../local/wait-until.ts';
import type { Answer } from '../laptop.ts';
import { type Network, OWN_KEY, OWN_SECRET } from './served-lines.ts';
import type { Stage } from './stage.ts';

type Body = Answer['body'];

/** Long for a backup of a few rows, and for a worker to be found dead. */
const SOON_MS = 12_000;

const soon = <T>(what: string, look: () => Promise<T>) =>
  waitUntil(look, what, { withinMs: SOON_MS, everyMs: 30 });

/** Asks the API. @returns the body @throws where the status is another one */
export async function ask(
  { laptop }: Stage,
  status: number,
  method: string,
  path: string,
  body?: unknown,
  headers?: Readonly<Record<string, string>>,
): Promise<Body> {
  const answer = await laptop.api(method, path, body, headers);
  if (answer.status === status) return answer.body;
  throw new Error(`${method} ${path}: ${answer.status} ${JSON.stringify(answer.body)}`);
}

let schemas = 0;

/** A schema of its own: what is left of a scenario that failed must not stand in the way of the next.
 * @param rows of a kilobyte each
 * @returns its name
 */
export async function makeSchema({ server }: Stage, rows = 1): Promise<string> {
  schemas += 1;
  const name = `shop${schemas}`;
  const connection = await server.connect();
  await connection.query(`CREATE DATABASE ${name}`);
  await connection.query(`CREATE TABLE ${name}.t (id INT PRIMARY KEY, v BLOB)`);
  const values = Array.from({ length: rows }, (_, id) => `(${id}, RANDOM_BYTES(1000))`);
  await connection.query(`INSERT INTO ${name}.t VALUES ${values.join()}`);
  await connection.end();
  return name;
}

export const register = async (stage: Stage, network: Network = 'public', more: object = {}) =>
  stage.laptop.register(stage.server, [await makeSchema(stage)], { network, ...more });

export const start = (stage: Stage, databaseId: string, headers = {}, order = {}): Promise<Body> =>
  ask(stage, 202, 'POST', '/backup', { databaseId, ...order }, headers);

/** The order to restore over the schema of a database. */
export async function overwriting(stage: Stage, databaseId: string): Promise<object> {
  return { databaseId, overwrite: true, confirm: (await database(stage, databaseId)).schemas };
}
export const startRestore = async (stage: Stage, backupId: string, databaseId: string, headers = {}) =>
  ask(stage, 202, 'POST', `/restore/${backupId}`, await overwriting(stage, databaseId), headers);

export const ended = (stage: Stage, path: string): Promise<Body> =>
  soon(`the end of ${path}`, async () => {
    const { body } = await stage.laptop.api('GET', path);
    return body.state !== undefined && !['queued', 'running', 'deleting'].includes(body.state) && body;
  });

export async function completed(stage: Stage, path: string): Promise<Body> {
  const run = await ended(stage, path);
  if (run.state !== 'completed') throw new Error(`not completed: ${JSON.stringify(run)}`);
  return run;
}

export const backedUp = async (stage: Stage, databaseId: string, order = {}): Promise<Body> =>
  completed(stage, `/backup/${(await start(stage, databaseId, {}, order)).id}`);

export const verified = (stage: Stage, backupId: string): Promise<Body> =>
  soon('it is verified', async () => {
    const { verification } = await ask(stage, 200, 'GET', `/backup/${backupId}`);
    return ['passed', 'failed'].includes(verification?.state) && verification;
  });

/** Nobody has to wait for a lock whose run is over. */
export const unlocked = (stage: Stage, databaseId: string): Promise<unknown> =>
  soon('its lock is free', async () => {
    const { Item } = await stage.dynamodb.send(
      new GetItemCommand({ ...inTable(stage), Key: lockKey(databaseId), ConsistentRead: true }),
    );
    return Item === undefined;
  });

/** A lock as a run has it. */
export async function lock(stage: Stage, databaseId: string, owner: string, lasts: boolean): Promise<void> {
  const expiresAt = new Date(Date.now() + (lasts ? 60_000 : -1_000)).toISOString();
  const Item = { ...lockKey(databaseId), ...marshall({ owner, expiresAt }) };
  await stage.dynamodb.send(new PutItemCommand({ ...inTable(stage), Item }));
}

/** What only a backup that has ended holds. */
const RESULT = ['manifest', 'schemas', 'sizeBytes', 'dumpBytes'];

/** Puts a record back to where its worker was heard of. @param isAlive whether its lease goes on */
export async function forgetTheEnd(stage: Stage, id: string, isAlive = false): Promise<void> {
  const kind = id.startsWith('bk_') ? 'BK' : 'RS';
  const gone = ['endedAt', 'losses', ...(kind === 'BK' ? RESULT : ['restored'])];
  await stage.dynamodb.send(
    new UpdateItemCommand({
      ...inTable(stage),
      Key: marshall(keyOf(kind, id)),
      UpdateExpression: `SET #state = :running, active = :kind, leaseExpiresAt = :lease REMOVE ${gone.join(', ')}`,
      ExpressionAttributeNames: { '#state': 'state' },
      ExpressionAttributeValues: marshall({
        ':running': 'running',
        ':kind': kind,
        ':lease': new Date(Date.now() + (isAlive ? 60_000 : -1_000)).toISOString(),
      }),
    }),
  );
}

/** What truly stands there: the API shows a lost run as failed before anybody has written it down. */
export async function record(stage: Stage, id: string): Promise<Body> {
  const Key = marshall(keyOf(id.startsWith('bk_') ? 'BK' : 'RS', id));
  const { Item = {} } = await stage.dynamodb.send(new GetItemCommand({ ...inTable(stage), Key }));
  return unmarshall(Item);
}

/** As if the end of a backup had left the reading back to others, who never came. */
export async function forgetTheReading(stage: Stage, id: string): Promise<void> {
  await stage.dynamodb.send(
    new UpdateItemCommand({
      ...inTable(stage),
      Key: marshall(keyOf('BK', id)),
      UpdateExpression: 'SET reread = :no REMOVE verification',
      ExpressionAttributeValues: marshall({ ':no': false }),
    }),
  );
}

export async function forget(stage: Stage, kind: 'DB' | 'BK', id: string): Promise<void> {
  await stage.dynamodb.send(new DeleteItemCommand({ ...inTable(stage), Key: marshall(keyOf(kind, id)) }));
}

export interface Stored {
  readonly objects: readonly { readonly Key: string; readonly VersionId: string }[];
  readonly uploads: readonly string[];
}

/** What lies in the bucket under a backup. */
export async function stored(stage: Stage, backupId: string): Promise<Stored> {
  const Bucket = bucket(stage);
  const { Versions = [] } = await stage.s3.send(
    new ListObjectVersionsCommand({ Bucket, Prefix: 'databases/' }),
  );
  const { Uploads = [] } = await stage.s3.send(new ListMultipartUploadsCommand({ Bucket }));
  const isOurs = (key: string) => key.includes(`/${backupId}/`);
  return {
    objects: Versions.flatMap(({ Key = '', VersionId = '' }) => (isOurs(Key) ? [{ Key, VersionId }] : [])),
    uploads: Uploads.flatMap(({ Key = '' }) => (isOurs(Key) ? [Key] : [])),
  };
}

/** Loses an object of a backup, by the end of its key. */
export async function lose(stage: Stage, backupId: string, name: string): Promise<void> {
  const { objects } = await stored(stage, backupId);
  const ours = objects.filter(({ Key }) => Key.endsWith(name));
  if (ours.length === 0) throw new Error(`no ${name} lies under ${backupId}`);
  for (const place of ours) {
    await stage.s3.send(new DeleteObjectCommand({ Bucket: bucket(stage), ...place }));
  }
}

/** Begins an upload under a backup, and leaves it. */
export async function leaveUpload(stage: Stage, databaseId: string, backupId: string): Promise<void> {
  const Key = `databases/${databaseId}/backups/${backupId}/schemas/9/dump.sql.zst`;
  await stage.s3.send(new CreateMultipartUploadCommand({ Bucket: bucket(stage), Key }));
}

/** A secret that is not ours, with a key of its own. @returns its ARN */
export async function ownSecret({ secrets, server }: Stage): Promise<string> {
  const { user: username, password } = server.admin;
  const { ARN = '' } = await secrets.send(
    new CreateSecretCommand({
      Name: `${OWN_SECRET}-${Date.now()}`,
      SecretString: JSON.stringify({ username, password }),
      KmsKeyId: OWN_KEY,
    }),
  );
  return ARN;
}

/** The record of a database, past the API. */
async function database(stage: Stage, databaseId: string): Promise<Body> {
  const Key = marshall(keyOf('DB', databaseId));
  const { Item = {} } = await stage.dynamodb.send(new GetItemCommand({ ...inTable(stage), Key }));
  return unmarshall(Item);
}

/** The ARN of the secret that was made for a database. */
export const secretOf = async (stage: Stage, databaseId: string): Promise<string> =>
  (await database(stage, databaseId)).backupCredentials.secretArn;

/** @returns undefined where there is none any more */
export async function secretValue({ secrets }: Stage, arn: string): Promise<string | undefined> {
  try {
    return (await secrets.send(new GetSecretValueCommand({ SecretId: arn }))).SecretString;
  } catch (error) {
    if (error instanceof ResourceNotFoundException) return undefined;
    throw error;
  }
}

/** Kills whoever works for a function now. @returns their process ids */
export function killWorkers({ laptop }: Pick<Stage, 'laptop'>, functionId: string): readonly number[] {
  const busy = laptop.cloud.workers().filter((one) => one.functionId === functionId && one.busy);
  if (busy.length === 0) throw new Error(`nobody works for ${functionId}`);
  for (const { pid } of busy) process.kill(pid, 'SIGKILL');
  return busy.map(({ pid }) => pid);
}

const inTable = ({ laptop }: Stage) => ({ TableName: laptop.cloud.stack.tables[0]?.name });
const lockKey = (databaseId: string) => marshall(keyOf('LOCK', runLockKey(parseDatabaseId(databaseId))));
const bucket = ({ laptop }: Stage): string => laptop.cloud.stack.buckets[0]?.name ?? '';

/** Scenarios under names of their own beside those of format `sql`. */
export const inFormatParallel = <T>(scenarios: Readonly<Record<string, T>>): Readonly<Record<string, T>> =>
  Object.fromEntries(
    Object.entries(scenarios).map(([name, scenario]) => [`${name}, in format parallel`, scenario]),
  );
