import { PutItemCommand, QueryCommand } from '@aws-sdk/client-dynamodb';
import { marshall } from '@aws-sdk/util-dynamodb';
import { temporaryFolder } from '../../temporary-folder.ts';
import { startAws } from '../aws-fixture.ts';
import { startLocal, TABLE } from './targets.ts';

describe('DynamoDB of the local cloud', () => {
  it('keeps items and indexes over a restart', async () => {
    const folder = temporaryFolder();
    const item = marshall({ pk: 'a', sk: 'b', kind: 'kept', id: '1' });
    const first = await startLocal(folder);
    await first.client.send(new PutItemCommand({ TableName: first.table, Item: item }));
    await first.stop();
    const second = await startLocal(folder);
    const { Items } = await second.client.send(
      new QueryCommand({
        TableName: second.table,
        IndexName: 'byKind',
        KeyConditionExpression: 'kind = :kind',
        ExpressionAttributeValues: marshall({ ':kind': 'kept' }),
      }),
    );
    expect(Items).toEqual([item]);
    await second.stop();
  });

  it('refuses to start where the table on disk has other indexes', async () => {
    const folder = temporaryFolder();
    await (await startLocal(folder)).stop();
    const changed = { ...TABLE, GlobalSecondaryIndexes: [] };
    const start = startAws(
      { resources: { core: { Type: 'AWS::DynamoDB::Table', Properties: changed } } },
      folder,
    );
    await expect(start).rejects.toThrow('other keys or indexes than the template');
  });

  it('refuses an argument that dynalite would ignore', async () => {
    const { client, table, stop } = await startLocal();
    const put = new PutItemCommand({
      TableName: table,
      Item: marshall({ pk: 'a', sk: 'b' }),
      ConditionExpression: 'attribute_not_exists(pk)',
      ReturnValuesOnConditionCheckFailure: 'ALL_OLD',
    });
    await expect(client.send(put)).rejects.toMatchObject({ name: 'NotImplemented' });
    await stop();
  });
});
