import { PartCutter } from '../../../../functions/engine/sql/part-cutter.ts';
import { readVerifiedParts } from '../../../../functions/engine/sql/read-verified-parts.ts';
import { SafeBaseError } from '../../../../functions/errors.ts';

const BYTES = Buffer.from('0123456789abcdefghij-the-last-part');
const cutter = new PartCutter(10);
const PARTS = [...cutter.take(BYTES), ...cutter.end()];
const OBJECT = cutter.summary();

/** Reads in chunks of some bytes from what is stored, which may not be what was written. */
const readFrom = (stored: Buffer, size = 3) =>
  async function* ({ first, last }: { first: number; last: number }) {
    for (let at = first; at <= last; at += size) yield stored.subarray(at, Math.min(at + size, last + 1));
  };

async function read(stored: Buffer, object: typeof OBJECT = OBJECT, size?: number) {
  const taken: Buffer[] = [];
  let failure: unknown;
  try {
    const signal = new AbortController().signal;
    for await (const part of readVerifiedParts(readFrom(stored, size), object, signal)) taken.push(part);
  } catch (error) {
    failure = error;
  }
  return { taken: Buffer.concat(taken).toString(), failure };
}

const flipped = (at: number) => {
  const copy = Buffer.from(BYTES);
  copy[at] = (copy[at] ?? 0) ^ 1;
  return copy;
};
const without = (index: number) => OBJECT.parts.filter((_, at) => at !== index);

describe('readVerifiedParts', () => {
  it('gives the parts in order', async () => {
    expect(await read(BYTES)).toEqual({ taken: BYTES.toString(), failure: undefined });
    expect(PARTS).toHaveLength(4);
  });

  it.each(Array.from({ length: BYTES.length }, (_, before) => before + 1))(
    'gives the same in chunks of %d bytes',
    async (size) => {
      expect(await read(BYTES, OBJECT, size)).toEqual({ taken: BYTES.toString(), failure: undefined });
    },
  );

  it.each([
    ['a flipped bit in the first part', flipped(0), OBJECT, ''],
    ['a flipped bit in the third part', flipped(29), OBJECT, '0123456789abcdefghij'],
    ['a missing end', BYTES.subarray(0, -1), OBJECT, '0123456789abcdefghij-the-last-'],
    [
      'a missing record of the last part',
      BYTES,
      { ...OBJECT, parts: without(3) },
      '0123456789abcdefghij-the-last-',
    ],
    ['a missing record in between', BYTES, { ...OBJECT, parts: without(1) }, '0123456789'],
    ['another hash of the whole', BYTES, { ...OBJECT, sha256: '0'.repeat(64) }, BYTES.toString()],
    ['another size', BYTES, { ...OBJECT, sizeBytes: 33 }, BYTES.toString()],
  ])('refuses %s, and gives only what was proved before', async (_, stored, object, taken) => {
    const result = await read(stored, object);
    expect(result).toEqual({ taken, failure: expect.objectContaining({ code: 'backup_damaged' }) });
  });

  it('stops when it is told to', async () => {
    const stop = new AbortController();
    const parts = readVerifiedParts(readFrom(BYTES), OBJECT, stop.signal);
    await parts.next();
    stop.abort(new SafeBaseError('deadline_exceeded', 'enough'));
    await expect(parts.next()).rejects.toThrow('enough');
  });
});
