import { readdir, readFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { optionFileText, writeUnnamedFile } from '../../../../functions/engine/process/option-file.ts';

const endpoint = {
  host: 'db.example.com',
  addresses: ['192.0.2.1'],
  port: 3307,
  username: 'backup',
  password: 'secret',
  tls: { mode: 'verify' },
} as const;

describe('writeUnnamedFile', () => {
  it('writes a file that has no name and that whoever holds it can read', async () => {
    const before = await readdir(tmpdir());
    const file = await writeUnnamedFile('the text');
    const added = (await readdir(tmpdir())).filter(
      (name) => !before.includes(name) && /^\.[0-9a-f-]{36}$/.test(name),
    );
    expect(added).toEqual([]);
    expect(await readFile(`/proc/self/fd/${file.fd}`, 'utf8')).toBe('the text');
    await file.close();
  });
});

describe('optionFileText', () => {
  it('names host, port and account', () => {
    expect(optionFileText(endpoint, '192.0.2.1')).toBe(
      '[client]\nuser="backup"\npassword="secret"\nhost="192.0.2.1"\nport=3307\nprotocol=TCP\n',
    );
  });

  it.each([
    ['a quote', 'a"b', '"a\\"b"'],
    ['a backslash', 'a\\b', '"a\\\\b"'],
    ['a comment mark', 'a#b', '"a#b"'],
    ['line ends, which would begin another option', 'a\nssl-mode=DISABLED\r', '"a\\nssl-mode=DISABLED\\r"'],
  ])('keeps a password with %s on its line', (_, password, quoted) => {
    const lines = optionFileText({ ...endpoint, password }, 'h').split('\n');
    expect(lines).toHaveLength(7);
    expect(lines[2]).toBe(`password=${quoted}`);
  });
});
