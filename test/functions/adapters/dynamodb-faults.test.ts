import {
  DeleteItemCommand,
  GetItemCommand,
  ProvisionedThroughputExceededException,
  PutItemCommand,
  QueryCommand,
  UpdateItemCommand,
} from '@aws-sdk/client-dynamodb';
import { mockClient } from 'aws-sdk-client-mock';
import { dynamodbDatabases } from '../../../functions/adapters/dynamodb-databases.ts';
import { dynamodbIdempotency } from '../../../functions/adapters/dynamodb-idempotency.ts';
import { dynamodbLocks } from '../../../functions/adapters/dynamodb-locks.ts';
import { dynamodbBackups } from '../../../functions/adapters/dynamodb-runs.ts';
import type { Table } from '../../../functions/adapters/dynamodb-table.ts';
import { newBackupId, newDatabaseId } from '../../../functions/core/ids.ts';
import { startDynamoDb } from '../../fixtures/core-table.ts';
import { aBackup, aDatabase, emptySchema } from '../../fixtures/records.ts';

let dynamoDb: Awaited<ReturnType<typeof startDynamoDb>>;
let table: Table;
beforeAll(async () => {
  dynamoDb = await startDynamoDb();
  table = await dynamoDb.table();
});
afterAll(() => dynamoDb.stop());

/** The table through a client whose every write reaches it twice: the SDK repeats one whose answer was lost. */
function losingAnswers(): Table {
  const client = dynamoDb.another();
  const mock = mockClient(client);
  mock.on(PutItemCommand).callsFake(async (input) => {
    await dynamoDb.client.send(new PutItemCommand(input));
    return dynamoDb.client.send(new PutItemCommand(input));
  });
  mock.on(UpdateItemCommand).callsFake(async (input) => {
    await dynamoDb.client.send(new UpdateItemCommand(input));
    return dynamoDb.client.send(new UpdateItemCommand(input));
  });
  mock.on(DeleteItemCommand).callsFake(async (input) => {
    await dynamoDb.client.send(new DeleteItemCommand(input));
    return dynamoDb.client.send(new DeleteItemCommand(input));
  });
  mock.on(GetItemCommand).callsFake((input) => dynamoDb.client.send(new GetItemCommand(input)));
  return { client, name: table.name };
}

function throttled(): Table {
  const client = dynamoDb.another();
  const mock = mockClient(client);
  const error = new ProvisionedThroughputExceededException({ message: 'slow down', $metadata: {} });
  for (const command of [
    PutItemCommand,
    UpdateItemCommand,
    DeleteItemCommand,
    GetItemCommand,
    QueryCommand,
  ]) {
    // biome-ignore lint/suspicious/noExplicitAny: the mock's types know one command at a time.
    mock.on(command as any).rejects(error);
  }
  return { client, name: table.name };
}

describe('a write whose answer was lost', () => {
  it('counts as done for databases', async () => {
    const store = dynamodbDatabases(losingAnswers());
    const database = aDatabase();
    await store.create(database);
    await store.replace({ ...database, name: 'new', version: 2 });
    expect(await store.get(database.id)).toMatchObject({ name: 'new', version: 2 });
    await store.remove(database.id, 2);
    expect(await store.get(database.id)).toBeUndefined();
  });

  it('counts as done for runs, and never makes two workers of one run', async () => {
    const lossy = dynamodbBackups(losingAnswers(), Date.now);
    const run = aBackup(newDatabaseId());
    await lossy.create(run);
    const change = { state: 'running', fence: 1, leaseExpiresAt: run.createdAt } as const;
    expect(await lossy.transition(run.id, { from: ['queued'], fence: 0 }, change)).toMatchObject(change);
    await lossy.heartbeat(run.id, 1, run.createdAt, undefined);
    // The very same change by another worker is another write.
    await expect(lossy.transition(run.id, { from: ['queued'], fence: 0 }, change)).rejects.toMatchObject({
      code: 'fenced',
    });
  });

  it('counts as done for locks and claims', async () => {
    const locks = dynamodbLocks(losingAnswers(), Date.now);
    const lock = { key: newDatabaseId(), owner: newBackupId() };
    const expiresAt = new Date(Date.now() + 60_000).toISOString();
    expect(await locks.acquire({ ...lock, expiresAt })).toEqual({});
    await locks.extend({ ...lock, expiresAt });
    await locks.release(lock);
    const claims = dynamodbIdempotency(losingAnswers(), Date.now);
    const claim = { key: 'x', runId: lock.owner, request: 'a', expiresAt };
    expect(await claims.claim(claim)).toMatchObject({ runId: lock.owner, first: true });
    const renewed = { ...claim, runId: newBackupId() };
    await claims.renew(renewed, lock.owner);
    expect(await claims.claim(claim)).toMatchObject({ runId: renewed.runId, first: false });
  });
});

it('is unavailable when DynamoDB throttles for too long, in every operation', async () => {
  const [databases, runs, locks] = [
    dynamodbDatabases(throttled()),
    dynamodbBackups(throttled(), Date.now),
    dynamodbLocks(throttled(), Date.now),
  ];
  const run = aBackup(newDatabaseId());
  const lock = { key: 'k', owner: run.id, expiresAt: run.createdAt };
  for (const call of [
    () => databases.create(aDatabase()),
    () => databases.get(run.databaseId),
    () => databases.list({ limit: 1 }),
    () => databases.remove(run.databaseId, 1),
    () => runs.create(run),
    () => runs.list({}, { limit: 1 }),
    () => runs.transition(run.id, { from: ['queued'], fence: 0 }, { state: 'failed' }),
    () => runs.heartbeat(run.id, 0, run.createdAt, undefined),
    () => locks.acquire(lock),
    () => locks.extend(lock),
    () => locks.release(lock),
  ]) {
    await expect(call()).rejects.toMatchObject({ code: 'unavailable' });
  }
});

it('ends a page before it grows too large to answer, and loses nothing by it', async () => {
  const store = dynamodbBackups(await dynamoDb.table(), Date.now);
  const brokenViews = [{ name: 'v', definition: 'x'.repeat(300_000) }];
  const schemas = [{ ...emptySchema('s'), brokenViews }];
  for (let index = 0; index < 14; index += 1) {
    await store.create(aBackup(newDatabaseId(), { schemas }));
  }
  const first = await store.list({}, { limit: 100 });
  expect(Buffer.byteLength(JSON.stringify(first))).toBeLessThan(4 * 1024 * 1024);
  const rest = await store.list({}, { limit: 100, cursor: first.nextCursor ?? '' });
  const ids = [...first.items, ...rest.items].map(({ id }) => id);
  expect(new Set(ids).size).toBe(14);
  expect(rest.nextCursor).toBeUndefined();
});
