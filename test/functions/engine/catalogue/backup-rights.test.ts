import { missingForBackup, refuseMissing } from '../../../../functions/engine/catalogue/backup-rights.ts';
import { grantsOf, serverWith } from './rights-fixture.ts';

const TO_ME = 'TO `u`@`h`';
const MYSQL_80_19 = { version: { major: 8, minor: 0, patch: 19 }, privileges: new Set<string>() };
const MARIADB_10 = {
  product: 'mariadb' as const,
  version: { major: 10, minor: 11, patch: 0 },
  privileges: new Set(['SET USER']),
};

describe('what a backup still needs', () => {
  it.each([
    ['MySQL', serverWith({}), [`GRANT SHOW_ROUTINE ON *.* ${TO_ME}`], ''],
    ['MySQL 8.0 before its own right', serverWith(MYSQL_80_19), [`GRANT SELECT ON *.* ${TO_ME}`], ''],
    [
      'MySQL 5.7',
      serverWith({ ...MYSQL_80_19, version: { major: 5, minor: 7, patch: 44 } }),
      [`GRANT SELECT ON mysql.proc ${TO_ME}`],
      '',
    ],
    ['MariaDB 10', serverWith(MARIADB_10), [`GRANT SELECT ON mysql.proc ${TO_ME}`], ''],
    ['MariaDB 11.8', serverWith({ product: 'mariadb' }), [], ', SHOW CREATE ROUTINE'],
  ])('on %s are the rights on each schema and the one for routines there', (_, server, forRoutines, more) => {
    const missing = missingForBackup({
      server,
      grants: grantsOf([], server),
      schemas: ['a', 'b_c'],
      all: false,
    });
    expect(missing).toEqual([
      `GRANT SELECT, SHOW VIEW, TRIGGER, EVENT${more} ON \`a\`.* ${TO_ME}`,
      `GRANT SELECT, SHOW VIEW, TRIGGER, EVENT${more} ON \`b\\_c\`.* ${TO_ME}`,
      ...forRoutines,
    ]);
  });

  it('is nothing where SELECT on all shows the routines of MySQL too', () => {
    const grants = grantsOf([`GRANT SELECT, SHOW VIEW, TRIGGER, EVENT ON *.* ${TO_ME}`]);
    expect(missingForBackup({ server: serverWith({}), grants, schemas: ['a'], all: true })).toEqual([]);
  });

  it('names only what lacks', () => {
    const grants = grantsOf([
      `GRANT SELECT, SHOW VIEW, EVENT ON \`a\`.* ${TO_ME}`,
      `GRANT SHOW_ROUTINE ON *.* ${TO_ME}`,
    ]);
    expect(missingForBackup({ server: serverWith({}), grants, schemas: ['a'], all: false })).toEqual([
      `GRANT TRIGGER ON \`a\`.* ${TO_ME}`,
    ]);
  });

  it('for all schemas is also that none can be hidden', () => {
    const all = `GRANT SELECT, SHOW VIEW, TRIGGER, EVENT ON \`a\`.* ${TO_ME}`;
    const routines = `GRANT SHOW_ROUTINE ON *.* ${TO_ME}`;
    const server = serverWith({});
    expect(
      missingForBackup({ server, grants: grantsOf([all, routines]), schemas: ['a'], all: true }),
    ).toEqual([`GRANT SHOW DATABASES ON *.* ${TO_ME}`]);
    const partial = grantsOf([
      `GRANT SELECT, SHOW VIEW, TRIGGER, EVENT ON *.* ${TO_ME}`,
      'REVOKE SELECT ON `hidden`.* FROM `u`@`h`',
      'REVOKE SELECT ON `mysql`.* FROM `u`@`h`',
    ]);
    expect(missingForBackup({ server, grants: partial, schemas: ['a'], all: true })).toEqual([
      `GRANT SELECT ON \`hidden\`.* ${TO_ME}`,
    ]);
  });

  it('stops the run with the very statements', () => {
    const grants = grantsOf([]);
    expect(() => refuseMissing(grants, [])).not.toThrow();
    expect(() => refuseMissing(grants, ['GRANT A', 'GRANT B'])).toThrow(
      expect.objectContaining({
        code: 'insufficient_privileges',
        hint: 'Run as an administrator: GRANT A; GRANT B;',
        details: { statements: ['GRANT A', 'GRANT B'] },
      }),
    );
  });
});
