import { newDatabaseId } from '../../functions/core/ids.ts';
import type { DatabaseStore } from '../../functions/core/ports.ts';
import { aDatabase } from '../fixtures/records.ts';

/** What DatabaseStore promises. @param make a store of its own for each test */
export function databaseStoreContract(make: () => Promise<DatabaseStore>): void {
  it('gives back what was created, and nothing for another id', async () => {
    const store = await make();
    const database = aDatabase({ schemas: ['a', 'ü'], tls: { mode: 'off' } });
    await store.create(database);
    expect(await store.get(database.id)).toEqual(database);
    expect(await store.get(aDatabase().id)).toBeUndefined();
  });

  it('refuses a second creation with the same id', async () => {
    const store = await make();
    const database = aDatabase();
    await store.create(database);
    await expect(store.create({ ...database, name: 'other' })).rejects.toMatchObject({
      code: 'version_conflict',
    });
    expect((await store.get(database.id))?.name).toBe('shop');
  });

  it('replaces only the version that the change was made from', async () => {
    const store = await make();
    const database = aDatabase({ restoreCredentials: { secretArn: 'arn:x', managed: false } });
    await store.create(database);
    const { restoreCredentials: _, ...changed } = { ...database, name: 'new', version: 2 };
    await store.replace(changed);
    expect(await store.get(database.id)).toEqual(changed);
    await expect(store.replace({ ...changed, name: 'late', version: 2 })).rejects.toMatchObject({
      code: 'version_conflict',
    });
    expect((await store.get(database.id))?.name).toBe('new');
  });

  it('lets one of two changes at once win', async () => {
    const store = await make();
    const database = aDatabase();
    await store.create(database);
    const tries = await Promise.allSettled(
      ['one', 'two'].map((name) => store.replace({ ...database, name, version: 2 })),
    );
    expect(tries.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
  });

  it('removes only the version that was read, and does not mind that it is gone', async () => {
    const store = await make();
    const database = aDatabase();
    await store.create(database);
    await expect(store.remove(database.id, 7)).rejects.toMatchObject({ code: 'version_conflict' });
    await store.remove(database.id, 1);
    expect(await store.get(database.id)).toBeUndefined();
    await store.remove(database.id, 1);
  });

  it('lists newest first in pages, each record once', async () => {
    const store = await make();
    const made = ['1', '2', '3', '4', '5'].map((name, index) =>
      aDatabase({ id: newDatabaseId(Date.now() + index), name }),
    );
    for (const database of made) await store.create(database);
    const names: string[] = [];
    let cursor: string | undefined;
    let pages = 0;
    do {
      const page = await store.list({ limit: 2, ...(cursor === undefined ? {} : { cursor }) });
      names.push(...page.items.map(({ name }) => name));
      cursor = page.nextCursor;
      pages += 1;
    } while (cursor !== undefined);
    expect(names).toEqual(['5', '4', '3', '2', '1']);
    expect(pages).toBe(3);
  });

  it.each(['x', '%%%', 'e30', 'W10', 'null', `${'A'.repeat(400)}`])(
    'refuses the cursor %p',
    async (cursor) => {
      const store = await make();
      await expect(store.list({ limit: 2, cursor })).rejects.toMatchObject({ code: 'bad_cursor' });
    },
  );
}
