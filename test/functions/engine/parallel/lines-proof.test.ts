import fc from 'fast-check';
import { LinesProof } from '../../../../functions/engine/parallel/lines-proof.ts';
import { TsvText } from '../../../../functions/engine/rows/tsv-text.ts';

/** A row of the text protocol: each value with its length before it. */
function packet(values: readonly (Buffer | null)[]): Buffer {
  return Buffer.concat(
    values.map((value) =>
      value === null
        ? Buffer.of(0xfb)
        : Buffer.concat([Buffer.of(0xfc, value.length & 255, value.length >> 8), value]),
    ),
  );
}

/** The text of rows, and what was told of them when they were read. */
function read(rows: readonly (readonly (Buffer | null)[])[]) {
  const text = new TsvText(2);
  const taken: Buffer[] = [];
  for (const row of rows) {
    const bytes = packet(row);
    text.add(bytes, 0, bytes.length);
    for (let ready = text.take(); ready; ready = text.take()) taken.push(Buffer.from(ready));
  }
  text.finish();
  for (let ready = text.take(); ready; ready = text.take()) taken.push(Buffer.from(ready));
  return { whole: Buffer.concat(taken), proof: text.proof() };
}

const bytes = fc.uint8Array({ maxLength: 40 }).map((given) => Buffer.from(given));
const special = fc.constantFrom(
  ...['', '\n', '\t', '\\', '\\N', 'a\nb\0', '\n\n'].map((text) => Buffer.from(text)),
);
const value = fc.oneof(bytes, special, fc.constant(null));
const rowsOf = fc.array(fc.tuple(value, value), { maxLength: 30 });

describe('LinesProof', () => {
  it('tells of stored rows what was told when they were read, in whatever pieces they come', () => {
    fc.assert(
      fc.property(rowsOf, fc.array(fc.nat({ max: 60 }), { maxLength: 20 }), (rows, cuts) => {
        const { whole, proof } = read(rows);
        const lines = new LinesProof();
        let from = 0;
        for (const cut of cuts) {
          lines.take(whole.subarray(from, from + cut));
          from += cut;
        }
        lines.take(whole.subarray(from));
        expect(lines.end()).toEqual(proof);
      }),
      { numRuns: 500, seed: 7 },
    );
  });

  it('uses no byte of a piece after it was taken', () => {
    const { whole, proof } = read([[Buffer.from('first'), Buffer.from('x'.repeat(100))]]);
    const lines = new LinesProof();
    for (const byte of whole) {
      const piece = Buffer.of(byte);
      lines.take(piece);
      piece[0] = 0;
    }
    expect(lines.end()).toEqual(proof);
  });

  it.each([
    ['a flipped bit', 'b\tb\n'],
    ['values that changed places', 'b\ta\n'],
    ['a row that is there twice', 'a\tb\na\tb\n'],
  ])('finds %s', (_, stored) => {
    const { proof } = read([[Buffer.from('a'), Buffer.from('b')]]);
    const lines = new LinesProof();
    lines.take(Buffer.from(stored));
    expect(lines.end().fingerprint).not.toBe(proof.fingerprint);
  });

  it('does not take a line for whole that has no end', () => {
    const lines = new LinesProof();
    lines.take(Buffer.from('1\ta\n2\tb'));
    expect(() => lines.end()).toThrow('within a line');
  });
});
