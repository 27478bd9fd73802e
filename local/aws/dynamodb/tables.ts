import { z } from 'zod';
import type { TableModel } from '../../template/stores.ts';
import type { Dynalite } from './open-dynalite.ts';

const ACTIVE_DEADLINE_MS = 5_000;

/**
 * Makes a table of the template where it is not there.
 * @throws Error where the table on disk has other keys or indexes than the template's
 */
export async function ensureTable({ call }: Dynalite, table: TableModel): Promise<void> {
  const { TableNames } = tableList.parse(await call('ListTables', {}));
  if (!TableNames.includes(table.name)) {
    await call('CreateTable', {
      TableName: table.name,
      AttributeDefinitions: table.attributes,
      KeySchema: table.keySchema,
      BillingMode: 'PAY_PER_REQUEST',
      ...(table.indexes.length > 0 && { GlobalSecondaryIndexes: table.indexes }),
    });
  }
  const deadline = Date.now() + ACTIVE_DEADLINE_MS;
  for (;;) {
    const { Table } = described.parse(await call('DescribeTable', { TableName: table.name }));
    if (shape(Table.KeySchema, Table.GlobalSecondaryIndexes) !== shape(table.keySchema, table.indexes)) {
      throw new Error(
        `the table ${table.name} in the data folder has other keys or indexes than the template; use another folder`,
      );
    }
    if (Table.TableStatus === 'ACTIVE') return;
    // A cloud that was killed while it made the table leaves it so for ever.
    if (Date.now() > deadline)
      throw new Error(`the table ${table.name} was never finished; use another data folder`);
  }
}

const tableList = z.object({ TableNames: z.array(z.string()) });
const described = z.object({
  Table: z.object({
    TableStatus: z.string(),
    KeySchema: z.unknown(),
    GlobalSecondaryIndexes: z.array(z.object({ IndexName: z.string(), KeySchema: z.unknown() })).default([]),
  }),
});

const shape = (
  keys: unknown,
  indexes: readonly { readonly IndexName: string; readonly KeySchema: unknown }[],
): string =>
  JSON.stringify([keys, indexes.map((index) => JSON.stringify([index.IndexName, index.KeySchema])).sort()]);
