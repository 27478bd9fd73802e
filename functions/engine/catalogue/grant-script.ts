import type { ObjectCounts } from '../contents.ts';
import { grantOnSchema, grantOnServer, missingForBackup } from './backup-rights.ts';
import { type Grants, rightsOf } from './grants.ts';
import { definerRights, missingForRestore } from './restore-rights.ts';
import type { Server } from './server.ts';

/** A statement that a run does not need, and what it is good for. */
interface OptionalStatement {
  readonly statement: string;
  readonly for: string;
}

/** How an administrator makes an account that may do exactly one thing. */
export interface GrantScript {
  /** As the statements name it. */
  readonly account: string;
  /** Makes the account. Who runs it puts a password for `<PASSWORD>`, without which the server refuses it. */
  readonly create: string;
  /** Without any of these the run is refused. */
  readonly required: readonly string[];
  readonly optional: readonly OptionalStatement[];
}

/** The accounts that SafeBase needs: one for backups, one for restores. */
export interface GrantScripts {
  readonly backup: GrantScript;
  readonly restore: GrantScript;
}

interface ScriptInput {
  readonly server: Server;
  /** The schemas to back up and to restore to. */
  readonly schemas: readonly string[];
  /** Whether they were chosen as all schemas of the server. */
  readonly all: boolean;
  /** Whether the accounts log in over TLS alone. */
  readonly tls: boolean;
}

/** The rights that the checks before each run ask for, asked for an account that has none. */
export function grantScripts(input: ScriptInput): GrantScripts {
  const backup = accountOf('safebase_backup', input);
  const restore = accountOf('safebase_restore', input);
  return {
    backup: {
      ...backup.named,
      required: missingForBackup({ ...input, grants: backup.grants }),
      optional: optionalForBackup(input, backup.grants),
    },
    restore: {
      ...restore.named,
      required: input.schemas.flatMap((target) =>
        missingForRestore({
          server: withoutSettings(input.server),
          grants: restore.grants,
          target,
          contents: { counts: EVERY_KIND, definers: [] },
          definers: [],
        }),
      ),
      optional: optionalForRestore(input.server, restore.grants),
    },
  };
}

/** One of each: what a schema does not hold today it may hold tomorrow. */
const EVERY_KIND: ObjectCounts = {
  tables: 1,
  views: 1,
  triggers: 1,
  procedures: 1,
  functions: 1,
  events: 1,
  sequences: 1,
  packages: 1,
};

/** Settings of the server are asked for apart: an account is not what they belong to. */
const withoutSettings = (server: Server): Server => ({ ...server, binaryLog: false, readOnly: false });

function accountOf(user: string, { server, tls }: ScriptInput) {
  const grants = rightsOf([], { user, host: '%' }, server);
  const create = `CREATE USER ${grants.account} IDENTIFIED BY <PASSWORD>${tls ? ' REQUIRE SSL' : ''}`;
  return { grants, named: { account: grants.account, create } };
}

function optionalForBackup({ server, schemas }: ScriptInput, grants: Grants): readonly OptionalStatement[] {
  const patience = goodFor(
    'seeing transactions of others, so that no lock is asked for behind a long one',
    grantOnServer(grants, ['PROCESS']),
  );
  if (server.info.product === 'mariadb') {
    const stages = 'format parallel: lanes at one instant under BACKUP STAGE';
    return [...goodFor(stages, grantOnServer(grants, ['RELOAD'])), ...patience];
  }
  return [
    ...goodFor(
      'format parallel: lanes at one instant under LOCK TABLES, for milliseconds',
      schemas.flatMap((schema) => grantOnSchema(grants, schema, ['LOCK TABLES'])),
    ),
    ...goodFor(
      'the place in the binary log, from which a copy can be carried forward',
      grantOnServer(grants, ['REPLICATION CLIENT']),
    ),
    ...patience,
  ];
}

function optionalForRestore(server: Server, grants: Grants): readonly OptionalStatement[] {
  const unknown = { name: 'somebody@elsewhere', exists: undefined, isSystemUser: undefined };
  const isLogged = server.binaryLog && !server.trustsFunctionCreators;
  return [
    ...goodFor(
      'keeping the definers of views and programs; without it, restore with "definers": "current"',
      grantOnServer(grants, definerRights(server, grants, [unknown])),
    ),
    ...goodFor(
      'telling before a restore which definers the target does not have',
      definerColumns(server).map(
        ([table, columns]) => `GRANT SELECT (${columns}) ON mysql.${table} TO ${grants.account}`,
      ),
    ),
    ...goodFor(
      'triggers and functions, as this server writes a binary log',
      isLogged ? ['SET GLOBAL log_bin_trust_function_creators = 1'] : [],
    ),
  ];
}

const goodFor = (use: string, statements: readonly string[]): readonly OptionalStatement[] =>
  statements.map((statement) => ({ statement, for: use }));

/** What `readDefinerAccounts` reads: names, and no password. */
const definerColumns = (server: Server): readonly (readonly [table: string, columns: string])[] => [
  ['user', 'User, Host'],
  ...(server.privileges.has('SYSTEM_USER') ? ([['global_grants', 'USER, HOST, PRIV']] as const) : []),
];

/** The whole as text to paste, with what each part is for. */
export const scriptText = ({ create, required, optional }: GrantScript): string =>
  [
    '-- Put a password of your own for <PASSWORD>, in quotes.',
    `${create};`,
    '-- Required: without one of these, what it shows would be missing, and a run is refused.',
    ...required.map((statement) => `${statement};`),
    ...optional.flatMap((one) => [`-- Optional, for ${one.for}.`, `${one.statement};`]),
    '',
  ].join('\n');
