import { refusal } from './refusal.ts';

const code = (character: string): number => character.charCodeAt(0);
const QUOTE = code("'");
const BACKSLASH = code('\\');
const SEMICOLON = code(';');
const DASH = code('-');
const DOT = code('.');

/** What a byte outside strings may be; all others are refused. */
const CLASS = { forbidden: 0, mark: 1, word: 2, quote: 3, end: 4 } as const;
const CLASSES = new Uint8Array(256).map((_, byte) => {
  const character = String.fromCharCode(byte);
  if (byte < 0x80 && /[\s(),+.-]/.test(character)) return CLASS.mark;
  if (byte < 0x80 && /[0-9A-Za-z_]/.test(character)) return CLASS.word;
  if (byte === QUOTE) return CLASS.quote;
  return byte === SEMICOLON ? CLASS.end : CLASS.forbidden;
});

/** The words of a row. Anything else could be the name of a column, or of a function that does something. */
const LITERAL_WORD = /^(?:\d+|\d+[eE]\d+|0x[0-9a-fA-F]+|0b[01]+|NULL|_binary)$/;
/** A number whose exponent has a sign comes in two words. */
const EXPONENT = /^\d+[eE]$/;
/** Longer words are hexadecimal or decimal digits; these are enough to tell, the rest is looked at byte by byte. */
const WORD_START = 64;
const LONG_WORD = /^(?:0x[0-9a-fA-F]*|\d+)$/;
const DECIMAL = new Uint8Array(256).map((_, byte) => (byte >= 0x30 && byte <= 0x39 ? 1 : 0));
const DIGIT = new Uint8Array(256).map((_, byte) =>
  byte < 0x80 && /[0-9A-Fa-f]/.test(String.fromCharCode(byte)) ? 1 : 0,
);

/**
 * Finds the end of the rows of an INSERT, `(1,'a',NULL),(…);`, while they pass by in chunks, and refuses what is not a
 * literal. Strings are skipped, nothing is copied.
 */
export class RowScanner {
  #isInString = false;
  #isEscaped = false;
  /** The beginning of the word that is being read. */
  #word = '';
  #isLongWord = false;
  #previous = 0;

  /** @returns the place after the `;`, or -1 where the rows go on in the next chunk */
  scan(buffer: Buffer, from: number): number {
    let at = from;
    if (this.#isEscaped && at < buffer.length) {
      this.#isEscaped = false;
      at += 1;
    }
    while (at < buffer.length) {
      if (this.#isInString) {
        at = this.#skipString(buffer, at);
        continue;
      }
      const byte = buffer[at] ?? 0;
      const kind = CLASSES[byte];
      if (kind === CLASS.word) {
        at = this.#takeWord(buffer, at);
        continue;
      }
      this.#endWord(buffer, at, byte);
      if (kind === CLASS.forbidden) throw refusal('rows hold more than literals', buffer.subarray(at));
      if (byte === DASH && this.#previous === DASH) throw refusal('rows hold a comment', buffer.subarray(at));
      if (kind === CLASS.end) return at + 1;
      if (kind === CLASS.quote) this.#isInString = true;
      this.#previous = byte;
      at += 1;
    }
    return -1;
  }

  #skipString(buffer: Buffer, from: number): number {
    const { length } = buffer;
    let at = from;
    while (at < length) {
      const byte = buffer[at];
      if (byte === BACKSLASH) at += 2;
      else if (byte === QUOTE) {
        // Of a doubled quote, the second one opens the string again.
        this.#isInString = false;
        return at + 1;
      } else at += 1;
    }
    this.#isEscaped = at > length;
    return length;
  }

  #takeWord(buffer: Buffer, from: number): number {
    let at = from;
    if (this.#word === '' && !this.#isLongWord) {
      // Most words are whole numbers: those that end in this chunk need no closer look.
      while (at < buffer.length && DECIMAL[buffer[at] ?? 0]) at += 1;
      if (at > from && at < buffer.length && CLASSES[buffer[at] ?? 0] !== CLASS.word) {
        this.#previous = 0;
        return at;
      }
      at = from;
    }
    if (this.#isLongWord) {
      while (at < buffer.length && DIGIT[buffer[at] ?? 0]) at += 1;
      if (at < buffer.length && CLASSES[buffer[at] ?? 0] === CLASS.word) {
        throw refusal('rows hold more than literals', buffer.subarray(at));
      }
      return at;
    }
    const limit = Math.min(buffer.length, from + WORD_START - this.#word.length);
    while (at < limit && CLASSES[buffer[at] ?? 0] === CLASS.word) at += 1;
    this.#word += buffer.toString('latin1', from, at);
    if (this.#word.length < WORD_START) return at;
    if (!LONG_WORD.test(this.#word)) throw refusal('rows hold more than literals', buffer.subarray(from));
    this.#isLongWord = true;
    return at;
  }

  /** @param next the byte after the word */
  #endWord(buffer: Buffer, at: number, next: number): void {
    if (this.#word === '') return;
    const isExponent = EXPONENT.test(this.#word) && (next === DASH || next === code('+'));
    const isName = next === DOT && !/^\d+$/.test(this.#word);
    if (isName || !(this.#isLongWord || isExponent || LITERAL_WORD.test(this.#word))) {
      throw refusal(`rows hold more than literals, ${this.#word}`, buffer.subarray(at));
    }
    this.#word = '';
    this.#isLongWord = false;
    this.#previous = 0;
  }
}
