import { CLIENT_PROGRAMS } from '../../../../functions/engine/sql/client-programs.ts';

const features = {
  schema: '-odd name',
  ignoredViews: ['gone'],
  history: false,
  events: true,
  columnStatistics: false,
  rows: true,
};

describe('CLIENT_PROGRAMS', () => {
  it.each(['mariadb', 'mysql'] as const)('gives %s the flags that carry everything', (product) => {
    const flags = CLIENT_PROGRAMS[product].dumpFlags(features);
    expect(flags).toEqual(
      expect.arrayContaining([
        '--single-transaction',
        '--quick',
        '--routines',
        '--triggers',
        '--events',
        '--hex-blob',
        '--default-character-set=utf8mb4',
        '--max-allowed-packet=1G',
        '--ignore-table=-odd name.gone',
      ]),
    );
    expect(flags.slice(-2)).toEqual(['--', '-odd name']);
    expect(flags).not.toContain('--databases');
  });

  it.each([
    ['mariadb', { history: true }, '--dump-history', true],
    ['mariadb', { history: false }, '--dump-history', false],
    ['mariadb', {}, '--skip-add-locks', true],
    ['mysql', {}, '--skip-add-locks', true],
    ['mysql', { columnStatistics: true }, '--column-statistics', true],
    ['mysql', { columnStatistics: false }, '--column-statistics', false],
    ['mysql', {}, '--set-gtid-purged=OFF', true],
    ['mysql', { events: false }, '--events', false],
    ['mysql', {}, '--no-data', false],
    ['mariadb', { rows: false }, '--no-data', true],
  ] as const)('for %s with %j, %s is given: %s', (product, changed, flag, isGiven) => {
    expect(CLIENT_PROGRAMS[product].dumpFlags({ ...features, ...changed }).includes(flag)).toBe(isGiven);
  });

  it('verifies the name wherever there is TLS', () => {
    expect(CLIENT_PROGRAMS.mariadb.tlsFlags('/ca.pem')).toContain('--ssl-verify-server-cert');
    expect(CLIENT_PROGRAMS.mysql.tlsFlags('/ca.pem')).toContain('--ssl-mode=VERIFY_IDENTITY');
  });

  it('lets no loaded text run commands or ask for files', () => {
    for (const { loadFlags } of Object.values(CLIENT_PROGRAMS)) {
      expect(loadFlags).toEqual(
        expect.arrayContaining(['--binary-mode', '--skip-local-infile', '--skip-reconnect']),
      );
    }
    expect(CLIENT_PROGRAMS.mariadb.loadFlags).toContain('--sandbox');
    expect(CLIENT_PROGRAMS.mysql.loadFlags).toContain('--skip-commands');
  });
});
