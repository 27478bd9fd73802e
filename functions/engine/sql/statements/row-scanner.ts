import { refusal } from './refusal.ts';

const code = (character: string): number => character.charCodeAt(0);
const QUOTE = code("'");
const BACKSLASH = code('\\');
const DASH = code('-');
const PLUS = code('+');
const DOT = code('.');

/** What a byte outside strings may be; all others are refused. */
const CLASS = {
  forbidden: 0,
  mark: 1,
  digit: 2,
  letter: 3,
  dash: 4,
  quote: 5,
  open: 6,
  close: 7,
  end: 8,
} as const;
const SINGLE: Readonly<Record<string, number>> = {
  '-': CLASS.dash,
  "'": CLASS.quote,
  '(': CLASS.open,
  ')': CLASS.close,
  ';': CLASS.end,
};
const table = (judge: (character: string) => number): Uint8Array =>
  new Uint8Array(256).map((_, byte) => (byte < 0x80 ? judge(String.fromCharCode(byte)) : 0));
const CLASSES = table((character) => {
  if (/[\s,+.]/.test(character)) return CLASS.mark;
  if (/\d/.test(character)) return CLASS.digit;
  return /\w/.test(character) ? CLASS.letter : (SINGLE[character] ?? CLASS.forbidden);
});
const DIGIT = table((character) => Number(/\d/.test(character)));
const HEX_DIGIT = table((character) => Number(/[0-9A-Fa-f]/.test(character)));
const WORD = table((character) => Number(/\w/.test(character)));
/** Most of what stands outside strings. */
const NUMBERS = table((character) => Number(/[\s\d,+.]/.test(character)));

/** The words of a row. Anything else could be the name of a column, or of a function that does something. */
const LITERAL_WORD = /^(?:\d+|\d+[eE]\d+|0x[0-9a-fA-F]+|0b[01]+|NULL|_binary)$/;
/** A number whose exponent has a sign comes in two words. */
const EXPONENT = /^\d+[eE]$/;
/** Longer words are hexadecimal or decimal digits; these are enough to tell, the rest is looked at byte by byte. */
const WORD_START = 64;
const LONG_WORD = /^(?:0x[0-9a-fA-F]*|\d+)$/;
/** From this length of a string on, a search of its end by the runtime is faster than a look at each byte. */
const NEAR_BYTES = 16;

/**
 * Finds the end of the rows of an INSERT, `(1,'a',NULL),(…);`, while they pass by in chunks, counts them, and refuses
 * what is not a literal. Nothing is copied.
 */
export class RowScanner {
  /** How many rows have begun. */
  rows = 0;
  #isInRow = false;
  #isInString = false;
  #isEscaped = false;
  #isInWord = false;
  /** The beginning of the word that is being read. */
  #word = '';
  #isLongWord = false;
  #endsWithDash = false;

  /** @returns the place after the `;`, or -1 where the rows go on in the next chunk */
  scan(buffer: Buffer, from: number): number {
    const { length } = buffer;
    let at = from;
    if (this.#isEscaped && at < length) {
      this.#isEscaped = false;
      at += 1;
    }
    while (at < length) {
      if (this.#isInString) {
        at = this.#skipString(buffer, at);
        continue;
      }
      at = this.#isInWord ? this.#takeWord(buffer, at) : this.#skipNumbers(buffer, at);
      if (at >= length || this.#isInWord) continue;
      const kind = CLASSES[buffer[at] ?? 0];
      if (kind === CLASS.forbidden) throw refuse(buffer, at);
      if (kind === CLASS.end) return at + 1;
      if (kind === CLASS.quote) this.#isInString = true;
      else if (kind === CLASS.open) this.#openRow(buffer, at);
      else if (kind === CLASS.close) this.#isInRow = false;
      else if (kind === CLASS.dash) this.#refuseComment(buffer, at, from);
      at += 1;
    }
    this.#endsWithDash = !this.#isInString && buffer[length - 1] === DASH;
    return -1;
  }

  /** Values have no brackets: each that opens is a row. */
  #openRow(buffer: Buffer, at: number): void {
    if (this.#isInRow) throw refuse(buffer, at);
    this.#isInRow = true;
    this.rows += 1;
  }

  #refuseComment(buffer: Buffer, at: number, from: number): void {
    const follows = at === from ? this.#endsWithDash : buffer[at - 1] === DASH;
    if (follows) throw refusal('rows hold a comment', buffer.subarray(at));
  }

  /** Goes over numbers and what separates them, up to anything else or the beginning of a word that is no number. */
  #skipNumbers(buffer: Buffer, from: number): number {
    const { length } = buffer;
    let at = from;
    while (at < length && NUMBERS[buffer[at] ?? 0]) at += 1;
    if (at < length && CLASSES[buffer[at] ?? 0] !== CLASS.letter) return at;
    // A word begins with its digits; a number at the end of a chunk may go on in the next.
    while (at > from && DIGIT[buffer[at - 1] ?? 0]) at -= 1;
    this.#isInWord = at < length;
    return at;
  }

  /** Goes to the end of a string. Of a doubled quote, the second one opens it again. */
  #skipString(buffer: Buffer, from: number): number {
    const { length } = buffer;
    const near = Math.min(length, from + NEAR_BYTES);
    let at = from;
    while (at < near) {
      const byte = buffer[at];
      if (byte === QUOTE) {
        this.#isInString = false;
        return at + 1;
      }
      at += byte === BACKSLASH ? 2 : 1;
    }
    while (at < length) {
      const quote = buffer.indexOf(QUOTE, at);
      const end = quote < 0 ? length : quote;
      const isEscaped = endsWithEscape(buffer, at, end);
      if (quote >= 0 && !isEscaped) {
        this.#isInString = false;
        return quote + 1;
      }
      at = isEscaped ? end + 1 : end;
    }
    this.#isEscaped = at > length;
    return length;
  }

  #takeWord(buffer: Buffer, from: number): number {
    let at = from;
    if (!this.#isLongWord) {
      const limit = Math.min(buffer.length, from + WORD_START - this.#word.length);
      while (at < limit && WORD[buffer[at] ?? 0]) at += 1;
      this.#word += buffer.toString('latin1', from, at);
      if (this.#word.length === WORD_START) {
        if (!LONG_WORD.test(this.#word)) throw refuse(buffer, from);
        this.#isLongWord = true;
      }
    }
    if (this.#isLongWord) while (at < buffer.length && HEX_DIGIT[buffer[at] ?? 0]) at += 1;
    if (at < buffer.length) this.#endWord(buffer, at);
    return at;
  }

  #endWord(buffer: Buffer, at: number): void {
    const next = buffer[at] ?? 0;
    const isExponent = EXPONENT.test(this.#word) && (next === DASH || next === PLUS);
    const isName = WORD[next] || (next === DOT && !/^\d+$/.test(this.#word));
    if (isName || !(this.#isLongWord || isExponent || LITERAL_WORD.test(this.#word))) {
      throw refusal(`rows hold more than literals, ${this.#word}`, buffer.subarray(at));
    }
    this.#isInWord = false;
    this.#word = '';
    this.#isLongWord = false;
  }
}

/** Whether an odd number of backslashes stands before `end`. */
function endsWithEscape(buffer: Buffer, from: number, end: number): boolean {
  let at = end;
  while (at > from && buffer[at - 1] === BACKSLASH) at -= 1;
  return (end - at) % 2 === 1;
}

const refuse = (buffer: Buffer, at: number): Error =>
  refusal('rows hold more than literals', buffer.subarray(at));
