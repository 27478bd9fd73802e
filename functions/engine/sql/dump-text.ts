/** MariaDB's tool begins with a line that older and MySQL's clients refuse. */
const SANDBOX_LINE = Buffer.from('/*M!999999\\- enable the sandbox mode */');
const NEWLINE = 0x0a;
const HEAD_BYTES = 512;
const TAIL_BYTES = 256;
const END_LINE = /(?:^|\n)-- Dump completed(?: on [^\n]*)?\n$/;
/** `-- MariaDB dump 10.19-11.8.6-MariaDB, for …` and `-- MySQL dump 10.13  Distrib 9.7.4-2, for …`. */
const PROGRAM_VERSION = /^-- (?:MariaDB dump [\d.]+-|MySQL dump [\d.]+ +Distrib )([^,\s]{1,60}),/m;

/**
 * Watches the text of a dump as it goes by: takes the sandbox line away, counts, and copies beginning and end, as the
 * buffers are used again.
 */
export class DumpText {
  /** Bytes that were kept so far. */
  bytes = 0;
  #start: Buffer | undefined = Buffer.alloc(0);
  #head = Buffer.alloc(0);
  #tail: Buffer = Buffer.alloc(0);

  /** @returns the bytes to keep; empty while the first line is still incomplete */
  take(chunk: Buffer): Buffer {
    const kept = this.#start === undefined ? chunk : this.#withoutSandboxLine(chunk);
    this.bytes += kept.length;
    if (kept.length > 0 && this.#head.length < HEAD_BYTES) {
      this.#head = Buffer.concat([this.#head, kept.subarray(0, HEAD_BYTES - this.#head.length)]);
    }
    this.#tail = Buffer.concat([this.#tail, kept.subarray(-TAIL_BYTES)]).subarray(-TAIL_BYTES);
    return kept;
  }

  /** Whether the last line is the one that the tools write when they have finished. */
  get hasEnd(): boolean {
    return END_LINE.test(this.#tail.toString('latin1'));
  }

  get programVersion(): string {
    return PROGRAM_VERSION.exec(this.#head.toString('latin1'))?.[1] ?? 'unknown';
  }

  #withoutSandboxLine(chunk: Buffer): Buffer {
    const start = Buffer.concat([this.#start ?? Buffer.alloc(0), chunk]);
    const seen = Math.min(start.length, SANDBOX_LINE.length);
    const isSandbox = start.subarray(0, seen).equals(SANDBOX_LINE.subarray(0, seen));
    const lineEnd = start.indexOf(NEWLINE);
    if (isSandbox && lineEnd < 0) {
      this.#start = start;
      return Buffer.alloc(0);
    }
    this.#start = undefined;
    return isSandbox ? start.subarray(lineEnd + 1) : start;
  }
}
