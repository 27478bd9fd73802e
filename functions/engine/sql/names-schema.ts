import { type Classified, isProgram } from './statements/classify.ts';
import { nameOf } from './statements/lexer.ts';
import { type CodeToken, isCode } from './statements/token-reader.ts';

/** Statements whose text the load changes anyway, or that only say which session comes next. */
const WITHOUT_NAMES: ReadonlySet<Classified['kind']> = new Set(['session', 'database', 'commit', 'unlock']);

/**
 * Whether a statement says `schema.something`: under another name it would still mean the old schema. Case does not
 * count: where servers do not tell it apart, programs keep the name as somebody once typed it.
 */
export function namesSchema(text: Buffer, does: Classified, schema: string): boolean {
  if (WITHOUT_NAMES.has(does.kind)) return false;
  const wanted = schema.toLowerCase();
  // A program may build statements out of strings.
  const inStrings = isProgram(does) ? quotedUse(schema) : undefined;
  return does.tokens.some((token, index) => {
    if (token.type === 'string')
      return inStrings?.test(text.toString('utf8', token.start, token.end)) ?? false;
    if (!isIdentifier(token) || !isCode(does.tokens[index + 1], '.')) return false;
    return nameOf(text, token).toLowerCase() === wanted;
  });
}

const isIdentifier = (token: CodeToken): boolean => token.type === 'name' || token.type === 'word';

/** The schema's name before a dot and another name, as SQL inside a string has it; a full stop has a space after it. */
function quotedUse(schema: string): RegExp {
  const name = schema.replaceAll(/[.*+?^${}()|[\]\\]/g, '\\$&');
  return new RegExp(`(?:^|[^\\w$])${name}[\`"]?\\.[\`"\\w$]`, 'i');
}
