import { SafeBaseError } from '../../errors.ts';
import type { Grants } from './grants.ts';
import type { Server } from './server.ts';
import { isAtLeast } from './server-support.ts';

/**
 * The statements that an administrator must still run before a dump sees everything. Rights are read, objects are not
 * counted: without them triggers, events and routines are silently absent from the dump and from information_schema.
 * @param schemas the names of the schemas to back up
 * @param all whether they were chosen as all schemas of the server: then it must be sure that none is hidden
 */
export function missingForBackup(input: {
  readonly server: Server;
  readonly grants: Grants;
  readonly schemas: readonly string[];
  readonly all: boolean;
}): readonly string[] {
  const { server, grants } = input;
  const hidden = input.all ? grants.restrictedSchemas.filter((name) => !OF_THE_SERVER.has(name)) : [];
  const missing: string[] = [];
  const seesAll = ['SHOW DATABASES', 'SELECT'].some((right) => grants.holdsOnServer(right));
  if (input.all && !seesAll) missing.push(...grantOnServer(grants, ['SHOW DATABASES']));
  const routines = routineRight(server);
  const wanted = [
    'SELECT',
    'SHOW VIEW',
    'TRIGGER',
    'EVENT',
    ...(routines.on === 'schema' ? [routines.right] : []),
  ];
  for (const schema of new Set([...input.schemas, ...hidden])) {
    missing.push(...grantOnSchema(grants, schema, wanted));
  }
  if (routines.on === 'server' && ![routines.right, 'SELECT'].some((right) => grants.holdsOnServer(right))) {
    missing.push(...grantOnServer(grants, [routines.right]));
  }
  if (routines.on === 'table' && !grants.holdsOnTable('mysql', 'proc', 'SELECT')) {
    missing.push(`GRANT SELECT ON mysql.proc TO ${grants.account}`);
  }
  return missing;
}

/** The GRANT for what an account lacks on a schema; none where it lacks nothing. */
export function grantOnSchema(grants: Grants, schema: string, wanted: readonly string[]): readonly string[] {
  const lacking = wanted.filter((right) => !grants.holdsOnSchema(schema, right));
  if (lacking.length === 0) return [];
  return [`GRANT ${lacking.join(', ')} ON ${grants.grantName(schema)}.* TO ${grants.account}`];
}

/** The same for what an account lacks on the server. */
export function grantOnServer(grants: Grants, wanted: readonly string[]): readonly string[] {
  const lacking = wanted.filter((right) => !grants.holdsOnServer(right));
  return lacking.length === 0 ? [] : [`GRANT ${lacking.join(', ')} ON *.* TO ${grants.account}`];
}

/** @throws `insufficient_privileges` with the statements in the detail and in `details.statements` */
export function refuseMissing(grants: Grants, missing: readonly string[]): void {
  if (missing.length === 0) return;
  throw new SafeBaseError(
    'insufficient_privileges',
    `the account ${grants.accountName} lacks what these give: ${missing.join('; ')}`,
    {
      hint: `Run as an administrator: ${missing.map((statement) => `${statement};`).join(' ')}`,
      details: { statements: missing },
    },
  );
}

const OF_THE_SERVER = new Set(['mysql', 'sys', 'information_schema', 'performance_schema']);

/**
 * What lets a dump read routines. Where the server has a right of its own for that, it is the least; before that,
 * their text lay in mysql.proc, and between (MySQL 8.0 up to 19) SELECT on everything was the only way.
 * @see https://dev.mysql.com/doc/refman/8.0/en/privileges-provided.html#priv_show-routine
 * @see https://mariadb.com/docs/server/reference/sql-statements/account-management-sql-statements/grant SHOW CREATE ROUTINE, from 11.3
 */
function routineRight(server: Server): {
  readonly on: 'server' | 'schema' | 'table';
  readonly right: string;
} {
  if (server.privileges.has('SHOW_ROUTINE')) return { on: 'server', right: 'SHOW_ROUTINE' };
  if (server.privileges.has('SHOW CREATE ROUTINE')) return { on: 'schema', right: 'SHOW CREATE ROUTINE' };
  if (server.info.product === 'mysql' && isAtLeast(server.version, 8))
    return { on: 'server', right: 'SELECT' };
  return { on: 'table', right: 'SELECT' };
}
