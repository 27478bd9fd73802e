import type { Classified } from './statements/classify.ts';
import { nameOf } from './statements/lexer.ts';
import { type CodeToken, isCode } from './statements/token-reader.ts';

/** Bytes of a statement that give way to others; `end` is the place after the last. */
export interface Edit {
  readonly start: number;
  readonly end: number;
  readonly text: string;
}

/** A name in a statement, perhaps with a schema before it. */
export interface PlacedName {
  readonly schema: string | undefined;
  readonly name: string;
  readonly start: number;
  readonly end: number;
}

/** The name whose first token stands at `index`. */
export function nameAt(text: Buffer, tokens: readonly CodeToken[], index: number): PlacedName | undefined {
  const [first, dot, second] = tokens.slice(index, index + 3);
  if (!isIdentifier(first)) return undefined;
  const { start, end } = first;
  if (!isCode(dot, '.') || !isIdentifier(second)) {
    return { schema: undefined, name: nameOf(text, first), start, end };
  }
  return { schema: nameOf(text, first), name: nameOf(text, second), start, end: second.end };
}

const isIdentifier = (token: CodeToken | undefined): token is CodeToken =>
  token?.type === 'name' || token?.type === 'word';

/**
 * Changes the text of a statement, and its tokens with it, so that whoever reads it next finds them in their places.
 * @param edits none of which touches another; what takes the place of tokens is one quoted name, or nothing
 */
export function editStatement(
  text: Buffer,
  does: Classified,
  edits: readonly Edit[],
): { readonly text: Buffer; readonly tokens: readonly CodeToken[] } {
  const ordered = edits.toSorted((one, other) => one.start - other.start);
  const pieces: Buffer[] = [];
  const tokens: CodeToken[] = [];
  let from = 0;
  let shift = 0;
  const keepTokens = (until: number): void => {
    for (const token of does.tokens) {
      if (token.start < from || token.start >= until) continue;
      tokens.push({ ...token, start: token.start + shift, end: token.end + shift });
    }
  };
  for (const edit of ordered) {
    keepTokens(edit.start);
    const bytes = Buffer.from(edit.text);
    const start = edit.start + shift;
    const place = { start, end: start + bytes.length };
    if (bytes.length > 0) tokens.push({ type: 'name', text: edit.text, isOptional: false, ...place });
    pieces.push(text.subarray(from, edit.start), bytes);
    shift += bytes.length - (edit.end - edit.start);
    from = edit.end;
  }
  keepTokens(text.length);
  return { text: Buffer.concat([...pieces, text.subarray(from)]), tokens };
}
