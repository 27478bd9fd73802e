import { Readable } from 'node:stream';
import { finished } from 'node:stream/promises';
import { collectBounded } from '../../../../functions/engine/process/bounded-text.ts';

describe('collectBounded', () => {
  it.each([
    ['all of a short text', ['abc', 'de'], 'abcde'],
    ['all that fits in both halves', ['abcdef', 'gh'], 'abcdefgh'],
    ['beginning and end of a long one', ['abcd', 'x'.repeat(1000), 'wxyz'], 'abcd\nwxyz'],
    ['beginning and end of one long chunk', [`abcd${'x'.repeat(1000)}wxyz`], 'abcd\nwxyz'],
  ])('keeps %s', async (_, chunks, kept) => {
    const stream = Readable.from(chunks.map((chunk) => Buffer.from(chunk)));
    const text = collectBounded(stream, 4);
    await finished(stream);
    expect(text()).toBe(kept);
  });
});
