import { murmur3 } from './murmur3.ts';

/**
 * The fingerprint of rows, whatever their order: the sum of a hash of each, modulo 2^128. A sum and not an XOR, in which
 * two equal rows would cancel each other. It guards against accident, not against intent.
 *
 * How to compute it from the files: hash each line without its line feed by MurmurHash3_x86_128 with seed 0, read the 16
 * bytes of the result as a little-endian number, add them up modulo 2^128, and print 32 hexadecimal digits. Sums of
 * chunks add up to that of the table. In Python:
 * `sum(mmh3.hash128(line, 0, x64arch=False) for line in lines) % 2**128`.
 */
export class Fingerprint {
  /** Four words of 32 bits, the lowest first. */
  readonly #sum = new Uint32Array(4);
  readonly #hash = new Uint32Array(4);

  /** Adds the line that lies in `bytes` from `start` to `end`. */
  add(bytes: DataView, start: number, end: number): void {
    const sum = this.#sum;
    const hash = this.#hash;
    murmur3(bytes, start, end, hash);
    let carry = 0;
    for (let at = 0; at < 4; at += 1) {
      const word = (sum[at] ?? 0) + (hash[at] ?? 0) + carry;
      sum[at] = word;
      carry = word > 0xffff_ffff ? 1 : 0;
    }
  }

  /** 32 hexadecimal digits. */
  toString(): string {
    return Array.from(this.#sum, (word) => word.toString(16).padStart(8, '0'))
      .reverse()
      .join('');
  }
}

/** The fingerprint of several parts together, from those of each. */
export const sumOfFingerprints = (parts: readonly string[]): string =>
  (parts.reduce((sum, part) => sum + BigInt(`0x${part}`), 0n) % 2n ** 128n).toString(16).padStart(32, '0');
