import {
  type DefinerAccount,
  missingForRestore,
} from '../../../../functions/engine/catalogue/restore-rights.ts';
import type { Server } from '../../../../functions/engine/catalogue/server.ts';
import { NO_OBJECTS, type ObjectCounts } from '../../../../functions/engine/contents.ts';
import { grantsOf, serverWith } from './rights-fixture.ts';

const TO_ME = 'TO `u`@`h`';
const OWNER = `GRANT ALL PRIVILEGES ON \`shop\`.* ${TO_ME}`;
const EMPTY: ObjectCounts = { ...NO_OBJECTS, tables: 1 };

const missing = (
  lines: readonly string[],
  server: Server,
  held: Partial<ObjectCounts> = {},
  definers: readonly DefinerAccount[] = [],
): readonly string[] =>
  missingForRestore({
    server,
    grants: grantsOf(lines, server),
    target: 'shop',
    contents: { counts: { ...EMPTY, ...held }, definers: definers.map(({ name }) => name) },
    definers,
  });

const known = (name: string, isSystemUser = false): DefinerAccount => ({ name, exists: true, isSystemUser });

describe('what a restore still needs', () => {
  it('are the rights for tables, and for each other kind that the backup holds', () => {
    const tables = 'SELECT, INSERT, DELETE, CREATE, DROP, ALTER, INDEX, REFERENCES';
    const on = `ON \`shop\`.* ${TO_ME}`;
    expect(missing([], serverWith({}))).toEqual([`GRANT ${tables} ${on}`]);
    expect(missing([], serverWith({}), { views: 1, events: 2 })).toEqual([
      `GRANT ${tables}, CREATE VIEW, SHOW VIEW, EVENT ${on}`,
    ]);
    expect(missing([], serverWith({}), { triggers: 1, procedures: 1 })).toEqual([
      `GRANT ${tables}, TRIGGER, CREATE ROUTINE, ALTER ROUTINE ${on}`,
    ]);
    expect(missing([OWNER], serverWith({}), { views: 1, triggers: 1, functions: 1, events: 1 })).toEqual([]);
  });

  it.each([
    ['own', known('u@h'), []],
    ['another', known('app@%'), ['SET_ANY_DEFINER']],
    [
      'one that is gone',
      { name: 'old@%', exists: false, isSystemUser: false },
      ['SET_ANY_DEFINER', 'ALLOW_NONEXISTENT_DEFINER'],
    ],
    ['a system user', known('root@localhost', true), ['SET_ANY_DEFINER', 'SYSTEM_USER']],
    [
      'one of which nothing is known',
      { name: 'app@%', exists: undefined, isSystemUser: undefined },
      ['SET_ANY_DEFINER', 'ALLOW_NONEXISTENT_DEFINER', 'SYSTEM_USER'],
    ],
  ])('for a definer of MySQL depends on it: %s', (_, definer, rights) => {
    const wanted = rights.length === 0 ? [] : [`GRANT ${rights.join(', ')} ON *.* ${TO_ME}`];
    expect(missing([OWNER], serverWith({}), { views: 1 }, [definer])).toEqual(wanted);
  });

  it('is less for SUPER, but never SYSTEM_USER', () => {
    const lines = [OWNER, `GRANT SUPER ON *.* ${TO_ME}`];
    expect(missing(lines, serverWith({}), {}, [known('app@%')])).toEqual([]);
    expect(missing(lines, serverWith({}), {}, [known('root@%', true)])).toEqual([
      `GRANT SYSTEM_USER ON *.* ${TO_ME}`,
    ]);
  });

  it('is SET USER for a definer of MariaDB, in whose place SUPER counted before version 11', () => {
    const lines = [OWNER, `GRANT SUPER ON *.* ${TO_ME}`];
    const newer = serverWith({ product: 'mariadb' });
    const older = serverWith({ product: 'mariadb', version: { major: 10, minor: 11, patch: 0 } });
    expect(missing([OWNER], newer, {}, [known('app@%')])).toEqual([`GRANT SET USER ON *.* ${TO_ME}`]);
    expect(missing(lines, newer, {}, [known('app@%')])).toEqual([`GRANT SET USER ON *.* ${TO_ME}`]);
    expect(missing([OWNER], older, {}, [known('app@%')])).toEqual([`GRANT SET USER ON *.* ${TO_ME}`]);
    expect(missing(lines, older, {}, [known('app@%')])).toEqual([]);
  });

  it.each([
    ['triggers', { triggers: 1 }, true],
    ['functions', { functions: 1 }, true],
    ['procedures', { procedures: 1 }, false],
  ])('beside a binary log depends on what is made: %s', (_, held, asked) => {
    const cure = ['SET GLOBAL log_bin_trust_function_creators = 1'];
    expect(missing([OWNER], serverWith({ binaryLog: true }), held)).toEqual(asked ? cure : []);
    expect(missing([OWNER, `GRANT SUPER ON *.* ${TO_ME}`], serverWith({ binaryLog: true }), held)).toEqual(
      [],
    );
    expect(missing([OWNER], serverWith({ binaryLog: true, trustsFunctionCreators: true }), held)).toEqual([]);
  });

  it('is that the server takes writes', () => {
    expect(missing([OWNER], serverWith({ readOnly: true }))).toEqual(['SET GLOBAL read_only = 0']);
    expect(
      missing([OWNER, `GRANT CONNECTION_ADMIN ON *.* ${TO_ME}`], serverWith({ readOnly: true })),
    ).toEqual([]);
  });
});
