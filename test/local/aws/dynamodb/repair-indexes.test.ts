import { createRequire } from 'node:module';
import { z } from 'zod';
import { openDynalite } from '../../../../local/aws/dynamodb/open-dynalite.ts';
import { repairIndexes } from '../../../../local/aws/dynamodb/repair-indexes.ts';
import { ensureTable } from '../../../../local/aws/dynamodb/tables.ts';
import type { TableModel } from '../../../../local/template/stores.ts';
import { temporaryFolder } from '../../temporary-folder.ts';

const TABLE: TableModel = {
  name: 'core',
  arn: 'arn',
  attributes: ['pk', 'kind', 'state'].map((AttributeName) => ({ AttributeName, AttributeType: 'S' })),
  keySchema: [{ AttributeName: 'pk', KeyType: 'HASH' }],
  indexes: ['kind', 'state'].map((AttributeName) => ({
    IndexName: `by-${AttributeName}`,
    KeySchema: [{ AttributeName, KeyType: 'HASH' }],
    Projection: { ProjectionType: 'ALL' },
  })),
};

/** What dynalite does to indexes before it writes the item itself. */
const internals = createRequire(import.meta.url)('dynalite/db');
const { updateIndexes } = internals;
afterEach(() => {
  internals.updateIndexes = updateIndexes;
});

const item = (pk: string, kind: string, state: string) => ({
  pk: { S: pk },
  kind: { S: kind },
  state: { S: state },
});

/** A table on disk; `restart` opens it anew, as the next cloud does. */
async function open() {
  const folder = temporaryFolder();
  let dynalite = openDynalite(folder);
  await ensureTable(dynalite, TABLE);
  const put = (Item: object) => dynalite.call('PutItem', { TableName: 'core', Item });
  const remove = (pk: string) => dynalite.call('DeleteItem', { TableName: 'core', Key: { pk: { S: pk } } });
  const read = async (index: object) => {
    const { Items } = page.parse(await dynalite.call('Scan', { TableName: 'core', ...index }));
    return Items.sort((left, right) => (left.pk.S < right.pk.S ? -1 : 1));
  };
  return {
    put,
    remove,
    everywhere: async () => [
      await read({}),
      await read({ IndexName: 'by-kind' }),
      await read({ IndexName: 'by-state' }),
    ],
    /** Starts a write that ends, as in a killed process, when the indexes are written and the item is not. */
    cutOff: async (write: () => Promise<unknown>) => {
      await new Promise<void>((written) => {
        internals.updateIndexes = (store: object, table: object, before: object, after: object) =>
          updateIndexes(store, table, before, after, () => written());
        void write();
      });
      internals.updateIndexes = updateIndexes;
    },
    restart: async () => {
      await dynalite.close();
      dynalite = openDynalite(folder);
      await repairIndexes(dynalite, TABLE);
    },
    close: () => dynalite.close(),
  };
}

const page = z.object({ Items: z.array(z.looseObject({ pk: z.object({ S: z.string() }) })) });

describe('a write that was cut off', () => {
  it('of a new item is completed', async () => {
    const { put, cutOff, everywhere, restart, close } = await open();
    await cutOff(() => put(item('a', 'x', '1')));
    expect(await everywhere()).toEqual([[], [item('a', 'x', '1')], [item('a', 'x', '1')]]);
    await restart();
    expect(await everywhere()).toEqual(Array(3).fill([item('a', 'x', '1')]));
    await close();
  });

  it('of a change is completed, and leaves no entry of the earlier item', async () => {
    const { put, cutOff, everywhere, restart, close } = await open();
    await put(item('a', 'x', '1'));
    await put(item('b', 'x', '1'));
    await cutOff(() => put(item('a', 'y', '1')));
    expect(await everywhere()).not.toEqual(Array(3).fill([item('a', 'y', '1'), item('b', 'x', '1')]));
    await restart();
    expect(await everywhere()).toEqual(Array(3).fill([item('a', 'y', '1'), item('b', 'x', '1')]));
    await close();
  });

  it('of a deletion is undone', async () => {
    const { put, remove, cutOff, everywhere, restart, close } = await open();
    await put(item('a', 'x', '1'));
    await cutOff(() => remove('a'));
    expect(await everywhere()).toEqual([[item('a', 'x', '1')], [], []]);
    await restart();
    expect(await everywhere()).toEqual(Array(3).fill([item('a', 'x', '1')]));
    await close();
  });
});

it('changes nothing where all indexes agree', async () => {
  const { put, everywhere, restart, close } = await open();
  await put(item('a', 'x', '1'));
  await put({ pk: { S: 'b' } });
  const before = await everywhere();
  await restart();
  expect(await everywhere()).toEqual(before);
  await close();
});
