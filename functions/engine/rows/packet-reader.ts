import { freeBuffer } from '../free-buffer.ts';
import { brokenAnswer } from './wire-errors.ts';

const HEADER_BYTES = 4;
/** A packet of this length goes on in the next one. */
const MAX_PACKET_BYTES = 0xff_ffff;
/** Of a payload that goes on in the next chunk, less than this is copied, so that the chunk can be freed. */
const SMALL_PIECE_BYTES = 8 * 1024;
/** No server lets `max_allowed_packet` be larger. */
const MAX_PAYLOAD_BYTES = 1024 ** 3 + 1024;

/**
 * Cuts the bytes of a connection into payloads, whatever chunks they come in. A payload that lies whole in a chunk is
 * given where it lies; only others are copied.
 * @see https://dev.mysql.com/doc/dev/mysql-server/latest/page_protocol_basic_packets.html
 */
export class PacketReader {
  /** The present payload is `bytes` from `start` to `end`; it stays until the next call of `next`. */
  bytes: Buffer = Buffer.alloc(0);
  start = 0;
  end = 0;
  /** The number that the next packet must have: they count on, from 1 for the first of an answer. */
  sequence = 1;

  #chunk: Buffer = Buffer.alloc(0);
  #at = 0;
  /** Whether a piece of it is still needed when the next one comes. */
  #isKept = false;
  /** A payload that lies in several chunks or packets. */
  #pieces: Buffer[] = [];
  #payloadBytes = 0;
  #header: number[] = [];
  /** Bytes of the present packet that have not come yet; -1 while its header is read. */
  #missing = -1;
  #isContinued = false;

  /** Takes more bytes, which are freed when they were read; all of those before must have been. */
  feed(chunk: Buffer): void {
    if (!this.#isKept) freeBuffer(this.#chunk);
    this.#isKept = false;
    this.#chunk = chunk;
    this.#at = 0;
  }

  /** Whether nothing is left of what was fed, not even a part of a packet. */
  isEmpty(): boolean {
    return this.#at === this.#chunk.length && this.#header.length === 0 && this.#pieces.length === 0;
  }

  /** Moves to the next payload. @returns false while it is incomplete: feed more, and ask again */
  next(): boolean {
    const chunk = this.#chunk;
    const at = this.#at;
    const start = at + HEADER_BYTES;
    if (start <= chunk.length && this.#missing === -1 && this.#header.length === 0 && !this.#isContinued) {
      const end = start + chunk.readUIntLE(at, 3);
      if (end <= chunk.length && end - start < MAX_PACKET_BYTES) {
        this.#count(chunk[at + 3]);
        this.bytes = chunk;
        this.start = start;
        this.end = end;
        this.#at = end;
        return true;
      }
    }
    return this.#assemble();
  }

  #assemble(): boolean {
    do {
      if (this.#missing === -1 && !this.#readHeader()) return false;
      const from = this.#at;
      const to = Math.min(this.#chunk.length, from + this.#missing);
      this.#at = to;
      this.#missing -= to - from;
      this.#payloadBytes += to - from;
      if (this.#payloadBytes > MAX_PAYLOAD_BYTES) throw brokenAnswer('holds a row larger than any can be');
      this.#keep(this.#chunk.subarray(from, to));
      if (this.#missing > 0) return false;
      this.#missing = -1;
    } while (this.#isContinued);
    this.bytes = Buffer.concat(this.#pieces, this.#payloadBytes);
    this.start = 0;
    this.end = this.#payloadBytes;
    this.#pieces = [];
    this.#payloadBytes = 0;
    return true;
  }

  #keep(piece: Buffer): void {
    const isSmall = piece.length < SMALL_PIECE_BYTES;
    this.#isKept ||= !isSmall;
    this.#pieces.push(isSmall ? Buffer.from(piece) : piece);
  }

  #readHeader(): boolean {
    while (this.#header.length < HEADER_BYTES) {
      const byte = this.#chunk[this.#at];
      if (byte === undefined) return false;
      this.#header.push(byte);
      this.#at += 1;
    }
    const [low = 0, middle = 0, high = 0, sequence = 0] = this.#header;
    this.#header = [];
    this.#count(sequence);
    this.#missing = low | (middle << 8) | (high << 16);
    this.#isContinued = this.#missing === MAX_PACKET_BYTES;
    return true;
  }

  #count(sequence: number | undefined): void {
    if (sequence !== this.sequence) throw brokenAnswer('has packets out of order');
    this.sequence = (sequence + 1) & 0xff;
  }
}
