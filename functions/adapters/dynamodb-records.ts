import { ulid } from 'ulid';
import { getItem, type Item, isRefused, type Kind, keyOf, putItem, type Table } from './dynamodb-table.ts';

/** Fields of an item that are the store's own: keys, index keys and the mark of the last writer. */
type StoreField = 'pk' | 'sk' | 'kind' | 'databaseKind' | 'active' | 'writeId' | 'ttl';

/**
 * The record in an item that a store wrote. What stands in the table was parsed before it was written, so that its
 * type is taken on trust here, and only here.
 */
export function recordIn<T>(item: Item): T {
  const own: Record<StoreField, true> = {
    pk: true,
    sk: true,
    kind: true,
    databaseKind: true,
    active: true,
    writeId: true,
    ttl: true,
  };
  return Object.fromEntries(Object.entries(item).filter(([name]) => !Object.hasOwn(own, name))) as T;
}

/**
 * Makes one write tell-apart from every other: the SDK repeats a write whose answer was lost, the repetition then fails
 * on the condition that the first one changed, and only the writer's own mark shows that it had worked.
 * @param write does the write with the mark in its item, as `writeId`
 * @param refused says what a condition that truly did not hold means, given the item as it stands
 * @returns the item as this write left it
 */
export async function markedWrite(
  table: Table,
  kind: Kind,
  id: string,
  write: (writeId: string) => Promise<Item | undefined>,
  refused: (found: Item | undefined) => Error,
): Promise<Item | undefined> {
  const writeId = ulid();
  try {
    return await write(writeId);
  } catch (error) {
    if (!isRefused(error)) throw error;
    const found = await getItem(table, keyOf(kind, id));
    if (found?.writeId === writeId) return found;
    throw refused(found);
  }
}

/** Writes a record that must not exist yet. @param refused as of `markedWrite` */
export async function createRecord(
  table: Table,
  kind: Kind,
  record: { readonly id: string },
  indexes: object,
  refused: () => Error,
): Promise<void> {
  const key = keyOf(kind, record.id);
  await markedWrite(
    table,
    kind,
    record.id,
    (writeId) =>
      putItem(table, { ...record, ...indexes, ...key, writeId }, { condition: 'attribute_not_exists(pk)' }),
    refused,
  );
}

/** The record with this id, as its newest write left it. */
export async function readRecord<T>(table: Table, kind: Kind, id: string): Promise<T | undefined> {
  const item = await getItem(table, keyOf(kind, id));
  return item && recordIn<T>(item);
}
