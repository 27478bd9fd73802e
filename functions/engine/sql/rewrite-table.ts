import type { Classified } from './statements/classify.ts';
import { type CodeToken, isCode } from './statements/token-reader.ts';

/** A statement after changes, and what was left out of it. */
export interface Rewritten {
  readonly text: Buffer;
  readonly leftOut: readonly string[];
}

/** Tablespaces that every server has. */
const OWN_TABLESPACES = /^`?innodb_(?:file_per_table|system)`?$/i;

/**
 * Takes the options out of a CREATE TABLE that would fail or write elsewhere: folders of the old server, general
 * tablespaces, which no dump makes (3510), and the counter of ARCHIVE tables (1022).
 */
export function rewriteTable(text: Buffer, does: Classified): Rewritten {
  const leftOut = new Set<string>();
  const kept: Buffer[] = [];
  let from = 0;
  for (const option of unwantedOptions(does)) {
    leftOut.add(option.name);
    kept.push(text.subarray(from, option.start));
    from = option.end;
  }
  return { text: Buffer.concat([...kept, text.subarray(from)]), leftOut: [...leftOut] };
}

interface Option {
  readonly name: string;
  readonly start: number;
  readonly end: number;
}

function* unwantedOptions(does: Classified): Generator<Option> {
  const isArchive = does.kind === 'table' && does.engines.includes('ARCHIVE');
  for (const [index, token] of does.tokens.entries()) {
    const name = optionAt(does.tokens, index);
    if (name === undefined) continue;
    const words = name.split(' ').length;
    const hasMark = isCode(does.tokens[index + words], '=');
    const value = does.tokens[index + words + (hasMark ? 1 : 0)];
    if (!value) continue;
    if (name === 'TABLESPACE' && OWN_TABLESPACES.test(value.text)) continue;
    // Without the equals sign, AUTO_INCREMENT is a property of a column.
    if (name === 'AUTO_INCREMENT' && !(isArchive && hasMark)) continue;
    yield { name, start: token.start, end: value.end };
  }
}

function optionAt(tokens: readonly CodeToken[], index: number): string | undefined {
  const options = ['DATA DIRECTORY', 'INDEX DIRECTORY', 'TABLESPACE', 'AUTO_INCREMENT'];
  return options.find((option) =>
    option.split(' ').every((word, ahead) => isCode(tokens[index + ahead], word)),
  );
}
