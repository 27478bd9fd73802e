import { createHash } from 'node:crypto';
import fc from 'fast-check';
import type { Part } from '../../../../functions/engine/part.ts';
import { PartCutter } from '../../../../functions/engine/sql/part-cutter.ts';

const sha256 = (bytes: Buffer) => createHash('sha256').update(bytes).digest('hex');

describe('PartCutter', () => {
  it('cuts any chunks into parts of one size, with the hash of each and of the whole', () => {
    const chunks = fc.array(fc.uint8Array({ maxLength: 40 }), { maxLength: 20 });
    fc.assert(
      fc.property(chunks, fc.integer({ min: 1, max: 50 }), (given, partBytes) => {
        const cutter = new PartCutter(partBytes);
        const parts: Part[] = given.flatMap((chunk) => [...cutter.take(Buffer.from(chunk))]);
        parts.push(...cutter.end());
        const whole = Buffer.concat(given);
        expect(Buffer.concat(parts.map((part) => part.body))).toEqual(whole);
        expect(parts.slice(0, -1).every((part) => part.body.length === partBytes)).toBe(true);
        expect(parts.map((part) => part.number)).toEqual(parts.map((_, index) => index + 1));
        expect(parts.every((part) => part.sha256 === sha256(part.body))).toBe(true);
        const { sizeBytes, sha256: total, parts: records } = cutter.summary();
        expect({ sizeBytes, total }).toEqual({ sizeBytes: whole.length, total: sha256(whole) });
        expect(records).toEqual(
          parts.map(({ number, body, sha256: hash }) => ({ number, sizeBytes: body.length, sha256: hash })),
        );
      }),
      { seed: 1 },
    );
  });

  it('keeps a full part back until another byte follows: it may be the last', () => {
    const cutter = new PartCutter(4);
    expect([...cutter.take(Buffer.from('abcd'))]).toHaveLength(0);
    expect([...cutter.take(Buffer.from('e'))]).toHaveLength(1);
    expect([...cutter.end()].map((part) => part.body.toString())).toEqual(['e']);
  });
});
