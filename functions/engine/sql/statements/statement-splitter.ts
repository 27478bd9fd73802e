import { PLAIN_QUOTING, type Quoting, readToken, type Token, textOf } from './lexer.ts';
import { refusal } from './refusal.ts';
import { RowScanner } from './row-scanner.ts';

/** A statement without its delimiter. Token places count from the beginning of `text`; comments are no tokens. */
export interface Statement {
  readonly type: 'statement';
  readonly text: Buffer;
  readonly tokens: readonly Token[];
}

/**
 * An INSERT comes as its head up to VALUES, and its rows, which end with a `;`, in pieces as they arrive. A comment comes
 * where it stands between statements.
 */
export type Piece =
  | Statement
  | { readonly type: 'comment'; readonly text: Buffer }
  | { readonly type: 'rows-head'; readonly text: Buffer; readonly tokens: readonly Token[] }
  | {
      readonly type: 'rows';
      readonly bytes: Buffer;
      /** How many begin in these bytes. */
      readonly rows: number;
      readonly isLast: boolean;
    };

/** Statements other than rows are held whole; the longest that people write are programs of some hundred KB. */
const MAX_STATEMENT = 16 * 1024 * 1024;
/** The dump tools only ever add semicolons until a delimiter is free. */
const DELIMITER_LINE = /^(;{1,16})[ \t\r]*$/;
const NEWLINE = 0x0a;

/** Splits the text of a dump into statements as mysql and mariadb would, whatever chunks it comes in. */
export class StatementSplitter {
  /** How the session reads quotes from here on: whoever takes a SET statement sets this before asking for more. */
  quoting: Quoting = PLAIN_QUOTING;
  #buffer: Buffer = Buffer.alloc(0);
  /** What came since, and how much of it has to come before it is worth another look. */
  #pending: Buffer[] = [];
  #pendingBytes = 0;
  #wantedBytes = 0;
  /** Where the next token is looked for. */
  #at = 0;
  #tokens: Token[] = [];
  #delimiter = ';';
  #rows: RowScanner | undefined;

  /** @param chunk may become other bytes afterwards: what is needed longer is copied @throws `dump_escapes_target` */
  *push(chunk: Buffer): Generator<Piece, void, undefined> {
    this.#pending.push(chunk);
    this.#pendingBytes += chunk.length;
    if (this.#pendingBytes < this.#wantedBytes) {
      this.#pending[this.#pending.length - 1] = Buffer.from(chunk);
      return;
    }
    this.#join();
    yield* this.#pieces(false);
    this.#keepUnfinished();
    const unfinished = this.#buffer.length;
    if (unfinished > MAX_STATEMENT) throw tooLong(this.#buffer);
    // A long string is looked at again from its start: as it doubles each time, that costs no more than it is long.
    this.#wantedBytes = unfinished;
  }

  /** @throws `dump_escapes_target` where the text ends within a statement */
  *end(): Generator<Piece, void, undefined> {
    this.#join();
    yield* this.#pieces(true);
    const [first] = this.#tokens;
    if (first || this.#rows)
      throw refusal('the last statement has no end', this.#buffer.subarray(first?.start));
  }

  *#pieces(isLast: boolean): Generator<Piece, void, undefined> {
    while (true) {
      if (this.#rows) {
        if (this.#at >= this.#buffer.length) return;
        yield this.#scanRows(this.#rows);
        continue;
      }
      const token = readToken(this.#buffer, this.#at, this.quoting, isLast);
      if (!token) return;
      if (this.#isDelimiterCommand(token)) {
        if (!this.#takeDelimiter(token, isLast)) return;
        continue;
      }
      if (this.#isDelimiter(token)) {
        const piece = this.#cut(token.start);
        this.#at = token.start + this.#delimiter.length;
        if (piece) yield piece;
        continue;
      }
      this.#at = token.end;
      if (token.type !== 'comment') this.#tokens.push(token);
      else if (this.#tokens.length === 0) yield this.#comment(token);
      if (this.#isHeadOfRows(token)) yield this.#startRows(token);
    }
  }

  #comment({ start, end }: Token): Piece {
    return { type: 'comment', text: this.#buffer.subarray(start, end) };
  }

  #scanRows(scanner: RowScanner): Piece {
    const before = scanner.rows;
    const end = scanner.scan(this.#buffer, this.#at);
    const bytes = this.#buffer.subarray(this.#at, end < 0 ? undefined : end);
    this.#at += bytes.length;
    if (end >= 0) this.#rows = undefined;
    return { type: 'rows', bytes, rows: scanner.rows - before, isLast: end >= 0 };
  }

  #startRows(values: Token): Piece {
    const piece = this.#cut(values.end);
    this.#rows = new RowScanner();
    return { type: 'rows-head', text: piece?.text ?? Buffer.alloc(0), tokens: piece?.tokens ?? [] };
  }

  /** `INSERT INTO name [(columns)] VALUES`, outside all comments. */
  #isHeadOfRows(last: Token): boolean {
    const [first] = this.#tokens;
    if (!first || last.type !== 'word' || !this.#isWord(last, 'VALUES')) return false;
    return this.#isWord(first, 'INSERT') && this.#delimiter === ';' && !this.#tokens.some(isComment);
  }

  #isDelimiterCommand(token: Token): boolean {
    return this.#tokens.length === 0 && this.#isWord(token, 'DELIMITER');
  }

  #takeDelimiter(token: Token, isLast: boolean): boolean {
    const lineEnd = this.#buffer.indexOf(NEWLINE, token.end);
    if (lineEnd < 0 && !isLast) return false;
    const line = this.#buffer.toString('latin1', token.end, lineEnd < 0 ? undefined : lineEnd);
    const delimiter = DELIMITER_LINE.exec(line.trimStart())?.[1];
    if (!delimiter) throw refusal('a delimiter that no dump tool writes', this.#buffer.subarray(token.start));
    this.#delimiter = delimiter;
    this.#at = lineEnd < 0 ? this.#buffer.length : lineEnd + 1;
    return true;
  }

  #isDelimiter(token: Token): boolean {
    if (token.type !== 'symbol') return false;
    const end = token.start + this.#delimiter.length;
    return this.#buffer.toString('latin1', token.start, end) === this.#delimiter;
  }

  /** Gives what has been read of a statement up to `end`, if that is anything. */
  #cut(end: number): Statement | undefined {
    const tokens = this.#tokens;
    const start = tokens[0]?.start;
    this.#tokens = [];
    this.#at = end;
    if (start === undefined) return undefined;
    const text = this.#buffer.subarray(start, end);
    if (text.length > MAX_STATEMENT) throw tooLong(text);
    return { type: 'statement', text, tokens: tokens.map((token) => moved(token, start)) };
  }

  #isWord(token: Token, word: string): boolean {
    return (
      token.type === 'word' &&
      token.end - token.start === word.length &&
      textOf(this.#buffer, token).toUpperCase() === word
    );
  }

  #join(): void {
    const parts = this.#buffer.length === 0 ? this.#pending : [this.#buffer, ...this.#pending];
    // Within rows a chunk is looked at where it lies: they are nearly all of a dump.
    this.#buffer = parts.length === 1 && parts[0] ? parts[0] : Buffer.concat(parts);
    this.#pending = [];
    this.#pendingBytes = 0;
  }

  /** Lets go of the bytes that nobody needs any more. */
  #keepUnfinished(): void {
    const start = this.#tokens[0]?.start ?? this.#at;
    this.#buffer = Buffer.from(this.#buffer.subarray(start));
    this.#at -= start;
    this.#tokens = this.#tokens.map((token) => moved(token, start));
  }
}

const tooLong = (text: Buffer) => refusal('a statement is longer than any dump tool writes', text);
const moved = (token: Token, by: number): Token => ({
  ...token,
  start: token.start - by,
  end: token.end - by,
});

const isComment = (token: Token): boolean => token.type === 'open' || token.type === 'close';
