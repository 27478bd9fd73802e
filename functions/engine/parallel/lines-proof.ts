import { damagedDump } from '../damaged-dump.ts';
import { Fingerprint } from '../rows/fingerprint.ts';
import type { RowsProof } from '../rows/tsv-text.ts';
import type { LongRows } from './long-rows.ts';

const LINE_FEED = 0x0a;

/**
 * Counts and hashes the lines of stored rows, whatever pieces they come in: what comes out is what was told when they were
 * read, and no server is needed for it. A line feed within a value is escaped, so that each one ends a row.
 */
export class LinesProof {
  readonly #fingerprint = new Fingerprint();
  /** A line that goes on in the next piece. */
  readonly #begun: Buffer[] = [];
  readonly #long: LongRows | undefined;
  #rows = 0;
  #bytes = 0;
  #packetBytes = 0;

  /** @param long which lines may be too long for a server @default none */
  constructor(long?: LongRows) {
    this.#long = long;
  }

  /** What the server must take at once for the longest of them; 0 where none is long. */
  get packetBytes(): number {
    return this.#packetBytes;
  }

  /** @param text may become other bytes afterwards */
  take(text: Buffer): void {
    this.#bytes += text.length;
    const view = viewOf(text);
    let start = 0;
    for (let end = text.indexOf(LINE_FEED); end >= 0; end = text.indexOf(LINE_FEED, start)) {
      if (this.#begun.length > 0) this.#addBegun(text.subarray(start, end));
      else this.#add(text, view, start, end);
      this.#rows += 1;
      start = end + 1;
    }
    if (start < text.length) this.#begun.push(Buffer.from(text.subarray(start)));
  }

  /** @throws `backup_damaged` where the text ends within a line */
  end(): RowsProof {
    if (this.#begun.length > 0) throw damagedDump('the rows end within a line');
    return { rows: this.#rows, bytes: this.#bytes, fingerprint: this.#fingerprint.toString() };
  }

  #addBegun(rest: Buffer): void {
    const line = Buffer.concat([...this.#begun.splice(0), rest]);
    this.#add(line, viewOf(line), 0, line.length);
  }

  #add(text: Buffer, view: DataView, start: number, end: number): void {
    this.#fingerprint.add(view, start, end);
    if (this.#long === undefined || end - start < this.#long.fromBytes) return;
    this.#packetBytes = Math.max(this.#packetBytes, this.#long.packetFor(text.subarray(start, end)));
  }
}

const viewOf = ({ buffer, byteOffset, byteLength }: Buffer): DataView =>
  new DataView(buffer, byteOffset, byteLength);
