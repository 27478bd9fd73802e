import { codeOfServerError } from '../engine/server-errors.ts';
import { type ErrorCode, SafeBaseError } from '../errors.ts';

/** Where the error came from, and as whom we were there. */
interface Where {
  readonly host: string;
  readonly port: number;
  readonly username: string;
}

/**
 * The one place that turns errors of the driver, of sockets and of the server into ours, by number and code alone. The
 * server's text names accounts and addresses and may hold values of rows: it stays in the cause, which is only logged.
 * `details.errno` is the server's number.
 */
export function translateMysqlError(error: unknown, where: Where): SafeBaseError {
  if (error instanceof SafeBaseError) return error;
  const { number, code } = identify(error);
  const ours = (number > 0 ? codeOfServerError(number) : undefined) ?? codeOfDriver(code) ?? 'query_failed';
  const place = `${where.host}:${where.port}`;
  const suffix = number > 0 ? ` (error ${number})` : code === '' ? '' : ` (${code})`;
  return new SafeBaseError(
    ours,
    `${MESSAGES[ours]?.(place, where.username) ?? `a statement failed on ${place}`}${suffix}`,
    {
      cause: error,
      ...(number > 0 ? { details: { errno: number } } : {}),
    },
  );
}

const MESSAGES: Partial<Record<ErrorCode, (place: string, username: string) => string>> = {
  credentials_rejected: (place, username) => `${place} refused the user ${username}`,
  connection_refused: (place) => `${place} takes no connection`,
  connection_timeout: (place) => `${place} did not answer in time`,
  connection_lost: (place) => `the connection to ${place} broke`,
  host_unknown: (place) => `the address of ${place} is unknown`,
  tls_failed: (place) => `no trusted TLS connection with ${place}`,
  insufficient_privileges: (place, username) => `the user ${username} lacks a right on ${place}`,
  schema_unknown: (place) => `${place} has no such schema`,
  disk_full: (place) => `a disk of ${place} is full`,
};

/** Codes of Node and of the driver. Everything that begins with ERR_TLS_, ERR_SSL_ or CERT_ is about TLS too. */
const DRIVER_CODES: Readonly<Record<string, ErrorCode>> = {
  ECONNREFUSED: 'connection_refused',
  EHOSTUNREACH: 'connection_refused',
  ENETUNREACH: 'connection_refused',
  EADDRNOTAVAIL: 'connection_refused',
  ETIMEDOUT: 'connection_timeout',
  PROTOCOL_SEQUENCE_TIMEOUT: 'connection_timeout',
  ECONNRESET: 'connection_lost',
  EPIPE: 'connection_lost',
  PROTOCOL_CONNECTION_LOST: 'connection_lost',
  ENOTFOUND: 'host_unknown',
  EAI_AGAIN: 'host_unknown',
  HANDSHAKE_SSL_ERROR: 'tls_failed',
  HANDSHAKE_NO_SSL_SUPPORT: 'tls_failed',
  DEPTH_ZERO_SELF_SIGNED_CERT: 'tls_failed',
  SELF_SIGNED_CERT_IN_CHAIN: 'tls_failed',
  UNABLE_TO_GET_ISSUER_CERT: 'tls_failed',
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY: 'tls_failed',
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: 'tls_failed',
  EPROTO: 'tls_failed',
  AUTH_SWITCH_PLUGIN_ERROR: 'credentials_rejected',
  MYSQL_CLEAR_PASSWORD_NOT_ENABLED: 'credentials_rejected',
  ENOSPC: 'disk_full',
};

const codeOfDriver = (code: string): ErrorCode | undefined =>
  /^(ERR_TLS_|ERR_SSL_|CERT_)/.test(code) ? 'tls_failed' : DRIVER_CODES[code];

/**
 * An error while logging in. The driver gives neither number nor code where the account has a plugin that it does not
 * know, such as ed25519 or unix_socket of MariaDB.
 */
export function translateLoginError(error: unknown, where: Where): SafeBaseError {
  const translated = translateMysqlError(error, where);
  const { number, code } = identify(error);
  if (translated === error || number > 0 || code !== '') return translated;
  return new SafeBaseError('credentials_rejected', `no way to log in on ${where.host}:${where.port}`, {
    cause: error,
    hint: 'Use an account with the plugin caching_sha2_password or mysql_native_password.',
  });
}

/** The server's number, or 0, and the driver's code, or ''. */
function identify(error: unknown): { readonly number: number; readonly code: string } {
  if (typeof error !== 'object' || error === null) return { number: 0, code: '' };
  const number = 'errno' in error && typeof error.errno === 'number' ? error.errno : 0;
  const code = 'code' in error && typeof error.code === 'string' ? error.code : '';
  return { number: Math.max(0, number), code };
}
