import { storeParts } from '../../../functions/core/store-parts.ts';
import type { Part } from '../../../functions/engine/part.ts';
import { memoryObjects } from '../../ports/memory-objects.ts';

const signal = new AbortController().signal;
const sha256 = '0'.repeat(64);

async function* parts(...bodies: readonly string[]): AsyncGenerator<Part, void, undefined> {
  for (const [index, body] of bodies.entries()) yield { number: index + 1, body: Buffer.from(body), sha256 };
}

/** Objects in memory, and by which requests they came there. */
function scene() {
  const objects = memoryObjects();
  const requests: string[] = [];
  const noting = {
    ...objects,
    writeOnce: (...given: Parameters<typeof objects.writeOnce>) => {
      requests.push('once');
      return objects.writeOnce(...given);
    },
    writeParts: (...given: Parameters<typeof objects.writeParts>) => {
      requests.push('parts');
      return objects.writeParts(...given);
    },
  };
  return { objects, noting, requests };
}

it.each([
  ['one request where there is one part', ['one'], 'once'],
  ['an upload where there are two', ['one', 'two'], 'parts'],
  ['an upload where there are three', ['one', 'two', 'three'], 'parts'],
])('storeParts makes %s', async (_, bodies, request) => {
  const { objects, noting, requests } = scene();
  const storing = await storeParts(noting, 'key', parts(...bodies), signal);
  const { versionId } = (await storing?.written) ?? {};
  expect(objects.stored.get(`key ${versionId}`)?.toString()).toBe(bodies.join(''));
  expect(requests).toEqual([request]);
});

it('storeParts makes no object where there is no part', async () => {
  const { noting, requests } = scene();
  expect(await storeParts(noting, 'key', parts(), signal)).toBeUndefined();
  expect(requests).toEqual([]);
});

it.each([1, 2, 3])(
  'storeParts makes none where its source fails behind part %s, and ends the source',
  async (after) => {
    const { objects, noting } = scene();
    let ended = false;
    async function* failing() {
      try {
        yield* parts(...['one', 'two', 'three'].slice(0, after));
        throw new Error('the source failed');
      } finally {
        ended = true;
      }
    }
    await expect(storeParts(noting, 'key', failing(), signal)).rejects.toThrow('the source failed');
    expect([objects.stored.size, ended]).toEqual([0, true]);
  },
);
