import { nameOf, type Token, textOf } from './lexer.ts';
import { refusal } from './refusal.ts';
import type { Statement } from './statement-splitter.ts';

/** A token that means something, outside or inside a comment that servers execute. */
export interface CodeToken extends Token {
  readonly text: string;
  /** Stands in a comment that not every server executes. */
  readonly isOptional: boolean;
}

/** All supported servers, MySQL 5.7 and MariaDB 10.5 and later, execute version comments below this number. */
const ALWAYS_EXECUTED_BELOW = 50_700;
const CLOSE = Buffer.from('*/');

/**
 * The tokens of a statement as a server that executes all version comments sees them.
 * @throws `dump_escapes_target` where a server that skips one would see the rest of the statement differently
 */
function codeTokens({ text, tokens }: Pick<Statement, 'text' | 'tokens'>): CodeToken[] {
  const open: { readonly isOptional: boolean; readonly end: number }[] = [];
  const result: CodeToken[] = [];
  for (const token of tokens) {
    if (token.type === 'open') open.push(openComment(text, token));
    else if (token.type === 'close') {
      const comment = open.pop();
      if (!comment) throw refusal('a comment ends that did not begin', text);
      if (comment.isOptional && comment.end !== token.end)
        throw refusal('a comment that may end twice', text);
    } else {
      const isOptional = open.some((comment) => comment.isOptional);
      result.push({ ...token, text: textOf(text, token), isOptional });
    }
  }
  if (open.length > 0) throw refusal('a comment does not end', text);
  return result;
}

function openComment(text: Buffer, token: Token) {
  const [, maria, digits = ''] = /^\/\*(M?)!(\d*)$/.exec(textOf(text, token)) ?? [];
  if (digits !== '' && (digits.length < 5 || digits.length > 6))
    throw refusal('an odd version comment', text);
  const isAlways = maria === '' && digits.length < 6 && Number(digits) < ALWAYS_EXECUTED_BELOW;
  // A server that skips the comment ends it at the first mark, in whatever quotes that stands.
  return { isOptional: !isAlways, end: text.indexOf(CLOSE, token.end) + CLOSE.length };
}

/** Reads a statement from left to right; whatever it does not expect, it refuses. */
export class TokenReader {
  readonly tokens: readonly CodeToken[];
  readonly #statement: Statement;
  #next = 0;

  constructor(statement: Statement) {
    this.#statement = statement;
    this.tokens = codeTokens(statement);
  }

  get isAtEnd(): boolean {
    return this.#next >= this.tokens.length;
  }

  peek(ahead = 0): CodeToken | undefined {
    return this.tokens[this.#next + ahead];
  }

  /** The tokens that were not taken yet. */
  get rest(): readonly CodeToken[] {
    return this.tokens.slice(this.#next);
  }

  take(): CodeToken {
    const token = this.tokens[this.#next];
    if (!token) throw this.refuse('it ends too early');
    this.#next += 1;
    return token;
  }

  /** Takes these keywords or marks if they come next, all or none. */
  tryTake(...expected: readonly string[]): boolean {
    const matches = expected.every((text, ahead) => isCode(this.peek(ahead), text));
    if (matches) this.#next += expected.length;
    return matches;
  }

  expect(...expected: readonly string[]): void {
    if (!this.tryTake(...expected)) throw this.refuse(`it has no ${expected.join(' ')} where a dump has it`);
  }

  expectEnd(): void {
    if (!this.isAtEnd) throw this.refuse('it says more than a dump says');
  }

  /** Takes an identifier, bare or quoted. */
  takeName(): string {
    const token = this.take();
    if (token.type !== 'name' && token.type !== 'word')
      throw this.refuse('it has no name where a dump has one');
    return nameOf(this.#statement.text, token);
  }

  refuse(why: string) {
    return refusal(why, this.#statement.text);
  }
}

/** Whether a token is this keyword or mark; names and strings never are. */
export const isCode = (token: CodeToken | undefined, text: string): boolean =>
  token !== undefined &&
  (token.type === 'word' || token.type === 'symbol') &&
  token.text.toUpperCase() === text;
