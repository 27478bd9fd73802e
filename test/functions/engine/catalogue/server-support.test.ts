import {
  classifyServer,
  isAtLeast,
  parseVersion,
} from '../../../../functions/engine/catalogue/server-support.ts';

const version = (text: string) => parseVersion(text) ?? { major: 0, minor: 0, patch: 0 };

describe('the version of a server', () => {
  it.each([
    ['9.7.4-2', [9, 7, 4]],
    ['8.0.36', [8, 0, 36]],
    ['5.7.44-log', [5, 7, 44]],
    ['10.11.19-MariaDB-0+deb12u1-log', [10, 11, 19]],
    ['11.8.6-MariaDB-0+deb13u1 from Debian', [11, 8, 6]],
    ['5.5.5-10.6.12-MariaDB', [10, 6, 12]],
    ['8.0.32 MySQL Community Server - GPL', [8, 0, 32]],
  ])('is read from %s', (text, [major, minor, patch]) => {
    expect(parseVersion(text)).toEqual({ major, minor, patch });
  });

  it.each([
    '',
    'MariaDB',
    '10.11',
    '10.11.x',
    '8.0.36\n; rm -rf /',
    '8.0.36\u001b[31m',
    '8.0.36é',
    '99999.0.0',
    `8.0.36-${'x'.repeat(100)}`,
  ])('is not read from %j', (text) => {
    expect(parseVersion(text)).toBeUndefined();
  });

  it('is compared number by number', () => {
    expect(isAtLeast(version('10.11.2'), 10, 5)).toBe(true);
    expect(isAtLeast(version('8.0.17'), 8, 0, 17)).toBe(true);
    expect(isAtLeast(version('8.0.16'), 8, 0, 17)).toBe(false);
    expect(isAtLeast(version('9.0.0'), 8, 4, 5)).toBe(true);
    expect(isAtLeast(version('10.4.30'), 10, 5)).toBe(false);
  });
});

describe('the support of a server', () => {
  it.each([
    ['mariadb', '10.11.19-MariaDB', 'tested'],
    ['mariadb', '11.8.6-MariaDB', 'tested'],
    ['mysql', '9.7.4', 'tested'],
    ['mysql', '8.0.36', 'expected'],
    ['mysql', '8.4.0', 'expected'],
    ['mysql', '5.7.44', 'expected'],
    ['mariadb', '10.5.0-MariaDB', 'expected'],
    ['mariadb', '11.4.2-MariaDB', 'expected'],
    ['mysql', '5.6.51', 'unsupported'],
    ['mariadb', '10.4.34-MariaDB', 'unsupported'],
    ['mariadb', '5.5.68-MariaDB', 'unsupported'],
  ] as const)('of %s %s is %s, with a reason where it is not tested', (product, text, support) => {
    const found = classifyServer(product, version(text));
    expect(found.support).toBe(support);
    expect(found.reason === undefined).toBe(support === 'tested');
  });
});
