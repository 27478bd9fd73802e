import { z } from 'zod';
import type { TableModel } from '../../template/stores.ts';
import { type AwsAnswer, type AwsRequest, notEmulated, operationOf, parseInput } from '../json-protocol.ts';
import { openDynalite } from './open-dynalite.ts';
import { repairIndexes } from './repair-indexes.ts';
import { ensureTable } from './tables.ts';

/** DynamoDB with the tables of the template. */
export interface DynamoDb {
  /** Answers a verified request. @throws AwsError for an operation or argument that is not emulated */
  handle(request: AwsRequest): Promise<AwsAnswer>;
  close(): Promise<void>;
}

/** What the stores call. dynalite has no transactions, streams or PartiQL. */
const OPERATIONS: ReadonlySet<string> = new Set([
  'BatchGetItem',
  'BatchWriteItem',
  'DeleteItem',
  'DescribeTable',
  'GetItem',
  'PutItem',
  'Query',
  'Scan',
  'UpdateItem',
]);

/** @param folder where the tables lie; they are made at the first start */
export async function openDynamoDb(folder: string, tables: readonly TableModel[]): Promise<DynamoDb> {
  const dynalite = openDynalite(folder);
  try {
    for (const table of tables) {
      await ensureTable(dynalite, table);
      await repairIndexes(dynalite, table);
    }
  } catch (error) {
    await dynalite.close();
    throw error;
  }
  return {
    handle: async (request) => {
      const operation = operationOf(request);
      if (!OPERATIONS.has(operation)) throw notEmulated(`dynamodb:${operation}`);
      refuseIgnoredArguments(parseInput(request));
      return dynalite.answer(request);
    },
    close: dynalite.close,
  };
}

/** dynalite ignores this argument, and a caller would take the missing item for an absent one. */
function refuseIgnoredArguments(input: unknown): void {
  const { ReturnValuesOnConditionCheckFailure: wanted = 'NONE' } = z
    .object({ ReturnValuesOnConditionCheckFailure: z.string().optional() })
    .parse(input);
  if (wanted !== 'NONE') throw notEmulated('ReturnValuesOnConditionCheckFailure');
}
