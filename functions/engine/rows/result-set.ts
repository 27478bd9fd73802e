import { PacketReader } from './packet-reader.ts';
import { brokenAnswer, serverError } from './wire-errors.ts';

const EOF = 0xfe;
const ERROR = 0xff;
const EOF_BYTES = 9;
/** Nothing that counts columns is longer; a server has at most 4,096. */
const MAX_COLUMNS = 4096;

type Stage = 'count' | 'columns' | 'columns-end' | 'rows' | 'over';

/**
 * The answer to a SELECT by the text protocol: the number of columns, their definitions, the rows, the end.
 * @see https://dev.mysql.com/doc/dev/mysql-server/latest/page_protocol_com_query_response_text_resultset.html
 */
export class ResultSet {
  /** Its present payload is the row, once `next` has said so. */
  readonly packets = new PacketReader();
  readonly #columns: number;
  readonly #endsWithOk: boolean;
  #stage: Stage = 'count';
  #columnsLeft = 0;

  /**
   * @param columns that were asked for
   * @param endsWithOk as in `Conversation`
   */
  constructor(columns: number, endsWithOk: boolean) {
    this.#columns = columns;
    this.#endsWithOk = endsWithOk;
  }

  /** Whether the end was read. */
  get isOver(): boolean {
    return this.#stage === 'over';
  }

  /**
   * Moves to the next row.
   * @returns false where there is none in what was fed
   * @throws what the server says, or `query_failed` where it does not keep to the protocol
   */
  next(): boolean {
    const packets = this.packets;
    while (packets.next()) {
      const first = packets.bytes[packets.start];
      if (this.#stage === 'rows' && first !== ERROR && first !== EOF) return true;
      if (first === ERROR && this.#stage !== 'over') this.#fail();
      if (this.#stage === 'rows' && !this.#isEnd()) return true;
      this.#advance(first);
    }
    return false;
  }

  #advance(first: number | undefined): void {
    switch (this.#stage) {
      case 'count':
        this.#columnsLeft = this.#columnCount(first);
        this.#stage = 'columns';
        return;
      case 'columns':
        this.#columnsLeft -= 1;
        if (this.#columnsLeft === 0) this.#stage = this.#endsWithOk ? 'rows' : 'columns-end';
        return;
      case 'columns-end':
        if (first !== EOF) throw brokenAnswer('does not end its columns');
        this.#stage = 'rows';
        return;
      case 'rows':
        this.#finish();
        return;
      default:
        throw brokenAnswer('goes on after its end');
    }
  }

  #finish(): void {
    if (!this.packets.isEmpty()) throw brokenAnswer('goes on after its end');
    this.#stage = 'over';
  }

  /** A value of 16 MiB or more begins with the same byte as the end. */
  #isEnd(): boolean {
    const { start, end } = this.packets;
    return this.#endsWithOk ? end - start < 0xff_ffff : end - start < EOF_BYTES;
  }

  #columnCount(first: number | undefined): number {
    const { bytes, start } = this.packets;
    const count = first === 0xfc ? bytes.readUInt16LE(start + 1) : (first ?? 0);
    if (count !== this.#columns || count > MAX_COLUMNS)
      throw brokenAnswer('has not the columns that were asked for');
    return count;
  }

  #fail(): never {
    const { bytes, start, end } = this.packets;
    this.#finish();
    throw serverError(bytes.subarray(start, end), 'reading rows');
  }
}
