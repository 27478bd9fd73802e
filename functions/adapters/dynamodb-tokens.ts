import type { Token, TokenStore } from '../core/ports.ts';
import { SafeBaseError } from '../errors.ts';
import { createRecord, readRecord } from './dynamodb-records.ts';
import type { Table } from './dynamodb-table.ts';

/** API tokens by their ids; what is stored of the secret is its keyed hash. */
export const dynamodbTokens = (table: Table): TokenStore => ({
  create: (token) =>
    createRecord(
      table,
      'TOKEN',
      token,
      { kind: 'TOKEN' },
      () => new SafeBaseError('version_conflict', `${token.id} is there already`),
    ),
  get: (id) => readRecord<Token>(table, 'TOKEN', id),
});
