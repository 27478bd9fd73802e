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

  it('keeps every byte while the room for its first part grows, and when buffers are given back', () => {
    const sizes = fc.array(fc.integer({ min: 1, max: 90_000 }), { maxLength: 12 });
    fc.assert(
      fc.property(sizes, fc.integer({ min: 60_000, max: 300_000 }), (given, partBytes) => {
        const chunks = given.map((size, index) => Buffer.alloc(size, `${index} ${size} `));
        const cutter = new PartCutter(partBytes);
        const stored: Buffer[] = [];
        const store = (part: Part): void => {
          stored.push(Buffer.from(part.body));
          expect(sha256(part.body)).toBe(part.sha256);
          part.release?.();
        };
        for (const chunk of chunks) for (const part of cutter.take(chunk)) store(part);
        for (const part of cutter.end()) store(part);
        expect(Buffer.concat(stored).equals(Buffer.concat(chunks))).toBe(true);
        expect(cutter.summary().sha256).toBe(sha256(Buffer.concat(chunks)));
      }),
      { seed: 2 },
    );
  });

  it('keeps a full part back until another byte follows: it may be the last', () => {
    const cutter = new PartCutter(4);
    expect([...cutter.take(Buffer.from('abcd'))]).toHaveLength(0);
    expect([...cutter.take(Buffer.from('e'))]).toHaveLength(1);
    expect([...cutter.end()].map((part) => part.body.toString())).toEqual(['e']);
  });
});
