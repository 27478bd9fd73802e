import type { ErrorCode } from '../errors.ts';

/**
 * What an error number of a server or client library means here; numbers that are not listed say only that the
 * statement failed. Both makers use the same numbers for these.
 * @see https://dev.mysql.com/doc/mysql-errors/9.7/en/server-error-reference.html
 * @see https://mariadb.com/docs/server/reference/error-codes/mariadb-error-code-reference
 */
const CODES: Readonly<Record<number, ErrorCode>> = {
  1045: 'credentials_rejected',
  1130: 'credentials_rejected', // this address is not allowed for the account
  1251: 'credentials_rejected', // the login plugin is not supported
  1275: 'credentials_rejected',
  1524: 'credentials_rejected', // the login plugin is not loaded
  1698: 'credentials_rejected',
  1820: 'credentials_rejected', // the password has expired
  1862: 'credentials_rejected',
  2059: 'credentials_rejected', // the login plugin cannot be loaded
  2061: 'credentials_rejected', // the login plugin failed, for one as it wants TLS
  3118: 'credentials_rejected', // the account is locked
  3159: 'tls_failed', // the server takes connections over TLS only
  4151: 'credentials_rejected', // the account is locked (MariaDB)

  1044: 'insufficient_privileges',
  1142: 'insufficient_privileges',
  1143: 'insufficient_privileges',
  1227: 'insufficient_privileges',
  1370: 'insufficient_privileges',
  1419: 'insufficient_privileges', // a trigger or function while the binary log is on

  1040: 'connection_refused', // too many connections
  1129: 'connection_refused', // the host is blocked after many errors
  1203: 'connection_refused',
  1226: 'connection_refused', // the account's limit of connections
  2002: 'connection_refused',
  2003: 'connection_refused',
  2005: 'host_unknown',
  2026: 'tls_failed',

  1053: 'connection_lost', // the server shuts down
  1927: 'connection_lost', // the connection was killed (MariaDB)
  2006: 'connection_lost',
  2013: 'connection_lost',
  2055: 'connection_lost',
  4031: 'connection_lost', // idle for too long (MySQL)

  1049: 'schema_unknown',

  3678: 'schema_left_behind', // MySQL was killed within DROP DATABASE

  1021: 'disk_full',
  1041: 'disk_full',
  1114: 'disk_full',
};

/** The code for a number, if the number alone says what happened. */
export const codeOfServerError = (number: number): ErrorCode | undefined => CODES[number];
