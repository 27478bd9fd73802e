import { freeBuffer } from '../../../functions/engine/free-buffer.ts';

describe('freeBuffer', () => {
  it('gives the memory back without a collection', () => {
    const before = process.memoryUsage().arrayBuffers;
    const buffers = Array.from({ length: 4 }, () => Buffer.allocUnsafeSlow(1024 * 1024));
    expect(process.memoryUsage().arrayBuffers - before).toBeGreaterThanOrEqual(4 * 1024 * 1024);
    for (const buffer of buffers) freeBuffer(buffer);
    expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(1024 * 1024);
    expect(buffers.every(({ length }) => length === 0)).toBe(true);
  });

  it('leaves memory alone that others may use', () => {
    const whole = Buffer.from('rows of two readers, each with its own view of them'.repeat(1_000));
    const [head, tail] = [whole.subarray(0, 10), whole.subarray(10)];
    freeBuffer(head);
    freeBuffer(tail);
    expect(whole.toString('latin1', 0, 4)).toBe('rows');
    const pooled = Buffer.from('small');
    freeBuffer(pooled);
    expect(pooled.toString()).toBe('small');
  });
});
