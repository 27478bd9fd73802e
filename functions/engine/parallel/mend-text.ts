/** A piece of CREATE TABLE that the server prints otherwise than it is. */
export interface TextMend {
  /** How the item begins that it is in, from the start of its line: a column, a key or a constraint. */
  readonly item: string;
  readonly printed: string;
  readonly meant: string;
}

/**
 * Puts what is meant in the place of what is printed; mends of one item come in the order in which they stand in it.
 * @returns none where something is not found where it must be: then the text is not the one that the mends are for
 */
export function mendText(text: string, mends: readonly TextMend[]): string | undefined {
  let mended = text;
  const from = new Map<string, number>();
  for (const { item, printed, meant } of mends) {
    const start = from.get(item) ?? onlyPlace(mended, `\n  ${item}`);
    if (start === undefined) return undefined;
    const at = mended.indexOf(printed, start);
    if (at < 0 || mended.slice(start, at).includes('\n')) return undefined;
    mended = mended.slice(0, at) + meant + mended.slice(at + printed.length);
    for (const [other, place] of from) if (place > at) from.set(other, place + meant.length - printed.length);
    from.set(item, at + meant.length);
  }
  return mended;
}

/** Just behind the only occurrence. */
function onlyPlace(text: string, wanted: string): number | undefined {
  const at = text.indexOf(wanted);
  return at < 0 || text.includes(wanted, at + 1) ? undefined : at + wanted.length;
}
