import { brokenAnswer } from './wire-errors.ts';

const NULL_MARK = 0xfb;
const TAB = 0x09;
const LINE_FEED = 0x0a;
const BACKSLASH = 0x5c;

/** What stands behind the backslash for a byte; 0 for the others, which stand for themselves. */
const ESCAPES = new Uint8Array(256);
for (const [byte, letter] of [
  [0, '0'],
  [TAB, 't'],
  [LINE_FEED, 'n'],
  [BACKSLASH, '\\'],
] as const) {
  ESCAPES[byte] = letter.charCodeAt(0);
}

/** The most that the line of a row can take: each byte escaped, and `\N` and a tab for each column. */
export const maxLineBytes = (rowBytes: number, columns: number): number => 2 * rowBytes + 3 * columns;

/**
 * Writes a row of the text protocol as a line of LOAD DATA: values separated by tabs, a line feed at the end, `\N` for
 * NULL, and a backslash before what would be taken for one of these.
 * @param row from `start` to `end` the values, each with its length before it
 * @param line has room for `maxLineBytes`
 * @param at where in `line` to begin
 * @returns where in `line` it ended
 */
export function writeLine(
  row: DataView,
  start: number,
  end: number,
  columns: number,
  line: DataView,
  at: number,
): number {
  let from = start;
  let to = at;
  for (let column = 0; column < columns; column += 1) {
    if (from >= end) throw brokenAnswer('has a row with too few values');
    const first = row.getUint8(from);
    if (first === NULL_MARK) {
      from += 1;
      line.setUint16(to, 0x5c4e);
      to += 2;
    } else {
      let length = first;
      from += 1;
      if (first > NULL_MARK) {
        length = longLength(row, from, first, end);
        from += LENGTH_BYTES[first - NULL_MARK] ?? 0;
      }
      const stop = from + length;
      if (stop > end) throw brokenAnswer('has a value that ends behind its row');
      to = writeValue(row, from, stop, line, to);
      from = stop;
    }
    line.setUint8(to, TAB);
    to += 1;
  }
  if (from !== end) throw brokenAnswer('has a row with too many values');
  line.setUint8(to - 1, LINE_FEED);
  return to;
}

/** Four bytes at a time, as long as none of them needs an escape. */
function writeValue(value: DataView, start: number, stop: number, line: DataView, at: number): number {
  let from = start;
  let to = at;
  for (const words = stop - 4; from <= words; from += 4) {
    const word = value.getInt32(from, true);
    const backslashes = word ^ 0x5c5c5c5c;
    // Not 0 where a byte is below 11, or is a backslash: https://graphics.stanford.edu/~seander/bithacks.html#HasLessInWord
    const found = ((word - 0x0b0b0b0b) & ~word) | ((backslashes - 0x01010101) & ~backslashes);
    if ((found & 0x80808080) === 0) {
      line.setInt32(to, word, true);
      to += 4;
    } else {
      to = writeBytes(value, from, from + 4, line, to);
    }
  }
  return writeBytes(value, from, stop, line, to);
}

function writeBytes(value: DataView, start: number, stop: number, line: DataView, at: number): number {
  let to = at;
  for (let from = start; from < stop; from += 1) {
    const byte = value.getUint8(from);
    const letter = ESCAPES[byte];
    if (letter === undefined || letter === 0) {
      line.setUint8(to, byte);
      to += 1;
    } else {
      line.setUint16(to, (BACKSLASH << 8) | letter);
      to += 2;
    }
  }
  return to;
}

/** How many bytes hold the length, by the byte before them less 0xfb. */
const LENGTH_BYTES = [0, 2, 3, 8];

function longLength(row: DataView, at: number, first: number, end: number): number {
  const bytes = LENGTH_BYTES[first - NULL_MARK];
  if (bytes === undefined || at + bytes > end) throw brokenAnswer('has a value without a length');
  const low = row.getUint16(at, true);
  if (bytes === 2) return low;
  const third = row.getUint8(at + 2);
  if (bytes === 3) return low | (third << 16);
  return row.getUint32(at, true) + row.getUint32(at + 4, true) * 2 ** 32;
}
