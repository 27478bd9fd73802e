/**
 * DynamoDB by dynalite, inside this process: it checks no signature, so it gets no port of its own.
 * @see https://github.com/architect/dynalite
 */
import { Readable } from 'node:stream';
import dynalite from 'dynalite';
import { z } from 'zod';
import type { TableModel } from '../../template/stores.ts';
import { type AwsAnswer, type AwsRequest, notEmulated, operationOf, parseInput } from '../json-protocol.ts';

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
  const server = dynalite({ path: folder, createTableMs: 0 });
  for (const table of tables) await ensureTable(server, table);
  return {
    handle: async (request) => {
      const operation = operationOf(request);
      if (!OPERATIONS.has(operation)) throw notEmulated(`dynamodb:${operation}`);
      refuseIgnoredArguments(parseInput(request));
      return answerOf(server, request);
    },
    // Only a server that listens closes its store; nobody can connect between the two calls.
    close: () => new Promise((closed) => server.listen(0, '127.0.0.1', () => server.close(() => closed()))),
  };
}

/** dynalite ignores this argument, and a caller would take the missing item for an absent one. */
function refuseIgnoredArguments(input: unknown): void {
  const { ReturnValuesOnConditionCheckFailure: wanted = 'NONE' } = z
    .object({ ReturnValuesOnConditionCheckFailure: z.string().optional() })
    .parse(input);
  if (wanted !== 'NONE') throw notEmulated('ReturnValuesOnConditionCheckFailure');
}

type DynaliteServer = ReturnType<typeof dynalite>;

/** Gives dynalite a request whose body was read already, to verify its signature, and waits for the answer. */
function answerOf(server: DynaliteServer, request: AwsRequest): Promise<AwsAnswer> {
  const { method, url, headers, body } = request;
  return new Promise((settle) => {
    const answerHeaders: Record<string, string> = {};
    const response = {
      statusCode: 200,
      setHeader: (name: string, value: unknown) => {
        answerHeaders[name.toLowerCase()] = String(value);
      },
      end: (text: string) => settle({ status: response.statusCode, headers: answerHeaders, body: text }),
    };
    server.emit('request', Object.assign(Readable.from([body]), { method, url, headers }), response);
  });
}

/** @throws Error where the table on disk has other keys or indexes than the template's */
async function ensureTable(server: DynaliteServer, table: TableModel): Promise<void> {
  const present = await call(server, 'DescribeTable', { TableName: table.name });
  if (present.status === 200) {
    const { Table } = described.parse(JSON.parse(present.body));
    if (shape(Table.KeySchema, Table.GlobalSecondaryIndexes) === shape(table.keySchema, table.indexes))
      return;
    throw new Error(
      `the table ${table.name} in the data folder has other keys or indexes than the template; use another folder`,
    );
  }
  const made = await call(server, 'CreateTable', {
    TableName: table.name,
    AttributeDefinitions: table.attributes,
    KeySchema: table.keySchema,
    BillingMode: 'PAY_PER_REQUEST',
    ...(table.indexes.length > 0 && { GlobalSecondaryIndexes: table.indexes }),
  });
  if (made.status !== 200) throw new Error(`the table ${table.name} cannot be made: ${made.body}`);
}

const described = z.object({
  Table: z.object({
    KeySchema: z.unknown(),
    GlobalSecondaryIndexes: z
      .array(z.object({ IndexName: z.string(), KeySchema: z.unknown(), Projection: z.unknown() }))
      .default([]),
  }),
});

const shape = (
  keys: unknown,
  indexes: readonly {
    readonly IndexName: string;
    readonly KeySchema: unknown;
    readonly Projection: unknown;
  }[],
): string =>
  JSON.stringify([
    keys,
    indexes.map((index) => JSON.stringify([index.IndexName, index.KeySchema, index.Projection])).sort(),
  ]);

/** One operation by this process itself: dynalite wants to see a signature, and does not look into it. */
function call(server: DynaliteServer, operation: string, input: unknown): Promise<AwsAnswer> {
  return answerOf(server, {
    method: 'POST',
    url: '/',
    headers: {
      'content-type': 'application/x-amz-json-1.0',
      'x-amz-target': `DynamoDB_20120810.${operation}`,
      authorization: 'AWS4-HMAC-SHA256 Credential=local, SignedHeaders=local, Signature=local',
      'x-amz-date': '20200101T000000Z',
    },
    body: Buffer.from(JSON.stringify(input)),
  });
}
