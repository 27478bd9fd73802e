import { readFile } from 'node:fs/promises';
import type { SqlConnector } from '../core/ports.ts';
import type { Endpoint } from '../engine/connection.ts';
import { mysqlPools } from './mysql-pool.ts';
import { openMysqlSession, type SessionLimits } from './mysql-session.ts';

const MIB = 1024 * 1024;

const LIMITS: SessionLimits = {
  connectTimeoutMs: 10_000,
  queryTimeoutMs: 10 * 60_000,
  maxRows: 500_000,
  maxResultBytes: 128 * MIB,
};

interface ConnectorOptions {
  /** PEM file of the CAs that are trusted where a database names none: the layer's `ca/bundle.pem`. */
  readonly caFile: string;
  /** @default 10 s to connect, 10 min for a statement, 500,000 rows, 128 MiB */
  readonly limits?: Partial<SessionLimits>;
}

/** Connects to MySQL and MariaDB with the driver mysql2. `close` ends the idle connections of all pools. */
export function mysqlConnector(options: ConnectorOptions): SqlConnector & { close(): Promise<void> } {
  const limits = { ...LIMITS, ...options.limits };
  let bundle: Promise<string> | undefined;
  const open = async (endpoint: Endpoint, schema?: string, takesRows = false) => {
    const needsBundle = endpoint.tls.mode === 'verify' && endpoint.tls.ca === undefined;
    if (needsBundle) bundle ??= readFile(options.caFile, 'utf8');
    const ca = needsBundle ? ((await bundle) ?? '') : '';
    return openMysqlSession(endpoint, ca, limits, schema, takesRows);
  };
  const pools = mysqlPools((endpoint) => open(endpoint));
  return {
    connect: (endpoint) => open(endpoint),
    openStatements: (endpoint, schema) => open(endpoint, schema),
    openRows: (endpoint) => open(endpoint),
    openLoad: (endpoint, schema) => open(endpoint, schema, true),
    withPooled: (key, endpoint, use) => pools.lend(key, endpoint, ({ query }) => use(query)),
    close: pools.closeAll,
  };
}
