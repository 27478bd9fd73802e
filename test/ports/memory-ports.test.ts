import { databaseStoreContract } from '../contracts/database-store.ts';
import { runLocksContract } from '../contracts/run-locks.ts';
import { runStoreContract } from '../contracts/run-store.ts';
import { idempotencyContract, tokenStoreContract } from '../contracts/small-stores.ts';
import { memoryDatabases } from './memory-databases.ts';
import { memoryLocks } from './memory-locks.ts';
import { memoryIdempotency, memoryTokens } from './memory-records.ts';
import { memoryRuns } from './memory-runs.ts';

describe('databases in memory', () => {
  databaseStoreContract(async () => memoryDatabases());
});
describe('runs in memory', () => {
  runStoreContract(async (now) => memoryRuns(now));
});
describe('locks in memory', () => {
  runLocksContract(async (now) => memoryLocks(now));
});
describe('claims in memory', () => {
  idempotencyContract(async (now) => memoryIdempotency(now));
});
describe('tokens in memory', () => {
  tokenStoreContract(async () => memoryTokens());
});
