import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { findMirrors } from '../../layers/debian-mirror.ts';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'safebase-apt-'));
  mkdirSync(join(folder, 'sources.list.d'));
});
afterEach(() => rmSync(folder, { recursive: true }));

describe('findMirrors', () => {
  it.each([
    [
      'one line a source',
      'sources.list',
      'deb http://mirror.example/debian bookworm main\ndeb http://mirror.example/debian-security bookworm-security main',
      'http://mirror.example/debian',
      'http://mirror.example/debian-security',
    ],
    [
      'options in brackets and a slash at the end',
      'sources.list',
      'deb [arch=amd64 signed-by=/usr/share/keyrings/x.gpg] https://mirror.example/pub/debian/ trixie main',
      'https://mirror.example/pub/debian',
      'http://deb.debian.org/debian-security',
    ],
    [
      'the new form',
      'sources.list.d/debian.sources',
      'Types: deb\nURIs: http://a.example/debian\nSuites: trixie\n\nTypes: deb\nURIs: http://a.example/debian-security/\n',
      'http://a.example/debian',
      'http://a.example/debian-security',
    ],
    [
      'comments and other archives',
      'sources.list',
      '# deb http://old.example/debian sid main\ndeb http://archive.ubuntu.com/ubuntu noble main',
      'http://deb.debian.org/debian',
      'http://deb.debian.org/debian-security',
    ],
  ])('reads %s', async (_, file, text, main, security) => {
    writeFileSync(join(folder, file), text);
    expect(await findMirrors(folder)).toEqual({ main, security });
  });

  it('falls back to the public mirror where there are no sources', async () => {
    expect(await findMirrors(join(folder, 'absent'))).toEqual({
      main: 'http://deb.debian.org/debian',
      security: 'http://deb.debian.org/debian-security',
    });
  });
});
