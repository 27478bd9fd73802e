import { failureOf, unexplainedLines } from '../../../../functions/engine/process/client-messages.ts';

describe('failureOf', () => {
  it.each([
    [
      "mysqldump: Got error: 1045: Access denied for user 'u'@'h' (using password: YES)",
      'credentials_rejected',
    ],
    ["mysqldump: Got error: 1049: Unknown database 'x' when selecting the database", 'schema_unknown'],
    [
      "mariadb-dump: Got error: 2002: \"Can't connect to server on 'h' (115)\" when trying to connect",
      'connection_refused',
    ],
    ["mysqldump: Got error: 2003: Can't connect to MySQL server on 'h:1' (111)", 'connection_refused'],
    ["mysqldump: Got error: 2005: Unknown MySQL server host 'h' (-2) when trying to connect", 'host_unknown'],
    ['mysqldump: Got error: 2026: SSL connection error: certificate verify failed', 'tls_failed'],
    [
      'mariadb-dump: Error 2026: TLS/SSL error: unexpected eof when dumping table `t` at row: 7',
      'connection_lost',
    ],
    ['ERROR 2026 (HY000) at line 9: TLS/SSL error: unexpected eof', 'connection_lost'],
    [
      "mariadb-dump: Couldn't execute 'SELECT `a`\nFROM `t`': TLS/SSL error: unexpected eof (2026)",
      'connection_lost',
    ],
    ['ERROR 2026 (HY000): TLS/SSL error: certificate verify failed', 'tls_failed'],
    [
      'mysqldump: Error 2013: Lost connection to MySQL server during query when dumping table `t` at row: 7',
      'connection_lost',
    ],
    [
      "mysqldump: Couldn't execute 'show events': Access denied for user 'u'@'%' to database 'd' (1044)",
      'insufficient_privileges',
    ],
    ['mysqldump: Got errno 28 on write', 'disk_full'],
    ["ERROR 1114 (HY000) at line 3: The table 't' is full", 'disk_full'],
    ['ERROR 1227 (42000) at line 3: Access denied; you need SUPER', 'insufficient_privileges'],
    ["ERROR 1062 (23000) at line 9: Duplicate entry '1' for key 'PRIMARY'", 'load_failed'],
    ['', 'load_failed'],
  ])('reads %j as %s', (stderr, code) => {
    expect(failureOf('program', 'exited with 2', stderr, 'load_failed').code).toBe(code);
  });

  it('quotes the line of the error, not the statement before it', () => {
    const stderr =
      "--------------\nINSERT INTO t VALUES ('canary')\n--------------\n\nERROR 1062 (23000) at line 9: Duplicate";
    const { message, details } = failureOf('mariadb', 'exited with 1', stderr, 'load_failed');
    expect(message).toBe('mariadb exited with 1 and printed: ERROR 1062 (23000) at line 9: Duplicate');
    expect(details).toEqual({ errno: 1062 });
  });
});

describe('unexplainedLines', () => {
  it('leaves out what is known to be harmless and keeps all else', () => {
    const stderr =
      '-- Warning: column statistics not supported by the server.\n\nmysqldump: Error: masking policies\n';
    expect(unexplainedLines(stderr)).toEqual(['mysqldump: Error: masking policies']);
  });
});
