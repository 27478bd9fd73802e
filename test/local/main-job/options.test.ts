import { readOptions, UsageError } from '../../../local/main-job/options.ts';

describe('the options of npm start', () => {
  it('has a default for everything', () => {
    expect(readOptions([])).toEqual({ once: false, dataFolder: '.safebase', sampleMegabytes: 24 });
    expect(readOptions(['--help'])).toBe('help');
  });

  it('takes an address apart, with escaped characters and an IPv6 host', () => {
    const own = ['--database', 'mysql://jo%40work@[::1]:3307/my%20shop', '--no-tls', '--password-file', 'pw'];
    expect(readOptions([...own, '--once', '--port', '80', '--data-folder', 'x'])).toEqual({
      once: true,
      port: 80,
      dataFolder: 'x',
      sampleMegabytes: 24,
      database: {
        host: '::1',
        port: 3307,
        user: 'jo@work',
        schema: 'my shop',
        tls: 'off',
        passwordFile: 'pw',
      },
    });
  });

  const address = 'mysql://jo@host/shop';
  it.each([
    [['--fast'], "Unknown option '--fast'"],
    [['stray'], 'stray'],
    [['--port', '0'], '--port 0'],
    [['--port', '65536'], '--port 65536'],
    [['--port', '8o80'], '--port 8o80'],
    [['--size', '-1'], 'size'],
    [['--size', '1.5'], '--size 1.5'],
    [['--size', '3', '--database', address], '--size'],
    [['--password-file', 'x'], 'belongs to --database'],
    [['--no-tls'], 'belongs to --database'],
    [['--database', 'host/shop'], 'not the address'],
    [['--database', 'postgres://jo@host/shop'], 'not the address'],
    [['--database', 'mysql://host/shop'], 'lacks a user'],
    [['--database', 'mysql://jo@host'], 'one schema'],
    [['--database', 'mysql://jo@host/a/b'], 'one schema'],
    [['--database', 'mysql://jo@host/a%'], '%'],
    [['--database', 'mysql://jo:secret@host/shop'], 'password must not stand among the arguments'],
    [['--database', address, '--no-tls', '--tls-ca', 'x'], 'exclude each other'],
  ])('refuses %j with a hint', (parameters, message) => {
    const act = (): unknown => readOptions(parameters);
    expect(act).toThrow(UsageError);
    expect(act).toThrow(message);
    expect(act).not.toThrow('secret');
    try {
      act();
    } catch (error) {
      expect(error).toHaveProperty('hint', expect.stringMatching(/\.$/));
    }
  });
});
