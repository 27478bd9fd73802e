/** One 8-byte word for each row: the beginning of the SHA-256 over its values. */
import { createHash, hash } from 'node:crypto';
import type { RawValue } from './connect.ts';

/** Rows up to this many bytes are hashed in one call, which is much faster than several. */
const ONE_CALL_BYTES = 64 * 1024;
const DIGEST_BYTES = 8;
const scratch = Buffer.allocUnsafe(ONE_CALL_BYTES);

/** The word of a row. Every value goes in with its length, so that no two rows read alike. */
export function digestRow(values: readonly RawValue[]): Buffer {
  const sizeBytes = values.reduce((sum, value) => sum + 5 + (value?.length ?? 0), 0);
  if (sizeBytes > ONE_CALL_BYTES) return digestLargeRow(values);
  let at = 0;
  for (const value of values) {
    at = scratch.writeUInt8(value === null ? 0 : 1, at);
    at = scratch.writeUInt32LE(value?.length ?? 0, at);
    at += value?.copy(scratch, at) ?? 0;
  }
  return hash('sha256', scratch.subarray(0, at), 'buffer').subarray(0, DIGEST_BYTES);
}

function digestLargeRow(values: readonly RawValue[]): Buffer {
  const sum = createHash('sha256');
  for (const value of values) {
    const head = Buffer.alloc(5);
    head.writeUInt8(value === null ? 0 : 1, 0);
    head.writeUInt32LE(value?.length ?? 0, 1);
    sum.update(head);
    if (value !== null) sum.update(value);
  }
  return sum.digest().subarray(0, DIGEST_BYTES);
}

/** A growing list of words. */
export class DigestList {
  #words = new BigUint64Array(1024);
  #count = 0;

  add(digest: Buffer): void {
    if (this.#count === this.#words.length) {
      const larger = new BigUint64Array(this.#words.length * 2);
      larger.set(this.#words);
      this.#words = larger;
    }
    Buffer.from(this.#words.buffer).set(digest, this.#count * DIGEST_BYTES);
    this.#count += 1;
  }

  /** All words in order; the list belongs to the caller from now on. */
  sorted(): BigUint64Array {
    return this.#words.subarray(0, this.#count).sort();
  }
}

/** The word of a digest as it stands in the sorted list. */
export const wordOf = (digest: Buffer): bigint => digest.readBigUInt64LE();
