/** DynamoDB endpoints with one empty table, for tests: the one of the local cloud and the real one. */
import {
  CreateTableCommand,
  type CreateTableCommandInput,
  DeleteTableCommand,
  DynamoDBClient,
  waitUntilTableExists,
} from '@aws-sdk/client-dynamodb';
import { temporaryFolder } from '../../temporary-folder.ts';
import { startAws } from '../aws-fixture.ts';

export const TABLE: Omit<CreateTableCommandInput, 'TableName'> & Readonly<Record<string, unknown>> = {
  AttributeDefinitions: ['pk', 'sk', 'kind', 'id'].map((AttributeName) => ({
    AttributeName,
    AttributeType: 'S',
  })),
  KeySchema: [
    { AttributeName: 'pk', KeyType: 'HASH' },
    { AttributeName: 'sk', KeyType: 'RANGE' },
  ],
  GlobalSecondaryIndexes: [
    {
      IndexName: 'byKind',
      KeySchema: [
        { AttributeName: 'kind', KeyType: 'HASH' },
        { AttributeName: 'id', KeyType: 'RANGE' },
      ],
      Projection: { ProjectionType: 'ALL' },
    },
  ],
  BillingMode: 'PAY_PER_REQUEST',
};

export interface Target {
  readonly client: DynamoDBClient;
  readonly table: string;
  stop(): Promise<void>;
}

export async function startLocal(folder = temporaryFolder()): Promise<Target> {
  const aws = await startAws(
    { resources: { core: { Type: 'AWS::DynamoDB::Table', Properties: TABLE } } },
    folder,
  );
  return { client: new DynamoDBClient(aws.client), table: 'Test-core', stop: aws.stop };
}

/** In an account of the user: the table is made, and removed by `stop`. */
export async function startReal(): Promise<Target> {
  const client = new DynamoDBClient();
  const table = `safebase-contract-${Date.now()}`;
  await client.send(new CreateTableCommand({ ...TABLE, TableName: table }));
  await waitUntilTableExists({ client, maxWaitTime: 120 }, { TableName: table });
  return {
    client,
    table,
    stop: async () => void (await client.send(new DeleteTableCommand({ TableName: table }))),
  };
}
