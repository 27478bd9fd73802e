import { createHash, type Hash } from 'node:crypto';
import { freeBuffer } from '../free-buffer.ts';
import type { Part, PartRecord } from '../part.ts';

/** Cuts a stream into parts of equal size, but for the last, and hashes each and the whole. */
export class PartCutter {
  readonly #partBytes: number;
  /** Of the parts that were cut; until the first was, `#part` is that of the whole. */
  #whole: Hash | undefined;
  readonly #records: PartRecord[] = [];
  readonly #free: Buffer[] = [];
  #part = createHash('sha256');
  #buffer: Buffer | undefined;
  #isOver = false;
  #filled = 0;
  #sizeBytes = 0;

  constructor(partBytes: number) {
    this.#partBytes = partBytes;
  }

  /** @returns the parts that became full; a full part is kept back until a byte follows, as it may be the last */
  *take(chunk: Buffer): Generator<Part> {
    let rest = chunk;
    while (rest.length > 0) {
      if (this.#filled === this.#partBytes) yield this.#cut();
      // Not from the pool: the buffer is handed on whole, and its memory is touched only as far as it is filled.
      this.#buffer ??= this.#free.pop() ?? Buffer.allocUnsafeSlow(this.#partBytes);
      const copied = rest.copy(this.#buffer, this.#filled);
      // Both at once, while the bytes are still near the processor.
      const taken = rest.subarray(0, copied);
      this.#part.update(taken);
      this.#whole?.update(taken);
      this.#filled += copied;
      rest = rest.subarray(copied);
    }
  }

  *end(): Generator<Part> {
    this.#isOver = true;
    for (const buffer of this.#free.splice(0)) freeBuffer(buffer);
    if (this.#filled > 0) yield this.#cut();
  }

  summary(): { sizeBytes: number; sha256: string; parts: readonly PartRecord[] } {
    return {
      sizeBytes: this.#sizeBytes,
      sha256: (this.#whole ?? this.#part).copy().digest('hex'),
      parts: this.#records,
    };
  }

  #cut(): Part {
    const buffer = this.#buffer ?? Buffer.alloc(0);
    const body = buffer.subarray(0, this.#filled);
    // Most objects are one part: their bytes are hashed once.
    this.#whole ??= this.#part.copy();
    const sha256 = this.#part.digest('hex');
    this.#part = createHash('sha256');
    const number = this.#records.length + 1;
    this.#records.push({ number, sizeBytes: body.length, sha256 });
    this.#sizeBytes += body.length;
    this.#buffer = undefined;
    this.#filled = 0;
    return { number, body, sha256, release: () => this.#release(buffer) };
  }

  #release(buffer: Buffer): void {
    if (this.#isOver) freeBuffer(buffer);
    else this.#free.push(buffer);
  }
}
