import { nameOf } from './statements/lexer.ts';
import { type CodeToken, isCode } from './statements/token-reader.ts';

/** As whom views and programs run: as at the source, as the account that restores, or by a list of who becomes whom. */
export type Definers = 'keep' | 'current' | Readonly<Record<string, string>>;

/** What a definer becomes. @param name `user@host`, a role without a host @param current the account that restores */
export function definerAfter(definers: Definers, name: string, current: string): string {
  if (definers === 'keep') return name;
  return definers === 'current' ? current : (definers[name] ?? name);
}

const OBJECTS = ['VIEW', 'TRIGGER', 'PROCEDURE', 'FUNCTION', 'EVENT', 'PACKAGE'];

/** Gives what a CREATE makes another definer. @param tokens of the statement, up to the name of what it makes at least */
export function rewriteDefiner(text: Buffer, tokens: readonly CodeToken[], definers: Definers): Buffer {
  if (definers === 'keep') return text;
  const account = accountOf(text, tokens);
  if (account === undefined) return text;
  const becomes = definerAfter(definers, account.name, '');
  if (becomes === account.name) return text;
  const written = becomes === '' ? 'CURRENT_USER' : quoteAccount(becomes);
  return Buffer.concat([text.subarray(0, account.start), Buffer.from(written), text.subarray(account.end)]);
}

/** As whom what a CREATE makes runs, as `user@host`; nothing where it does not say. */
export const definerOf = (text: Buffer, tokens: readonly CodeToken[]): string | undefined =>
  accountOf(text, tokens)?.name;

function accountOf(text: Buffer, tokens: readonly CodeToken[]) {
  const head = tokens.findIndex((token) => OBJECTS.some((word) => isCode(token, word)));
  const at = tokens.findIndex((token, index) => isCode(token, 'DEFINER') && isCode(tokens[index + 1], '='));
  const user = tokens[at + 2];
  if (at < 0 || at > head || user === undefined) return undefined;
  const host = isCode(tokens[at + 3], '@') ? tokens[at + 4] : undefined;
  return {
    name: `${nameOf(text, user)}@${host ? nameOf(text, host) : ''}`,
    start: user.start,
    end: (host ?? user).end,
  };
}

function quoteAccount(name: string): string {
  const at = name.lastIndexOf('@');
  const [user, host] = [name.slice(0, at), name.slice(at + 1)].map(
    (part) => `\`${part.replaceAll('`', '``')}\``,
  );
  return host === '``' ? `${user}` : `${user}@${host}`;
}
