import { freeBuffer } from '../free-buffer.ts';
import { FRAME_BYTES } from '../zstd-frames.ts';
import { Fingerprint } from './fingerprint.ts';
import { maxLineBytes, writeLine } from './tsv-line.ts';

/** What the rows of a table or of a part of it amount to. */
export interface RowsProof {
  readonly rows: number;
  /** Of the text, before compression. */
  readonly bytes: number;
  /** See `Fingerprint`. */
  readonly fingerprint: string;
}

/** One is filled while one is ready and one is with the compressor. */
const BUFFERS = 3;

/**
 * Turns rows into text of `FRAME_BYTES` at most. Its buffers are used again: a text stays the same until the next but
 * one is taken.
 */
export class TsvText {
  readonly #columns: number;
  readonly #fingerprint = new Fingerprint();
  /** Made when they are needed: most tables are small. */
  readonly #buffers: Buffer[] = [];
  #turn = BUFFERS - 1;
  #buffer: Buffer = Buffer.alloc(0);
  #view = viewOf(this.#buffer);
  #at = 0;
  /** Texts that are finished. */
  readonly #ready: Buffer[] = [];
  /** Where the rows lie: a chunk holds many of them. */
  #source: Buffer = Buffer.alloc(0);
  #sourceView = viewOf(this.#source);
  #rows = 0;
  #bytes = 0;

  /** @param columns of each row */
  constructor(columns: number) {
    this.#columns = columns;
  }

  /** Adds a row as the text protocol has it. @returns whether there is a text to take before the next row */
  add(bytes: Buffer, start: number, end: number): boolean {
    if (bytes !== this.#source) {
      this.#source = bytes;
      this.#sourceView = viewOf(bytes);
    }
    const needed = maxLineBytes(end - start, this.#columns);
    if (needed > FRAME_BYTES) {
      this.#addLarge(start, end, needed);
    } else {
      if (this.#at + needed > this.#buffer.length) this.#turnBuffer();
      this.#at = this.#write(start, end, this.#view, this.#at);
    }
    return this.#ready.length > 0;
  }

  /** A finished text, the oldest first. */
  take(): Buffer | undefined {
    return this.#ready.shift();
  }

  /** Finishes what was begun: no more rows come, or they need more room. */
  finish(): void {
    if (this.#at === 0) return;
    this.#ready.push(this.#buffer.subarray(0, this.#at));
    this.#buffer = Buffer.alloc(0);
    this.#at = 0;
  }

  /** Once all texts are used up, and no row comes any more. */
  free(): void {
    for (const buffer of this.#buffers.splice(0)) freeBuffer(buffer);
  }

  proof(): RowsProof {
    return { rows: this.#rows, bytes: this.#bytes, fingerprint: this.#fingerprint.toString() };
  }

  #turnBuffer(): void {
    this.finish();
    this.#turn = (this.#turn + 1) % BUFFERS;
    this.#buffer = this.#buffers[this.#turn] ??= Buffer.allocUnsafeSlow(FRAME_BYTES);
    this.#view = viewOf(this.#buffer);
  }

  #write(start: number, end: number, line: DataView, at: number): number {
    const to = writeLine(this.#sourceView, start, end, this.#columns, line, at);
    this.#fingerprint.add(line, at, to - 1);
    this.#rows += 1;
    this.#bytes += to - at;
    return to;
  }

  /** A line that no text could hold is cut into several. */
  #addLarge(start: number, end: number, needed: number): void {
    this.finish();
    const line = Buffer.allocUnsafeSlow(needed);
    const length = this.#write(start, end, viewOf(line), 0);
    for (let from = 0; from < length; from += FRAME_BYTES) {
      this.#ready.push(line.subarray(from, Math.min(length, from + FRAME_BYTES)));
    }
  }
}

const viewOf = (buffer: Buffer): DataView =>
  new DataView(buffer.buffer, buffer.byteOffset, buffer.byteLength);
