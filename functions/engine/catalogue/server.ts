import { createHash } from 'node:crypto';
import { SafeBaseError } from '../../errors.ts';
import type { Query, SqlRow } from '../connection.ts';
import type { ServerInfo } from '../contents.ts';
import { classifyServer, parseVersion, type ServerVersion } from './server-support.ts';

/** What a server is and how it is set, as far as a dump or a load depends on it. */
export interface Server {
  readonly info: ServerInfo;
  /** Why `info.support` is not `tested`. */
  readonly supportReason?: string;
  readonly version: ServerVersion;
  /** The privileges that it knows, in upper case, for example `SHOW_ROUTINE`. */
  readonly privileges: ReadonlySet<string>;
  /** The global sql_mode; sessions of SafeBase set their own. */
  readonly sqlMode: string;
  readonly maxAllowedPacketBytes: number;
  /** 0: names of schemas and tables are compared exactly; 1, 2: without regard to case. */
  readonly lowerCaseTableNames: number;
  readonly binaryLog: boolean;
  readonly trustsFunctionCreators: boolean;
  readonly eventScheduler: boolean;
  readonly readOnly: boolean;
  /** Whether names in grants are literal, not patterns (MySQL's partial_revokes). */
  readonly literalGrantNames: boolean;
  /** Whether a load can bring the past of system-versioned tables with it (MariaDB from 10.11). */
  readonly insertsHistory: boolean;
}

/**
 * Reads what the server is. An unsupported server is described, not refused: see {@link requireSupported}.
 * @throws `unsupported_server` where it answers like no MySQL or MariaDB
 */
export async function readServer(query: Query): Promise<Server> {
  const variables = await readVariables(query);
  const text = variables.get('version') ?? '';
  const version = parseVersion(text);
  if (version === undefined) {
    throw new SafeBaseError('unsupported_server', 'the server tells no version of MySQL or MariaDB');
  }
  // MariaDB alone knows this variable; its version text can be set to anything by the owner.
  const product =
    variables.has('aria_pagecache_buffer_size') || text.includes('MariaDB') ? 'mariadb' : 'mysql';
  const support = classifyServer(product, version);
  const privileges = await query('SHOW PRIVILEGES');
  const isOn = (name: string): boolean => ['ON', '1'].includes(variables.get(name)?.toUpperCase() ?? '');
  return {
    info: { product, version: text, support: support.support, identity: identityOf(product, variables) },
    ...(support.reason === undefined ? {} : { supportReason: support.reason }),
    version,
    privileges: new Set(privileges.map((row) => (row.privilege ?? '').toUpperCase())),
    sqlMode: variables.get('sql_mode') ?? '',
    maxAllowedPacketBytes: Number(variables.get('max_allowed_packet')),
    lowerCaseTableNames: Number(variables.get('lower_case_table_names')),
    binaryLog: isOn('log_bin'),
    trustsFunctionCreators: isOn('log_bin_trust_function_creators'),
    eventScheduler: isOn('event_scheduler'),
    readOnly: isOn('read_only') || isOn('super_read_only'),
    literalGrantNames: isOn('partial_revokes'),
    insertsHistory: variables.has('system_versioning_insert_history'),
  };
}

/** Refuses a server that SafeBase cannot handle. @throws `unsupported_server` with the reason */
export function requireSupported(server: Server): void {
  if (server.info.support !== 'unsupported') return;
  throw new SafeBaseError(
    'unsupported_server',
    `the server runs ${server.supportReason ?? server.info.version}`,
  );
}

/** Global values; names in lower case. */
async function readVariables(query: Query): Promise<ReadonlyMap<string, string>> {
  const names = [...VARIABLES].map((name) => `'${name}'`).join(', ');
  const rows = await query(`SHOW GLOBAL VARIABLES WHERE Variable_name IN (${names})`);
  return new Map(rows.map((row: SqlRow) => [(row.variable_name ?? '').toLowerCase(), row.value ?? '']));
}

const VARIABLES = [
  'aria_pagecache_buffer_size',
  'datadir',
  'event_scheduler',
  'hostname',
  'log_bin',
  'log_bin_trust_function_creators',
  'lower_case_table_names',
  'max_allowed_packet',
  'partial_revokes',
  'port',
  'read_only',
  'server_uid',
  'server_uuid',
  'sql_mode',
  'super_read_only',
  'system_versioning_insert_history',
  'version',
] as const;

/**
 * MySQL has a UUID for each data folder. MariaDB's server_uid is made of the machine's network address and the port,
 * which containers share, and came with 10.10: host name and data folder are added to it.
 */
function identityOf(product: ServerInfo['product'], variables: ReadonlyMap<string, string>): string {
  const uuid = variables.get('server_uuid');
  if (product === 'mysql' && uuid !== undefined && /^[0-9a-f-]{36}$/i.test(uuid))
    return `mysql-${uuid.toLowerCase()}`;
  const traits = ['server_uid', 'server_uuid', 'hostname', 'port', 'datadir'];
  const text = JSON.stringify(traits.map((name) => variables.get(name) ?? ''));
  return `${product}-${createHash('sha256').update(text).digest('hex').slice(0, 32)}`;
}
