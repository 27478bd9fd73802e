import { refusal } from './refusal.ts';

/** How the session that a statement was written for reads quotes. */
export interface Quoting {
  /** `"…"` is a name, not a string. */
  readonly ansiQuotes: boolean;
  /** A backslash in a string takes the next byte along. */
  readonly backslash: boolean;
  /** Where the second byte of a character may be a backslash, backtick or letter: which bytes begin such a character. */
  readonly leads: readonly (readonly [first: number, last: number])[];
}

/** How a dump's own session reads quotes. */
export const PLAIN_QUOTING: Quoting = { ansiQuotes: false, backslash: true, leads: [] };

type TokenType = 'word' | 'name' | 'string' | 'symbol' | 'comment' | 'open' | 'close';

export interface Token {
  readonly type: TokenType;
  /** The first byte and the one after the last, in the buffer that was read. */
  readonly start: number;
  readonly end: number;
}

const code = (character: string): number => character.charCodeAt(0);
const BACKSLASH = code('\\');
const NEWLINE = code('\n');
const SPACE = code(' ');
const DASH = code('-');
const STAR = code('*');
const SLASH = code('/');
const QUOTES = new Set([code("'"), code('"'), code('`')]);
const CLOSE = Buffer.from('*/');
const WHITE = new Set([...' \t\n\r\v\f'].map(code));
const WORD = new Uint8Array(256).map((_, byte) =>
  byte >= 0x80 || /[A-Za-z0-9_$]/.test(String.fromCharCode(byte)) ? 1 : 0,
);
/** More bytes than the longest delimiter or the opening of a comment: so much must be seen to tell a token. */
const LOOK_AHEAD = 20;

/**
 * Reads one token of SQL text. The bytes are never decoded.
 * @param isLast whether no more bytes can follow `buffer`
 * @returns nothing where more bytes are needed, or only whitespace is left
 * @throws `dump_escapes_target` where server and client would not read the same
 * @see https://dev.mysql.com/doc/refman/9.7/en/lexical-structure.html
 */
export function readToken(
  buffer: Buffer,
  from: number,
  quoting: Quoting,
  isLast: boolean,
): Token | undefined {
  let start = from;
  while (start < buffer.length && WHITE.has(buffer[start] ?? 0)) start += 1;
  if (start >= buffer.length) return undefined;
  if (!isLast && buffer.length - start < LOOK_AHEAD) return undefined;

  const first = buffer[start] ?? 0;
  const end = endOfToken(buffer, start, quoting, isLast);
  if (end === undefined || (end.at >= buffer.length && !isLast)) return undefined;
  if (end.at > buffer.length) throw refusal('a quote or comment has no end', buffer.subarray(start));
  const isName = first === code('`') || (first === code('"') && quoting.ansiQuotes);
  return { type: end.type === 'string' && isName ? 'name' : end.type, start, end: end.at };
}

/** The text of a token as it stands, for comparing: keywords are ASCII. */
export const textOf = (buffer: Buffer, token: Token): string =>
  buffer.toString('latin1', token.start, token.end);

/** The name that a quoted or bare identifier means. */
export function nameOf(buffer: Buffer, token: Token): string {
  const text = buffer.toString('utf8', token.start, token.end);
  if (token.type === 'word') return text;
  const quote = text.charAt(0);
  return text.slice(1, -1).replaceAll(quote + quote, quote);
}

interface End {
  readonly type: TokenType;
  readonly at: number;
}

function endOfToken(buffer: Buffer, start: number, quoting: Quoting, isLast: boolean): End | undefined {
  const first = buffer[start] ?? 0;
  const second = buffer[start + 1] ?? 0;
  if (QUOTES.has(first)) return { type: 'string', at: endOfQuoted(buffer, start, quoting) };
  if (WORD[first]) return { type: 'word', at: endOfWord(buffer, start, quoting) };
  if (first === code('#')) return lineComment(buffer, start, isLast);
  if (first === DASH && second === DASH) {
    const third = buffer[start + 2] ?? SPACE;
    if (WHITE.has(third)) return lineComment(buffer, start, isLast);
    // The server takes any control character for the start of a comment, the client takes whitespace only.
    throw refusal('two dashes that may or may not begin a comment', buffer.subarray(start));
  }
  if (first === SLASH && second === STAR) return blockComment(buffer, start, isLast);
  if (first === STAR && second === SLASH) return { type: 'close', at: start + 2 };
  return { type: 'symbol', at: start + 1 };
}

/** Past the end of the buffer where the quote is not closed there. */
function endOfQuoted(buffer: Buffer, start: number, quoting: Quoting): number {
  const quote = buffer[start];
  const isName = quote === code('`') || (quote === code('"') && quoting.ansiQuotes);
  const escapes = quoting.backslash && !isName;
  let at = start + 1;
  while (at < buffer.length) {
    const byte = buffer[at] ?? 0;
    if (byte === quote) {
      if (buffer[at + 1] !== quote) return at + 1;
      at += 2;
    } else if (escapes && byte === BACKSLASH) at += 2;
    // In names the server looks at the first byte only, in strings at both.
    else at += isWide(buffer, at, quoting, isName) ? 2 : 1;
  }
  return buffer.length + 1;
}

function endOfWord(buffer: Buffer, start: number, quoting: Quoting): number {
  let at = start;
  while (at < buffer.length) {
    const byte = buffer[at] ?? 0;
    if (!WORD[byte]) return at;
    at += isWide(buffer, at, quoting, false) ? 2 : 1;
  }
  return Math.min(at, buffer.length);
}

function isWide(buffer: Buffer, at: number, { leads }: Quoting, anyTail: boolean): boolean {
  const lead = buffer[at] ?? 0;
  const tail = buffer[at + 1] ?? 0;
  if (!leads.some(([first, last]) => lead >= first && lead <= last)) return false;
  return anyTail || (tail >= 0x40 && tail !== 0x7f);
}

function lineComment(buffer: Buffer, start: number, isLast: boolean): End | undefined {
  const at = buffer.indexOf(NEWLINE, start);
  if (at >= 0) return { type: 'comment', at: at + 1 };
  return isLast ? { type: 'comment', at: buffer.length } : undefined;
}

/** A comment that servers execute opens here and is closed by a token of its own; any other is one token. */
function blockComment(buffer: Buffer, start: number, isLast: boolean): End | undefined {
  const opening = /^\/\*M?!\d*/.exec(buffer.toString('latin1', start, start + LOOK_AHEAD));
  if (opening) return { type: 'open', at: start + opening[0].length };
  const close = buffer.indexOf(CLOSE, start + 2);
  if (close >= 0) return { type: 'comment', at: close + CLOSE.length };
  return isLast ? { type: 'comment', at: buffer.length + 1 } : undefined;
}
