import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { obtainPassword } from '../../../local/main-job/password.ts';

describe('a password file', () => {
  let folder: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'safebase-password-'));
  });
  afterEach(() => rmSync(folder, { recursive: true }));

  const fileOf = (text: string, mode: number): string => {
    const file = join(folder, 'password');
    writeFileSync(file, text);
    chmodSync(file, mode);
    return file;
  };

  it.each([
    ['pässword\n', 'pässword'],
    ['two words \r\n', 'two words '],
  ])('gives %j without the end of its line', async (text, password) => {
    expect(await obtainPassword('', fileOf(text, 0o600))).toBe(password);
  });

  it('is refused where other users may read it', async () => {
    await expect(obtainPassword('', fileOf('x', 0o640))).rejects.toThrow('other users may read');
  });

  it('is refused where it is empty or not there', async () => {
    await expect(obtainPassword('', fileOf('\n', 0o600))).rejects.toThrow('is empty');
    await expect(obtainPassword('', join(folder, 'none'))).rejects.toThrow('there is no file');
  });
});
