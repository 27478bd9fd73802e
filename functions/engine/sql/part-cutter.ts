import { createHash, type Hash } from 'node:crypto';
import { freeBuffer } from '../free-buffer.ts';
import type { Part, PartRecord } from '../part.ts';

/** What most tables fit into: many objects that each took the room of a part would keep the garbage collector busy. */
const FIRST_BYTES = 64 * 1024;

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
      const copied = rest.copy(this.#room(rest.length), this.#filled);
      // Both at once, while the bytes are still near the processor.
      const taken = rest.subarray(0, copied);
      this.#part.update(taken);
      this.#whole?.update(taken);
      this.#filled += copied;
      rest = rest.subarray(copied);
    }
  }

  /** The buffer of the part, with room for at least some of so many bytes. */
  #room(bytes: number): Buffer {
    const wanted = Math.min(this.#partBytes, this.#filled + bytes);
    const before = this.#buffer ?? this.#free.pop();
    if (before !== undefined && before.length >= wanted) {
      this.#buffer = before;
      return before;
    }
    // Not from the pool: it is handed on whole. Behind the first part, all others will need as much.
    const isFirst = this.#records.length === 0;
    const size = isFirst ? Math.max(wanted * 2, FIRST_BYTES) : this.#partBytes;
    const buffer = Buffer.allocUnsafeSlow(Math.min(this.#partBytes, size));
    before?.copy(buffer, 0, 0, this.#filled);
    if (before) freeBuffer(before);
    this.#buffer = buffer;
    return buffer;
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
