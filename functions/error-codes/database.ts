import { type ErrorEntry, entry } from './entry.ts';

/** What can fail on the way to a database server, and in talking to it. */
export const DATABASE_ERRORS = {
  host_refused: entry(
    'refused',
    'The host is not allowed',
    'Use a network profile that reaches it; link-local and metadata addresses are never allowed.',
  ),
  host_unknown: entry(
    'refused',
    'The host name is unknown',
    'Check the spelling and that the name resolves in the network of the profile.',
  ),
  connection_refused: entry(
    'unavailable',
    'The database cannot be reached',
    'Check host, port, security group and that the server runs.',
  ),
  connection_lost: entry(
    'unavailable',
    'The connection to the database was lost',
    'Look at the server log for a restart or a killed connection, then run again.',
  ),
  connection_timeout: entry(
    'unavailable',
    'The database did not answer in time',
    'Check security group, route and load of the server.',
  ),
  credentials_rejected: entry(
    'refused',
    'The database refused user or password',
    'Correct the credentials with PUT /databases/{id}.',
  ),
  tls_failed: entry(
    'refused',
    'TLS with the database failed',
    'Give the CA that signed the server certificate in tls.ca, or use the host name in the certificate.',
  ),
  schema_unknown: entry(
    'refused',
    'The server has no such schema',
    'Check the schema names of the database record and the rights of its user.',
  ),
  query_failed: entry('internal', 'A query failed on the database', 'Look at the server log.'),
  secrets_unreachable: entry(
    'unavailable',
    'The secret store cannot be reached',
    'Check the interface endpoint or NAT of the network profile.',
  ),
  secret_unusable: entry(
    'refused',
    'The secret cannot be used',
    'Store JSON with username and password in it and let SafeBase read it.',
  ),
  unsupported_server: entry(
    'refused',
    'This server is not supported',
    'Use MySQL 5.7 or later or MariaDB 10.5 or later.',
  ),
} as const satisfies Record<string, ErrorEntry>;
