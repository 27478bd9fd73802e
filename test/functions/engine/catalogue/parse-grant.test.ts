import { parseGrant } from '../../../../functions/engine/catalogue/parse-grant.ts';

const parsed = (line: string) => {
  const grant = parseGrant(line);
  return grant === undefined ? undefined : { ...grant, rights: [...grant.rights].sort() };
};

describe('a line of SHOW GRANTS', () => {
  it.each([
    [
      "GRANT PROCESS, SHOW DATABASES ON *.* TO `o'b``r`@`%` IDENTIFIED BY PASSWORD '*2EC0' REQUIRE SSL",
      { verb: 'GRANT', rights: ['PROCESS', 'SHOW DATABASES'], scope: { on: 'server' }, grantee: "o'b`r" },
    ],
    [
      'GRANT BACKUP_ADMIN,SHOW_ROUTINE ON *.* TO `u`@`h`',
      { verb: 'GRANT', rights: ['BACKUP_ADMIN', 'SHOW_ROUTINE'], scope: { on: 'server' }, grantee: 'u' },
    ],
    [
      "GRANT SELECT, SHOW VIEW ON `a``b'c`.* TO 'u'@'h' WITH GRANT OPTION",
      {
        verb: 'GRANT',
        rights: ['SELECT', 'SHOW VIEW'],
        scope: { on: 'schema', pattern: "a`b'c" },
        grantee: 'u',
      },
    ],
    [
      'GRANT ALL PRIVILEGES ON `shop\\_%`.* TO `u`@`h`',
      {
        verb: 'GRANT',
        rights: ['ALL PRIVILEGES'],
        scope: { on: 'schema', pattern: 'shop\\_%' },
        grantee: 'u',
      },
    ],
    [
      'GRANT SELECT (`a, b`, `c)`), INSERT ON `s`.`t` TO `u`@`h`',
      { verb: 'GRANT', rights: ['INSERT'], scope: { on: 'table', schema: 's', table: 't' }, grantee: 'u' },
    ],
    [
      'GRANT SELECT ON `s`.` ON *.* TO ` TO `u`@`h`',
      {
        verb: 'GRANT',
        rights: ['SELECT'],
        scope: { on: 'table', schema: 's', table: ' ON *.* TO ' },
        grantee: 'u',
      },
    ],
    [
      'GRANT SELECT ON `cafe`.* TO PUBLIC',
      { verb: 'GRANT', rights: ['SELECT'], scope: { on: 'schema', pattern: 'cafe' }, grantee: 'PUBLIC' },
    ],
    [
      'REVOKE SELECT, INSERT ON `hidden`.* FROM `u`@`h`',
      {
        verb: 'REVOKE',
        rights: ['INSERT', 'SELECT'],
        scope: { on: 'schema', pattern: 'hidden' },
        grantee: 'u',
      },
    ],
  ])('is read: %s', (line, expected) => {
    expect(parsed(line)).toEqual(expected);
  });

  it.each([
    'GRANT `r1` TO `u`@`h`',
    'GRANT `r1`@`%`,`r2`@`%` TO `u`@`h`',
    'GRANT `on` TO `u`@`h` WITH ADMIN OPTION',
    'SET DEFAULT ROLE `r1` FOR `u`@`h`',
    "GRANT PROXY ON ''@'%' TO 'root'@'localhost' WITH GRANT OPTION",
    'GRANT EXECUTE ON PROCEDURE `s`.`p` TO `u`@`h`',
    'GRANT EXECUTE ON PACKAGE BODY `s`.`p` TO `u`@`h`',
  ])('gives no right on a server, schema or table: %s', (line) => {
    expect(parseGrant(line)).toBeUndefined();
  });

  it('gives no whole right where it covers columns alone', () => {
    expect(parsed('GRANT SELECT (`i`), INSERT (`i`) ON `s`.`t` TO `u`@`h`')?.rights).toEqual([]);
  });

  it.each([
    '',
    'DENY SELECT ON `s`.* TO `u`@`h`',
    'REVOKE `r1` FROM `u`@`h`',
    'GRANT SELECT ON `s` TO `u`@`h`',
    'GRANT SELECT ON *.`t` TO `u`@`h`',
    'GRANT SELECT ON `s`.* TO',
    'GRANT ON *.* TO `u`@`h`',
    'GRANT `SELECT` ON *.* TO `u`@`h`',
    'GRANT SELECT ON `s`.* TO `u',
    "GRANT SELECT ON `s`.* TO 'u",
  ])('stops the run where it cannot be understood, without being quoted: %j', (line) => {
    expect(() => parseGrant(line)).toThrow(
      expect.objectContaining({
        code: 'insufficient_privileges',
        message: 'a line of SHOW GRANTS cannot be read',
      }),
    );
  });
});
