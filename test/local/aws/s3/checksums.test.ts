import fc from 'fast-check';
import {
  ALGORITHMS,
  type Algorithm,
  joinChecksums,
  startDigest,
} from '../../../../local/aws/s3/checksums.ts';

const digest = (algorithm: Algorithm, ...chunks: Buffer[]): Buffer => {
  const running = startDigest(algorithm);
  for (const chunk of chunks) running.update(chunk);
  return running.value();
};

describe('a checksum', () => {
  // The check values that catalogues give for each algorithm.
  it.each([
    ['CRC32', 'cbf43926'],
    ['CRC32C', 'e3069283'],
    ['CRC64NVME', 'ae8b14860a799888'],
    ['SHA1', 'f7c3bc1d808e04732adf679965ccc34ca7ae3441'],
    ['SHA256', '15e2b0d3c33891ebb0f1ef609ec419420c20e320ce94c65fbc8c3312448eb225'],
  ] as const)('%s of 123456789 is %s', (algorithm, value) => {
    expect(digest(algorithm, Buffer.from('123456789')).toString('hex')).toBe(value);
  });

  it.each(ALGORITHMS)('%s does not depend on how the bytes are cut', (algorithm) => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 300 }), fc.nat(300), (bytes, cut) => {
        const whole = Buffer.from(bytes);
        const parts = [whole.subarray(0, cut), whole.subarray(cut)];
        expect(digest(algorithm, ...parts).equals(digest(algorithm, whole))).toBe(true);
      }),
      { seed: 7 },
    );
  });

  it.each(['CRC32', 'CRC32C', 'CRC64NVME'] as const)(
    '%s of the whole comes from those of its parts',
    (algorithm) => {
      const body = fc.uint8Array({ maxLength: 200 });
      fc.assert(
        fc.property(fc.array(body, { minLength: 1, maxLength: 5 }), (bodies) => {
          const parts = bodies.map((part) => Buffer.from(part));
          const sums = parts.map((part) => ({ checksum: digest(algorithm, part), size: part.length }));
          const whole = joinChecksums(algorithm, 'FULL_OBJECT', sums);
          expect(whole.value).toBe(digest(algorithm, Buffer.concat(parts)).toString('base64'));
        }),
        { seed: 7 },
      );
    },
  );
});
