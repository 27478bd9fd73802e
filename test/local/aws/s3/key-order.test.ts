import fc from 'fast-check';
import { successor } from '../../../../local/aws/s3/key-order.ts';

const byBytes = (left: string, right: string) => Buffer.compare(Buffer.from(left), Buffer.from(right));

describe('the successor of a prefix', () => {
  it('sorts after all that begin with it and before all that sort after them', () => {
    const text = fc.string({ unit: 'binary', maxLength: 6 });
    fc.assert(
      fc.property(text, text, (prefix, rest) => {
        const next = successor(prefix);
        if (next === undefined) return expect(prefix.replaceAll('\u{10ffff}', '')).toBe('');
        expect(byBytes(prefix + rest, next)).toBeLessThan(0);
        if (byBytes(rest, prefix) > 0 && !rest.startsWith(prefix)) {
          expect(byBytes(rest, next)).toBeGreaterThanOrEqual(0);
        }
      }),
      { seed: 7, numRuns: 2000 },
    );
  });

  it.each([
    ['a', 'b'],
    ['a/', 'a0'],
    ['\u{d7ff}', '\u{e000}'],
    ['a\u{10ffff}', 'b'],
    ['\u{10ffff}', undefined],
    ['', undefined],
  ])('of %j is %j', (prefix, next) => {
    expect(successor(prefix)).toBe(next);
  });
});
