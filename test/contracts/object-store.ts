import type { ObjectStore } from '../../functions/core/ports.ts';
import { aPart, PART_BYTES, sourceOf } from '../fixtures/parts.ts';

/** The bytes that a read gives. */
export async function bytesOf(chunks: AsyncIterable<Buffer>): Promise<Buffer> {
  const all: Buffer[] = [];
  for await (const chunk of chunks) all.push(chunk);
  return Buffer.concat(all);
}

/** What ObjectStore promises. @param store is used by all tests, each under keys of its own */
export function objectStoreContract(store: () => ObjectStore): void {
  it('writes parts as one object and reads it by version, whole and by range', async () => {
    const parts = [aPart(1), aPart(2), aPart(3, 1_000)];
    const whole = Buffer.concat(parts.map(({ body }) => body));
    const { versionId } = await store().writeParts('a/parts', sourceOf(...parts));
    expect((await bytesOf(store().read('a/parts', versionId))).equals(whole)).toBe(true);
    const range = { first: PART_BYTES - 10, last: PART_BYTES + 9 };
    expect(await bytesOf(store().read('a/parts', versionId, range))).toEqual(
      whole.subarray(range.first, range.last + 1),
    );
    const [first] = whole;
    expect(await bytesOf(store().read('a/parts', versionId, { first: 0, last: 0 }))).toEqual(
      Buffer.of(first ?? 0),
    );
  });

  it('never replaces an object', async () => {
    const { versionId } = await store().writeParts('b/once', sourceOf(aPart(1, 10)));
    await expect(store().writeParts('b/once', sourceOf(aPart(1, 20)))).rejects.toMatchObject({
      code: 'upload_failed',
    });
    await expect(store().writeOnce('b/once', Buffer.from('{}'), 'application/json')).rejects.toMatchObject({
      code: 'upload_failed',
    });
    expect(await bytesOf(store().read('b/once', versionId))).toHaveLength(10);
  });

  it('writes a small object once', async () => {
    const { versionId } = await store().writeOnce('c/small', Buffer.from('{"a":1}'), 'application/json');
    expect(String(await bytesOf(store().read('c/small', versionId)))).toBe('{"a":1}');
  });

  it('throws what the source throws, and makes no object', async () => {
    const failure = new Error('the dump broke');
    await expect(store().writeParts('d/broken', sourceOf(aPart(1), failure))).rejects.toBe(failure);
    await store().writeParts('d/broken', sourceOf(aPart(1, 1)));
  });

  it('refuses a gap in the parts, and an object of none', async () => {
    await expect(store().writeParts('e/gap', sourceOf(aPart(1), aPart(3)))).rejects.toMatchObject({
      code: 'upload_failed',
    });
    await expect(store().writeParts('e/gap', sourceOf())).rejects.toMatchObject({ code: 'upload_failed' });
  });

  it('calls a backup damaged whose bytes are not all there', async () => {
    const { versionId } = await store().writeParts('f/short', sourceOf(aPart(1, 100)));
    const { versionId: other } = await store().writeParts('f/other', sourceOf(aPart(1, 1)));
    for (const reading of [
      store().read('f/missing', versionId),
      store().read('f/short', other),
      store().read('f/short', versionId, { first: 50, last: 100 }),
      store().read('f/short', versionId, { first: 100, last: 200 }),
    ]) {
      await expect(bytesOf(reading)).rejects.toMatchObject({ code: 'backup_damaged' });
    }
  });

  it('lists the objects under a prefix, by key, from any on', async () => {
    const keys = ['h/1/b', 'h/1/a', 'h/2/a', 'h/10/a'];
    const written = new Map<string, string>();
    for (const key of keys) {
      const { versionId } = await store().writeOnce(key, Buffer.from('x'), 'text/plain');
      written.set(key, versionId);
    }
    const listed = async (prefix: string, after?: string) => {
      const found: string[] = [];
      for await (const { key, versionId } of store().list(prefix, after)) {
        expect(versionId).toBe(written.get(key));
        found.push(key);
      }
      return found;
    };
    expect(await listed('h/')).toEqual(['h/1/a', 'h/1/b', 'h/10/a', 'h/2/a']);
    expect(await listed('h/1/')).toEqual(['h/1/a', 'h/1/b']);
    expect(await listed('h/', 'h/1/b')).toEqual(['h/10/a', 'h/2/a']);
    expect(await listed('h/3')).toEqual([]);
  });

  it('removes all under a prefix and nothing beside it, also when asked again', async () => {
    const gone = await store().writeParts('g/bk_1/x', sourceOf(aPart(1, 5)));
    const kept = await store().writeParts('g/bk_10/x', sourceOf(aPart(1, 5)));
    await store().removeAll('g/bk_1/');
    await store().removeAll('g/bk_1/');
    await expect(bytesOf(store().read('g/bk_1/x', gone.versionId))).rejects.toMatchObject({
      code: 'backup_damaged',
    });
    expect(await bytesOf(store().read('g/bk_10/x', kept.versionId))).toHaveLength(5);
  });
}
