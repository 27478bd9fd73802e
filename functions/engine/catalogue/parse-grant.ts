import { SafeBaseError } from '../../errors.ts';

/** What a right is held on. Names are as the server stores them: a schema's is a pattern. */
type GrantScope =
  | { readonly on: 'server' }
  | { readonly on: 'schema'; readonly pattern: string }
  | { readonly on: 'table'; readonly schema: string; readonly table: string };

/** One line of SHOW GRANTS, as far as whole rights on servers, schemas and tables go. */
export interface Grant {
  /** `REVOKE`: taken away again from one schema (MySQL's partial revokes). */
  readonly verb: 'GRANT' | 'REVOKE';
  /** Upper case, without rights that cover columns only. */
  readonly rights: ReadonlySet<string>;
  readonly scope: GrantScope;
  /** The user, or role, before `@`. */
  readonly grantee: string;
}

/**
 * Reads one line of SHOW GRANTS; undefined where it gives no such right: roles, PROXY, single routines.
 * @throws `insufficient_privileges` where it cannot be read: such a line may take a right away. The line itself is never
 *   quoted, as MariaDB prints password hashes in it
 */
export function parseGrant(line: string): Grant | undefined {
  const words = tokenize(line);
  const verb = words[0]?.text.toUpperCase();
  if (verb === 'SET' && isWord(words[1], 'DEFAULT') && isWord(words[2], 'ROLE')) return undefined;
  if ((verb !== 'GRANT' && verb !== 'REVOKE') || words[0]?.quoted === true) throw unreadable();
  const on = words.findIndex((word) => isWord(word, 'ON'));
  const to = words.findIndex((word) => isWord(word, verb === 'GRANT' ? 'TO' : 'FROM'));
  if (to < 0) throw unreadable();
  if (on < 0 || on > to) return verb === 'GRANT' ? undefined : fail();
  const rights = readRights(words.slice(1, on));
  const object = words.slice(on + 1, to);
  const grantee = words[to + 1];
  if (grantee === undefined || rights.has('PROXY')) return rights.has('PROXY') ? undefined : fail();
  const scope = readScope(object);
  return scope === undefined ? undefined : { verb, rights, scope, grantee: grantee.text };
}

interface Token {
  readonly text: string;
  readonly quoted: boolean;
}

const TOKEN = /\s*(?:`((?:[^`]|``)*)`|'((?:[^'\\]|''|\\[\s\S])*)'|([(),.*@])|([^\s`'"(),.*@]+))/gy;

function tokenize(line: string): readonly Token[] {
  const tokens: Token[] = [];
  let end = 0;
  for (const match of line.matchAll(TOKEN)) {
    const [whole, name, string, sign, word] = match;
    if (name !== undefined) tokens.push({ text: name.replaceAll('``', '`'), quoted: true });
    else if (string !== undefined)
      tokens.push({ text: string.replace(/''|\\([\s\S])/g, (_, c) => c ?? "'"), quoted: true });
    else tokens.push({ text: sign ?? word ?? '', quoted: false });
    end = match.index + whole.length;
  }
  if (line.slice(end).trim() !== '') throw unreadable();
  return tokens;
}

/** `SELECT (a, b), SHOW VIEW` gives SHOW VIEW: a right on some columns is not one on the table. */
function readRights(tokens: readonly Token[]): ReadonlySet<string> {
  const rights = new Set<string>();
  let words: string[] = [];
  let columnsOnly = false;
  let depth = 0;
  const finish = (): void => {
    if (words.length === 0) throw unreadable();
    if (!columnsOnly) rights.add(words.join(' ').toUpperCase());
    words = [];
    columnsOnly = false;
  };
  for (const token of tokens) {
    if (!token.quoted && token.text === '(') {
      depth += 1;
      columnsOnly = true;
    } else if (!token.quoted && token.text === ')') depth -= 1;
    else if (depth > 0) continue;
    else if (!token.quoted && token.text === ',') finish();
    else if (token.quoted) throw unreadable();
    else words.push(token.text);
  }
  finish();
  return rights;
}

/** Undefined for a single routine. */
function readScope(tokens: readonly Token[]): GrantScope | undefined {
  if (tokens.length > 3 && tokens[0]?.quoted === false && !isWord(tokens[0], 'TABLE')) return undefined;
  const [schema, dot, object, ...rest] = isWord(tokens[0], 'TABLE') ? tokens.slice(1) : tokens;
  if (schema === undefined || object === undefined || dot?.text !== '.' || rest.length > 0)
    throw unreadable();
  const all = !object.quoted && object.text === '*';
  if (!schema.quoted && schema.text === '*') return all ? { on: 'server' } : fail();
  return all
    ? { on: 'schema', pattern: schema.text }
    : { on: 'table', schema: schema.text, table: object.text };
}

const isWord = (token: Token | undefined, word: string): boolean =>
  token !== undefined && !token.quoted && token.text.toUpperCase() === word;

const unreadable = (): SafeBaseError =>
  new SafeBaseError('insufficient_privileges', 'a line of SHOW GRANTS cannot be read', {
    hint: 'Give SafeBase an account of its own with plain grants.',
  });

const fail = (): never => {
  throw unreadable();
};
