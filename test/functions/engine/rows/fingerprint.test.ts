import { Fingerprint, sumOfFingerprints } from '../../../../functions/engine/rows/fingerprint.ts';

const of = (...lines: readonly Buffer[]): string => {
  const sum = new Fingerprint();
  for (const line of lines) {
    // At an odd place, as lines lie.
    const bytes = Buffer.concat([Buffer.from('#'), line]);
    sum.add(new DataView(bytes.buffer, bytes.byteOffset, bytes.length), 1, bytes.length);
  }
  return sum.toString();
};

/** Printed by mmh3 5 for Python: `'%032x' % mmh3.hash128(line, 0, x64arch=False)`. */
const VECTORS: readonly (readonly [Buffer, string])[] = [
  [Buffer.from(''), '00000000000000000000000000000000'],
  [Buffer.from('a'), '5556b01b5556b01b5556b01ba794933c'],
  [Buffer.from('The quick brown fox jumps over the lazy dog'), 'e5e91d2c5d7bf66cecee2c672f1583c3'],
  [Buffer.from('1\tabc\t\\N'), '53908aa753908aa76887d2b71fb061ee'],
  [Buffer.from(Array.from({ length: 256 }, (_, byte) => byte)), '494ca2c0d352b21adb4503df2c56c88f'],
];

describe('the fingerprint', () => {
  it.each(VECTORS)('of one line is the hash that others compute: %#', (line, hash) => {
    expect(of(line)).toBe(hash);
  });

  it('is the sum of the hashes, with the carry', () => {
    const hashes = VECTORS.map(([, hash]) => hash);
    expect(of(...VECTORS.map(([line]) => line))).toBe(sumOfFingerprints(hashes));
  });

  it('of nothing is zero', () => {
    expect(of()).toBe('0'.repeat(32));
    expect(sumOfFingerprints([])).toBe('0'.repeat(32));
  });
});
