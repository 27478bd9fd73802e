/**
 * What the stores rely on, of any DynamoDB endpoint. With SAFEBASE_TEST_AWS=1 it runs against the real one as well,
 * in a table of its own that is removed afterwards.
 */
import {
  type AttributeValue,
  DeleteItemCommand,
  GetItemCommand,
  PutItemCommand,
  QueryCommand,
  UpdateItemCommand,
} from '@aws-sdk/client-dynamodb';
import { marshall, unmarshall } from '@aws-sdk/util-dynamodb';
import { startLocal, startReal, type Target } from './targets.ts';

const targets: [string, () => Promise<Target>][] = [['the local cloud', () => startLocal()]];
if (process.env.SAFEBASE_TEST_AWS === '1') targets.push(['AWS', startReal]);

describe.each(targets)('DynamoDB of %s', (_, start) => {
  let target: Target;
  let made = 0;
  beforeAll(async () => {
    target = await start();
  }, 180_000);
  afterAll(() => target.stop());

  const newKey = () => {
    made += 1;
    return { pk: `P#${made}`, sk: 'META' };
  };
  const get = async (key: object) => {
    const { Item } = await target.client.send(
      new GetItemCommand({ TableName: target.table, Key: marshall(key), ConsistentRead: true }),
    );
    return Item && unmarshall(Item);
  };
  const put = (item: object, condition: object = {}) =>
    target.client.send(
      new PutItemCommand({
        TableName: target.table,
        Item: marshall(item),
        ReturnValues: 'ALL_OLD',
        ...condition,
      }),
    );
  const update = (key: object, version: number, condition: object = {}) =>
    target.client.send(
      new UpdateItemCommand({
        TableName: target.table,
        Key: marshall(key),
        UpdateExpression: 'SET #version = :next REMOVE gone',
        ConditionExpression: '#version = :version',
        ExpressionAttributeNames: { '#version': 'version' },
        ExpressionAttributeValues: marshall({ ':version': version, ':next': version + 1 }),
        ReturnValues: 'ALL_NEW',
        ...condition,
      }),
    );
  const ONLY_NEW = { ConditionExpression: 'attribute_not_exists(pk)' };
  const refused = { name: 'ConditionalCheckFailedException' };

  it('reads what was written last', async () => {
    const key = newKey();
    const item = { ...key, text: '', list: [1, 'a', null, true], map: { deep: { n: 1.5 } }, emoji: '😀' };
    await put(item);
    expect(await get(key)).toEqual(item);
    expect(await get({ ...key, sk: 'OTHER' })).toBeUndefined();
  });

  it('puts only what is not there, and gives what it replaced', async () => {
    const key = newKey();
    expect((await put({ ...key, n: 1 }, ONLY_NEW)).Attributes).toBeUndefined();
    await expect(put({ ...key, n: 2 }, ONLY_NEW)).rejects.toMatchObject(refused);
    expect(unmarshall((await put({ ...key, n: 3 })).Attributes ?? {})).toEqual({ ...key, n: 1 });
  });

  it('replaces by a condition on more than one field', async () => {
    const key = newKey();
    const takeOver = (now: string) => ({
      ConditionExpression: 'attribute_not_exists(pk) OR expiresAt < :now OR #owner = :owner',
      ExpressionAttributeNames: { '#owner': 'owner' },
      ExpressionAttributeValues: marshall({ ':now': now, ':owner': 'b' }),
    });
    await put({ ...key, owner: 'a', expiresAt: '2027-01-01T00:00:00Z' });
    await expect(put({ ...key, owner: 'b' }, takeOver('2026-12-31T23:59:59Z'))).rejects.toMatchObject(
      refused,
    );
    await put({ ...key, owner: 'b' }, takeOver('2027-01-01T00:00:01Z'));
    expect(await get(key)).toEqual({ ...key, owner: 'b' });
  });

  it('updates by version, and tells the new item', async () => {
    const key = newKey();
    await put({ ...key, version: 1, gone: 'soon' });
    const { Attributes } = await update(key, 1);
    expect(unmarshall(Attributes ?? {})).toEqual({ ...key, version: 2 });
    await expect(update(key, 1)).rejects.toMatchObject(refused);
    expect(await get(key)).toEqual({ ...key, version: 2 });
  });

  it('does not make an item by an update whose condition fails', async () => {
    const key = newKey();
    await expect(update(key, 1)).rejects.toMatchObject(refused);
    expect(await get(key)).toBeUndefined();
  });

  it('deletes by condition, and gives what it deleted', async () => {
    const key = newKey();
    await put({ ...key, version: 7 });
    const remove = (version: number) =>
      target.client.send(
        new DeleteItemCommand({
          TableName: target.table,
          Key: marshall(key),
          ConditionExpression: '#version = :version',
          ExpressionAttributeNames: { '#version': 'version' },
          ExpressionAttributeValues: marshall({ ':version': version }),
          ReturnValues: 'ALL_OLD',
        }),
      );
    await expect(remove(6)).rejects.toMatchObject(refused);
    expect(unmarshall((await remove(7)).Attributes ?? {})).toEqual({ ...key, version: 7 });
    await expect(remove(7)).rejects.toMatchObject(refused);
  });

  it('lets one of many writers win', async () => {
    const key = newKey();
    const writes = Array.from({ length: 20 }, (_, writer) => put({ ...key, writer }, ONLY_NEW));
    const won = (await Promise.allSettled(writes)).filter(({ status }) => status === 'fulfilled');
    expect(won).toHaveLength(1);
  });

  it('counts every one of many updates', async () => {
    const key = newKey();
    const add = () =>
      target.client.send(
        new UpdateItemCommand({
          TableName: target.table,
          Key: marshall(key),
          UpdateExpression: 'ADD fence :one',
          ExpressionAttributeValues: marshall({ ':one': 1 }),
        }),
      );
    await Promise.all(Array.from({ length: 30 }, add));
    expect(await get(key)).toMatchObject({ fence: 30 });
  });

  it('pages through an index in both directions, with filters and across equal keys', async () => {
    const ids = Array.from({ length: 23 }, (_, index) => String(index).padStart(3, '0'));
    await Promise.all(
      ids.map((id) => put({ pk: `L#${id}`, sk: 'META', kind: 'list', id, even: Number(id) % 2 === 0 })),
    );
    await put({ ...newKey(), kind: 'other', id: '000' });
    await put({ ...newKey(), id: 'sparse' });
    const walk = async (forward: boolean, filter: object = {}) => {
      const found: string[] = [];
      let start: Record<string, AttributeValue> | undefined;
      do {
        const page = await target.client.send(
          new QueryCommand({
            TableName: target.table,
            IndexName: 'byKind',
            KeyConditionExpression: 'kind = :kind AND id >= :from',
            ExpressionAttributeValues: marshall({ ':kind': 'list', ':from': '001' }),
            ScanIndexForward: forward,
            Limit: 5,
            ...(start && { ExclusiveStartKey: start }),
            ...filter,
          }),
        );
        expect(page.ScannedCount).toBeLessThanOrEqual(5);
        found.push(...(page.Items ?? []).map((item) => unmarshall(item).id));
        start = page.LastEvaluatedKey;
      } while (start !== undefined);
      return found;
    };
    expect(await walk(true)).toEqual(ids.slice(1));
    expect(await walk(false)).toEqual(ids.slice(1).reverse());
    const even = {
      FilterExpression: 'even = :even',
      ExpressionAttributeValues: marshall({ ':kind': 'list', ':from': '001', ':even': true }),
    };
    expect(await walk(true, even)).toEqual(ids.slice(1).filter((id) => Number(id) % 2 === 0));
  });

  it('moves an item in the index with its keys, and out of it without them', async () => {
    const key = newKey();
    const listed = async (kind: string) => {
      const { Items = [] } = await target.client.send(
        new QueryCommand({
          TableName: target.table,
          IndexName: 'byKind',
          KeyConditionExpression: 'kind = :kind',
          ExpressionAttributeValues: marshall({ ':kind': kind }),
        }),
      );
      return Items.length;
    };
    const change = (UpdateExpression: string, values?: object) =>
      target.client.send(
        new UpdateItemCommand({
          TableName: target.table,
          Key: marshall(key),
          UpdateExpression,
          ...(values && { ExpressionAttributeValues: marshall(values) }),
        }),
      );
    // Indexes lag behind on AWS: this waits for them.
    const settles = async (kind: string, count: number) => {
      const deadline = Date.now() + 10_000;
      while ((await listed(kind)) !== count && Date.now() < deadline);
      expect(await listed(kind)).toBe(count);
    };
    await put({ ...key, kind: 'moving-a', id: '1' });
    await settles('moving-a', 1);
    await change('SET kind = :kind', { ':kind': 'moving-b' });
    await settles('moving-a', 0);
    await settles('moving-b', 1);
    await change('REMOVE kind');
    await settles('moving-b', 0);
  });

  it.each<[string, () => Promise<unknown>, string]>([
    [
      'a table that is not there',
      () => target.client.send(new GetItemCommand({ TableName: 'none', Key: marshall(newKey()) })),
      'ResourceNotFoundException',
    ],
    ['a key that is not the table’s', () => get({ pk: 'only' }), 'ValidationException'],
    ['an item over 400 KB', () => put({ ...newKey(), text: 'x'.repeat(420_000) }), 'ValidationException'],
    [
      'a reserved word as a name',
      () =>
        update(newKey(), 1, {
          ConditionExpression: 'status = :version',
          ExpressionAttributeNames: { '#version': 'version' },
        }),
      'ValidationException',
    ],
  ])('refuses %s', async (_case, call, name) => {
    await expect(call()).rejects.toMatchObject({ name });
  });
});
