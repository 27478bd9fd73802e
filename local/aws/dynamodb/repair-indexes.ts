import { isDeepStrictEqual } from 'node:util';
import { z } from 'zod';
import type { TableModel } from '../../template/stores.ts';
import type { Dynalite } from './open-dynalite.ts';

/**
 * Makes indexes agree with their table. dynalite writes the entries of an index and the item one after the other,
 * so a process that is killed in between leaves an entry without its item, or an item without its entry, for ever.
 * Nobody was told how that write ended: it is completed here, or, where nothing of it is left, undone.
 */
export async function repairIndexes({ call }: Dynalite, table: TableModel): Promise<void> {
  const keyOf = (item: Item): string => JSON.stringify(table.keySchema.map((key) => item[key.AttributeName]));
  const items = new Map((await scan(call, table.name)).map((item) => [keyOf(item), item]));
  for (const index of table.indexes) {
    const entries = new Map(
      (await scan(call, table.name, index.IndexName)).map((item) => [keyOf(item), item]),
    );
    const belongs = (item: Item): boolean =>
      index.KeySchema.every((key) => item[key.AttributeName] !== undefined);
    const cutOff = [...entries].filter(([key, entry]) => !isDeepStrictEqual(entry, items.get(key)));
    const missing = [...items].filter(([key, item]) => belongs(item) && !entries.has(key));
    for (const [key, Item] of [...cutOff, ...missing]) {
      // Writing an item brings all indexes in line with it.
      await call('PutItem', { TableName: table.name, Item });
      items.set(key, Item);
    }
  }
}

type Item = Readonly<Record<string, unknown>>;
const page = z.object({
  Items: z.array(z.record(z.string(), z.unknown())),
  LastEvaluatedKey: z.record(z.string(), z.unknown()).optional(),
});

async function scan(call: Dynalite['call'], TableName: string, IndexName?: string): Promise<Item[]> {
  const items: Item[] = [];
  let start: Item | undefined;
  do {
    const input = { TableName, ...(IndexName && { IndexName }), ...(start && { ExclusiveStartKey: start }) };
    const { Items, LastEvaluatedKey } = page.parse(await call('Scan', input));
    items.push(...Items);
    start = LastEvaluatedKey;
  } while (start !== undefined);
  return items;
}
