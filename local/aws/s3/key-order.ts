/** Keys in the order in which S3 lists them, grouped at a delimiter. */
import type { Row } from './store.ts';

/** An entry of a listing: a row, or the common prefix that stands for many. */
export type Entry = { readonly row: Row } | { readonly prefix: string };

/**
 * The smallest text that sorts after all that begin with `prefix`, by code points as SQLite's UTF-8 does;
 * undefined where everything begins with it.
 */
export function successor(prefix: string): string | undefined {
  const points = Array.from(prefix, (character) => character.codePointAt(0) ?? 0);
  while (points.at(-1) === 0x10ffff) points.pop();
  const last = points.pop();
  if (last === undefined) return undefined;
  // Between U+D7FF and U+E000 lie halves of pairs, which are no characters.
  return String.fromCodePoint(...points, last === 0xd7ff ? 0xe000 : last + 1);
}

/**
 * Reads entries until there are `limit`; a group costs one look-up, however many keys it has.
 * @param read gives the next rows of the listing: those after the last row, or all from a key on
 */
export function gather(
  limit: number,
  prefix: string,
  delimiter: string,
  read: (from: { readonly after?: Row; readonly key?: string }, limit: number) => readonly Row[],
): Entry[] {
  const entries: Entry[] = [];
  let from: Parameters<typeof read>[0] = {};
  while (entries.length < limit) {
    const rows = read(from, limit - entries.length);
    if (rows.length === 0) return entries;
    let group: string | undefined;
    for (const row of rows) {
      const key = String(row.key);
      const end = delimiter === '' ? -1 : key.indexOf(delimiter, prefix.length);
      if (end >= 0) {
        group = key.slice(0, end + delimiter.length);
        break;
      }
      entries.push({ row });
      from = { after: row };
    }
    if (group === undefined) continue;
    entries.push({ prefix: group });
    const next = successor(group);
    if (next === undefined) return entries;
    from = { key: next };
  }
  return entries;
}
