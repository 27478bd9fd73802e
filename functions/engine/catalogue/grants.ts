import { SafeBaseError } from '../../errors.ts';
import { type Query, quoteName } from '../connection.ts';
import { type Grant, parseGrant } from './parse-grant.ts';
import type { Server } from './server.ts';
import { isAtLeast } from './server-support.ts';

/** What an account may do in a session that it has just opened: its own rights and those of its active roles. */
export interface Grants {
  /** The account as CURRENT_USER() names it, quoted for a GRANT. */
  readonly account: string;
  /** The same as `user@host`, the form of DEFINER columns. */
  readonly accountName: string;
  holdsOnServer(right: string): boolean;
  /** Whether the right covers every object of a schema, also those that the account cannot see now. */
  holdsOnSchema(schema: string, right: string): boolean;
  holdsOnTable(schema: string, table: string, right: string): boolean;
  /** The name, as a GRANT wants it, on which more rights for a schema must be granted to be added to the present ones. */
  grantName(schema: string): string;
  /** Schemas from which a right is taken away that the account has on the server. */
  readonly restrictedSchemas: readonly string[];
}

/**
 * Reads the rights of the session's account.
 * Roles that are granted but not active do not count: the dump tools log in anew and would not have them.
 * @throws `insufficient_privileges` where a line cannot be read
 */
export async function readGrants(query: Query, server: Server): Promise<Grants> {
  const [who] = await query('SELECT CURRENT_USER() AS account');
  const accountName = who?.account ?? '';
  const at = accountName.lastIndexOf('@');
  if (at < 0)
    throw new SafeBaseError('insufficient_privileges', 'the server does not tell its CURRENT_USER()');
  // Without FOR, each maker prints the rights of the active roles too.
  const lines = [...(await query('SHOW GRANTS'))];
  if (server.info.product === 'mariadb' && isAtLeast(server.version, 10, 11)) {
    lines.push(...(await query('SHOW GRANTS FOR PUBLIC')));
  }
  const grants = lines.flatMap((row) => {
    const [line] = Object.values(row);
    if (typeof line !== 'string')
      throw new SafeBaseError('insufficient_privileges', 'SHOW GRANTS gave an empty line');
    return parseGrant(line) ?? [];
  });
  return rightsOf(grants, { user: accountName.slice(0, at), host: accountName.slice(at + 1) }, server);
}

/** Answers questions about what a list of grants gives to an account. */
export function rightsOf(
  grants: readonly Grant[],
  account: { readonly user: string; readonly host: string },
  server: Pick<Server, 'literalGrantNames' | 'lowerCaseTableNames'>,
): Grants {
  const names = nameRules(server);
  const given = grants.filter(({ verb }) => verb === 'GRANT');
  const revoked = grants.filter(({ verb }) => verb === 'REVOKE');

  const onServer = (right: string): boolean =>
    given.some(({ scope, rights }) => scope.on === 'server' && includes(rights, right));
  const isRevoked = (schema: string, right: string): boolean =>
    revoked.some(
      ({ scope, rights }) =>
        scope.on === 'schema' &&
        names.areSame(unescapePattern(scope.pattern), schema) &&
        includes(rights, right),
    );
  const entriesOf = (schema: string): readonly SchemaEntry[] =>
    given.flatMap(({ scope, rights, grantee }) => {
      if (scope.on !== 'schema' || !names.fits(scope.pattern, schema)) return [];
      const { pattern } = scope;
      return [{ pattern, rights, exact: names.isExact(pattern), own: grantee === account.user }];
    });
  const onSchema = (schema: string, right: string): boolean =>
    (onServer(right) && !isRevoked(schema, right)) ||
    [true, false].some((own) =>
      applies(
        entriesOf(schema).filter((entry) => entry.own === own),
        right,
      ),
    );

  return {
    account: `${quoteName(account.user)}@${quoteName(account.host)}`,
    accountName: `${account.user}@${account.host}`,
    holdsOnServer: onServer,
    holdsOnSchema: onSchema,
    holdsOnTable: (schema, table, right) =>
      onSchema(schema, right) ||
      given.some(
        ({ scope, rights }) =>
          scope.on === 'table' &&
          names.areSame(scope.schema, schema) &&
          names.areSame(scope.table, table) &&
          includes(rights, right),
      ),
    grantName: (schema) => {
      const entries = entriesOf(schema).filter(({ own }) => own);
      const entry = entries.find(({ exact }) => exact) ?? entries[0];
      return quoteName(entry?.pattern ?? (server.literalGrantNames ? schema : escapePattern(schema)));
    },
    restrictedSchemas: revoked.flatMap(({ scope }) =>
      scope.on === 'schema' ? [unescapePattern(scope.pattern)] : [],
    ),
  };
}

/** How a server compares the names in grants with those of schemas and tables. */
function nameRules({
  literalGrantNames,
  lowerCaseTableNames,
}: Pick<Server, 'literalGrantNames' | 'lowerCaseTableNames'>) {
  const fold = (name: string): string => (lowerCaseTableNames === 0 ? name : name.toLowerCase());
  const areSame = (one: string, other: string): boolean => fold(one) === fold(other);
  const isExact = (pattern: string): boolean => literalGrantNames || !hasWildcard(pattern);
  return {
    areSame,
    isExact,
    fits: (pattern: string, schema: string): boolean =>
      isExact(pattern)
        ? areSame(unescapePattern(pattern), schema)
        : patternToRegExp(fold(pattern)).test(fold(schema)),
  };
}

interface SchemaEntry {
  readonly pattern: string;
  readonly rights: ReadonlySet<string>;
  readonly exact: boolean;
  /** The account's own; else of a role or of PUBLIC. */
  readonly own: boolean;
}

/**
 * Of the grants whose pattern fits a schema, a server applies one alone: the exact one, else the one that it happens to
 * find first. So a right counts among patterns only if all of them give it.
 * @see https://dev.mysql.com/doc/refman/8.4/en/request-access.html
 */
function applies(entries: readonly SchemaEntry[], right: string): boolean {
  const exact = entries.filter((entry) => entry.exact);
  if (exact.length > 0) return exact.some(({ rights }) => includes(rights, right));
  return entries.length > 0 && entries.every(({ rights }) => includes(rights, right));
}

const includes = (rights: ReadonlySet<string>, right: string): boolean =>
  rights.has(right) || rights.has('ALL PRIVILEGES') || rights.has('ALL');

const hasWildcard = (pattern: string): boolean => /[_%]/.test(pattern.replace(/\\[_%]/g, ''));
const unescapePattern = (pattern: string): string => pattern.replace(/\\([_%])/g, '$1');
const escapePattern = (name: string): string => name.replace(/[_%]/g, '\\$&');

/** `_` stands for one character, `%` for any number, a backslash takes their meaning away. */
const patternToRegExp = (pattern: string): RegExp =>
  new RegExp(
    `^${pattern.replace(/\\([_%])|([_%])|([\s\S])/gu, (_, escaped, wild, plain) =>
      wild === '%' ? '[\\s\\S]*' : wild === '_' ? '[\\s\\S]' : literal(escaped ?? plain),
    )}$`,
    'u',
  );

const literal = (character: string): string => character.replace(/[\^$\\.*+?()[\]{}|/]/, '\\$&');
