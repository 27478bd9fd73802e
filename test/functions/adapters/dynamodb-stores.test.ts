import { dynamodbDatabases } from '../../../functions/adapters/dynamodb-databases.ts';
import { dynamodbIdempotency } from '../../../functions/adapters/dynamodb-idempotency.ts';
import { dynamodbLocks } from '../../../functions/adapters/dynamodb-locks.ts';
import { dynamodbBackups } from '../../../functions/adapters/dynamodb-runs.ts';
import { dynamodbTokens } from '../../../functions/adapters/dynamodb-tokens.ts';
import { databaseStoreContract } from '../../contracts/database-store.ts';
import { runLocksContract } from '../../contracts/run-locks.ts';
import { runStoreContract } from '../../contracts/run-store.ts';
import { idempotencyContract, tokenStoreContract } from '../../contracts/small-stores.ts';
import { startDynamoDb } from '../../fixtures/core-table.ts';

let dynamoDb: Awaited<ReturnType<typeof startDynamoDb>>;
beforeAll(async () => {
  dynamoDb = await startDynamoDb();
});
afterAll(() => dynamoDb.stop());

describe('databases in DynamoDB', () => {
  databaseStoreContract(async () => dynamodbDatabases(await dynamoDb.table()));
});
describe('runs in DynamoDB', () => {
  runStoreContract(async (now) => dynamodbBackups(await dynamoDb.table(), now));
});
describe('locks in DynamoDB', () => {
  runLocksContract(async (now) => dynamodbLocks(await dynamoDb.table(), now));
});
describe('claims in DynamoDB', () => {
  idempotencyContract(async (now) => dynamodbIdempotency(await dynamoDb.table(), now));
});
describe('tokens in DynamoDB', () => {
  tokenStoreContract(async () => dynamodbTokens(await dynamoDb.table()));
});
