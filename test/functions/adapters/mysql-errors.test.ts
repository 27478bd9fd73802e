import { translateMysqlError } from '../../../functions/adapters/mysql-errors.ts';
import { SafeBaseError } from '../../../functions/errors.ts';

const WHERE = { host: 'db.example.com', port: 3306, username: 'backup' };

const driverError = (fields: object): Error =>
  Object.assign(new Error("Access denied for user 'backup'@'10.1.2.3' (using password: s3cret)"), fields);

describe('an error of the driver', () => {
  it.each([
    [{ errno: 1045, code: 'ER_ACCESS_DENIED_ERROR' }, 'credentials_rejected'],
    [{ errno: 1698, code: 'ER_ACCESS_DENIED_NO_PASSWORD_ERROR' }, 'credentials_rejected'],
    [{ code: 'AUTH_SWITCH_PLUGIN_ERROR' }, 'credentials_rejected'],
    [{ errno: -111, code: 'ECONNREFUSED' }, 'connection_refused'],
    [{ errno: -113, code: 'EHOSTUNREACH' }, 'connection_refused'],
    [{ errno: 1040, code: 'ER_CON_COUNT_ERROR' }, 'connection_refused'],
    [{ code: 'ETIMEDOUT' }, 'connection_timeout'],
    [{ code: 'PROTOCOL_CONNECTION_LOST' }, 'connection_lost'],
    [{ errno: -104, code: 'ECONNRESET' }, 'connection_lost'],
    [{ code: 'EPIPE' }, 'connection_lost'],
    [{ errno: 2013 }, 'connection_lost'],
    [{ errno: 2006 }, 'connection_lost'],
    [{ errno: 1053, code: 'ER_SERVER_SHUTDOWN' }, 'connection_lost'],
    [{ errno: -3008, code: 'ENOTFOUND' }, 'host_unknown'],
    [{ code: 'HANDSHAKE_SSL_ERROR' }, 'tls_failed'],
    [{ code: 'HANDSHAKE_NO_SSL_SUPPORT' }, 'tls_failed'],
    [{ code: 'ERR_TLS_CERT_ALTNAME_INVALID' }, 'tls_failed'],
    [{ code: 'ERR_SSL_WRONG_VERSION_NUMBER' }, 'tls_failed'],
    [{ code: 'CERT_HAS_EXPIRED' }, 'tls_failed'],
    [{ code: 'SELF_SIGNED_CERT_IN_CHAIN' }, 'tls_failed'],
    [{ errno: 3159, code: 'ER_SECURE_TRANSPORT_REQUIRED' }, 'tls_failed'],
    [{ errno: 1044 }, 'insufficient_privileges'],
    [{ errno: 1142 }, 'insufficient_privileges'],
    [{ errno: 1227 }, 'insufficient_privileges'],
    [{ errno: 1370 }, 'insufficient_privileges'],
    [{ errno: 1049 }, 'schema_unknown'],
    [{ errno: 3678 }, 'schema_left_behind'],
    [{ errno: 1021 }, 'disk_full'],
    [{ errno: 1114 }, 'disk_full'],
    [{ code: 'ENOSPC' }, 'disk_full'],
    [{ errno: 1064, code: 'ER_PARSE_ERROR' }, 'query_failed'],
    [{ errno: 60_000 }, 'query_failed'],
    [{}, 'query_failed'],
  ])('%j is %s', (fields, code) => {
    expect(translateMysqlError(driverError(fields), WHERE).code).toBe(code);
  });

  it('never quotes what the server says', () => {
    const translated = translateMysqlError(driverError({ errno: 1045 }), WHERE);
    expect(`${translated.message} ${translated.hint} ${JSON.stringify(translated.details)}`).not.toMatch(
      /s3cret|10\.1\.2\.3/,
    );
    expect(translated.message).toBe('db.example.com:3306 refused the user backup (error 1045)');
    expect(translated.cause).toBeInstanceOf(Error);
  });

  it('keeps the number of the server for those who must tell one from another', () => {
    expect(translateMysqlError(driverError({ errno: 1356 }), WHERE).details).toEqual({ errno: 1356 });
    expect(translateMysqlError(driverError({ errno: -111, code: 'ECONNREFUSED' }), WHERE).details).toEqual(
      {},
    );
  });

  it('passes our own errors through, and takes what is no error at all', () => {
    const own = new SafeBaseError('schema_unknown', 'no such schema');
    expect(translateMysqlError(own, WHERE)).toBe(own);
    expect(translateMysqlError(null, WHERE).code).toBe('query_failed');
    expect(translateMysqlError('text', WHERE).code).toBe('query_failed');
  });
});
