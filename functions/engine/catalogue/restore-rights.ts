import { isCode } from '../../errors.ts';
import type { Query } from '../connection.ts';
import type { SchemaContents } from '../contents.ts';
import { grantOnSchema, grantOnServer } from './backup-rights.ts';
import type { Grants } from './grants.ts';
import type { Server } from './server.ts';
import { isAtLeast } from './server-support.ts';

/** What the target server knows of an account that a backup names as definer; undefined where it may not be told. */
export interface DefinerAccount {
  /** `user@host` */
  readonly name: string;
  readonly exists: boolean | undefined;
  /** Whether it has SYSTEM_USER (MySQL): only accounts that have it too may use its name. */
  readonly isSystemUser: boolean | undefined;
}

/**
 * The statements that an administrator must still run before a schema can be loaded whole. A load that lacks a right
 * stops half-way.
 * @param target the name of the schema on the target, whether it is there or not
 * @param contents what the backup holds of it
 * @param definers of the accounts in `contents.definers`, as the target knows them
 */
export function missingForRestore(input: {
  readonly server: Server;
  readonly grants: Grants;
  readonly target: string;
  readonly contents: Pick<SchemaContents, 'counts' | 'definers'>;
  readonly definers: readonly DefinerAccount[];
}): readonly string[] {
  const { server, grants, target } = input;
  const { counts } = input.contents;
  const isSuper = grants.holdsOnServer('SUPER');
  const logged = counts.triggers + counts.functions > 0 && server.binaryLog && !server.trustsFunctionCreators;
  const isExempt = ['SUPER', 'READ_ONLY ADMIN', 'READ ONLY ADMIN', 'CONNECTION_ADMIN'].some(
    grants.holdsOnServer,
  );
  return [
    ...grantOnSchema(grants, target, schemaRights(input.contents)),
    ...grantOnServer(grants, definerRights(server, grants, input.definers)),
    // Error 1419: whoever makes these while the binary log is on could break replication.
    ...(logged && !isSuper ? ['SET GLOBAL log_bin_trust_function_creators = 1'] : []),
    ...(server.readOnly && !isExempt ? ['SET GLOBAL read_only = 0'] : []),
  ];
}

function schemaRights({ counts }: Pick<SchemaContents, 'counts'>): readonly string[] {
  const routines = counts.procedures + counts.functions + counts.packages;
  return [
    ...['SELECT', 'INSERT', 'DELETE', 'CREATE', 'DROP', 'ALTER', 'INDEX', 'REFERENCES'],
    ...(counts.views > 0 ? ['CREATE VIEW', 'SHOW VIEW'] : []),
    ...(counts.triggers > 0 ? ['TRIGGER'] : []),
    ...(routines > 0 ? ['CREATE ROUTINE', 'ALTER ROUTINE'] : []),
    ...(counts.events > 0 ? ['EVENT'] : []),
  ];
}

/**
 * What it takes to name other accounts as definers. What the target does not tell of them counts as the worst.
 * @see https://dev.mysql.com/doc/refman/9.7/en/stored-objects-security.html
 */
export function definerRights(
  server: Server,
  grants: Grants,
  definers: readonly DefinerAccount[],
): readonly string[] {
  const foreign = definers.filter(({ name }) => name !== grants.accountName);
  if (foreign.length === 0) return [];
  const knows = (right: string): boolean => server.privileges.has(right);
  const rights = new Set<string>();
  if (server.info.product === 'mariadb') {
    // MariaDB 11 took this power from SUPER.
    const superSuffices = !isAtLeast(server.version, 11) && grants.holdsOnServer('SUPER');
    if (!superSuffices) rights.add(knows('SET USER') ? 'SET USER' : 'SUPER');
    return [...rights];
  }
  if (!grants.holdsOnServer('SUPER')) {
    rights.add(['SET_ANY_DEFINER', 'SET_USER_ID'].find(knows) ?? 'SUPER');
    if (knows('ALLOW_NONEXISTENT_DEFINER') && foreign.some(({ exists }) => exists !== true)) {
      rights.add('ALLOW_NONEXISTENT_DEFINER');
    }
  }
  if (knows('SYSTEM_USER') && foreign.some(({ isSystemUser }) => isSystemUser !== false))
    rights.add('SYSTEM_USER');
  return [...rights];
}

/** Looks up definers on the target. */
export async function readDefinerAccounts(
  query: Query,
  server: Server,
  names: readonly string[],
): Promise<readonly DefinerAccount[]> {
  const unknown = names.map((name) => ({ name, exists: undefined, isSystemUser: undefined }));
  if (names.length === 0) return unknown;
  try {
    const users = await query(`SELECT CONCAT(User, '@', Host) AS name FROM mysql.user`);
    const system = server.privileges.has('SYSTEM_USER')
      ? await query(
          `SELECT CONCAT(USER, '@', HOST) AS name FROM mysql.global_grants WHERE PRIV = 'SYSTEM_USER'`,
        )
      : [];
    return names.map((name) => ({
      name,
      exists: users.some((user) => user.name === name),
      isSystemUser: system.some((user) => user.name === name),
    }));
  } catch (error) {
    if (isCode(error, 'insufficient_privileges')) return unknown;
    throw error;
  }
}
