import {
  type AttributeValue,
  ConditionalCheckFailedException,
  DeleteItemCommand,
  type DynamoDBClient,
  GetItemCommand,
  PutItemCommand,
  QueryCommand,
  type QueryCommandInput,
  UpdateItemCommand,
  type UpdateItemCommandInput,
} from '@aws-sdk/client-dynamodb';
import { marshall, unmarshall } from '@aws-sdk/util-dynamodb';
import { SafeBaseError } from '../errors.ts';

/** The table `core` and the client that reaches it. */
export interface Table {
  readonly client: DynamoDBClient;
  readonly name: string;
}

/** An item without its marshalling. */
export type Item = Readonly<Record<string, unknown>>;

/** The first word of a partition key. */
export type Kind = 'DB' | 'BK' | 'RS' | 'TOKEN' | 'LOCK' | 'IDEM';

/**
 * Where a record lies: by its own id, so that reading it by id is one strongly consistent read. An id goes without its
 * prefix, which the kind tells; any other text stays whole, or `daily_shop` and `weekly_shop` would be one.
 */
export const keyOf = (kind: Kind, id: string) => ({
  pk: `${kind}#${id.replace(/^[a-z]+_(?=[0-9A-Z]{26}$)/, '')}`,
  sk: 'META',
});

/** What a condition needs: the expression, and its names (`#state`) and values (`:fence`) without their marks. */
interface Condition {
  readonly condition: string;
  readonly names?: Readonly<Record<string, string>>;
  readonly values?: Readonly<Record<string, unknown>>;
}

/** A write whose condition did not hold. */
export const isRefused = (error: unknown): boolean =>
  error instanceof SafeBaseError && error.cause instanceof ConditionalCheckFailedException;

/** Reads the newest write of one item. @throws `unavailable` */
export async function getItem(table: Table, key: Record<string, string>): Promise<Item | undefined> {
  const answer = await sent(
    table.client.send(
      new GetItemCommand({ TableName: table.name, Key: marshall(key), ConsistentRead: true }),
    ),
  );
  return answer.Item && unmarshall(answer.Item);
}

/** Writes one item; `isRefused` tells a condition that did not hold. @returns the item that it replaced */
export async function putItem(table: Table, item: object, given: Condition): Promise<Item | undefined> {
  const answer = await sent(
    table.client.send(
      new PutItemCommand({
        TableName: table.name,
        Item: marshalled(item),
        ReturnValues: 'ALL_OLD',
        ...expression(given),
      }),
    ),
  );
  return answer.Attributes && unmarshall(answer.Attributes);
}

/** Changes one item under a condition; `isRefused` tells one that did not hold. @returns the whole item after it */
export async function updateItem(
  table: Table,
  key: Record<string, string>,
  change: { readonly set: object; readonly remove?: readonly string[] },
  given: Condition,
): Promise<Item> {
  const fields = Object.entries(change.set).filter(([, value]) => value !== undefined);
  const removed = change.remove ?? [];
  const set = `SET ${fields.map((_, index) => `#s${index} = :s${index}`).join(', ')}`;
  const remove = removed.length > 0 ? ` REMOVE ${removed.map((_, index) => `#r${index}`).join(', ')}` : '';
  const names = [
    ...fields.map(([name], index) => [`s${index}`, name]),
    ...removed.map((name, index) => [`r${index}`, name]),
  ];
  const values = fields.map(([, value], index) => [`s${index}`, value]);
  const input: UpdateItemCommandInput = {
    TableName: table.name,
    Key: marshall(key),
    UpdateExpression: set + remove,
    ReturnValues: 'ALL_NEW',
    ...expression({
      condition: given.condition,
      names: { ...given.names, ...Object.fromEntries(names) },
      values: { ...given.values, ...Object.fromEntries(values) },
    }),
  };
  const answer = await sent(table.client.send(new UpdateItemCommand(input)));
  return unmarshall(answer.Attributes ?? {});
}

/** Removes one item under a condition. */
export async function deleteItem(table: Table, key: Record<string, string>, given: Condition): Promise<void> {
  await sent(
    table.client.send(
      new DeleteItemCommand({ TableName: table.name, Key: marshall(key), ...expression(given) }),
    ),
  );
}

/** One page of an index, newest id first. `start` is the key after which it begins. */
export async function queryIndex(
  table: Table,
  query: {
    readonly index: 'byKind' | 'byDatabase' | 'byActive';
    readonly start?: Readonly<Record<string, string>>;
    readonly limit: number;
    /** @default false */
    readonly oldestFirst?: boolean;
  } & Condition,
): Promise<{ readonly items: readonly Item[]; readonly next?: Record<string, string> }> {
  const { ConditionExpression, ...rest } = expression(query);
  const input: QueryCommandInput = {
    TableName: table.name,
    IndexName: query.index,
    KeyConditionExpression: ConditionExpression,
    ScanIndexForward: query.oldestFirst ?? false,
    Limit: query.limit,
    ...rest,
    ...(query.start === undefined ? {} : { ExclusiveStartKey: marshall(query.start) }),
  };
  const answer = await sent(table.client.send(new QueryCommand(input)));
  const items = (answer.Items ?? []).map((item) => unmarshall(item));
  return answer.LastEvaluatedKey === undefined
    ? { items }
    : { items, next: unmarshall(answer.LastEvaluatedKey) };
}

const marshalled = (item: object): Record<string, AttributeValue> =>
  marshall({ ...item }, { removeUndefinedValues: true });

function expression({ condition, names = {}, values = {} }: Condition) {
  const marked = <T>(mark: string, fields: Readonly<Record<string, T>>) =>
    Object.fromEntries(Object.entries(fields).map(([name, value]) => [`${mark}${name}`, value]));
  return {
    ConditionExpression: condition,
    ...(Object.keys(names).length > 0 ? { ExpressionAttributeNames: marked('#', names) } : {}),
    ...(Object.keys(values).length > 0 ? { ExpressionAttributeValues: marshalled(marked(':', values)) } : {}),
  };
}

/** Translates what the client throws; its own retries are over by then. */
async function sent<T>(call: Promise<T>): Promise<T> {
  try {
    return await call;
  } catch (error) {
    const ours =
      error instanceof Error && ['ValidationException', 'SerializationException'].includes(error.name);
    throw new SafeBaseError(ours ? 'internal' : 'unavailable', 'the records cannot be reached', {
      cause: error,
    });
  }
}
