import { openDynalite } from '../../../../local/aws/dynamodb/open-dynalite.ts';
import { ensureTable } from '../../../../local/aws/dynamodb/tables.ts';
import { temporaryFolder } from '../../temporary-folder.ts';

it('answers what it was asked before it closes', async () => {
  const dynalite = openDynalite(temporaryFolder());
  await ensureTable(dynalite, {
    name: 'core',
    arn: 'core',
    attributes: [{ AttributeName: 'pk', AttributeType: 'S' }],
    keySchema: [{ AttributeName: 'pk', KeyType: 'HASH' }],
    indexes: [],
  });
  let answered = 0;
  // One after the other, as those of one item are.
  const updates = Array.from({ length: 1_000 }, async (_, index) => {
    await dynalite.call('UpdateItem', {
      TableName: 'core',
      Key: { pk: { S: 'one' } },
      UpdateExpression: 'SET n = :n',
      ExpressionAttributeValues: { ':n': { N: `${index}` } },
    });
    answered += 1;
  });
  await dynalite.close();
  expect(answered).toBe(1_000);
  await Promise.all(updates);
});
