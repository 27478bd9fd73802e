import { chmodSync, mkdirSync, mkdtempSync, rmSync, statSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { freezeTree, hashTree } from '../../../layers/mysql-client/freeze-tree.ts';

let parent: string;
beforeEach(() => {
  parent = mkdtempSync(join(tmpdir(), 'safebase-tree-'));
});
afterEach(() => rmSync(parent, { recursive: true }));

function plant(name: string, mode: number, year: number): string {
  const folder = join(parent, name);
  for (const path of ['maker/bin', 'maker/lib']) mkdirSync(join(folder, path), { recursive: true });
  for (const path of ['maker/bin/program', 'maker/lib/library.so', 'maker/lib/ld-linux-x86-64.so.2']) {
    writeFileSync(join(folder, path), path);
    chmodSync(join(folder, path), mode);
    utimesSync(join(folder, path), new Date(year, 1), new Date(year, 1));
  }
  return folder;
}

describe('freezeTree', () => {
  it('makes trees equal that were made at other times with other modes', async () => {
    const one = plant('one', 0o700, 2020);
    const other = plant('other', 0o664, 2024);
    expect(await hashTree(one)).not.toBe(await hashTree(other));
    expect(await freezeTree(one)).toBe(await freezeTree(other));
    expect(await hashTree(one)).toBe(await hashTree(other));
  });

  it('lets everybody read the files and start the programs and the loader', async () => {
    const folder = plant('one', 0o600, 2020);
    await freezeTree(folder);
    const mode = (path: string) => statSync(join(folder, path)).mode & 0o777;
    expect([mode('maker/bin/program'), mode('maker/lib/ld-linux-x86-64.so.2')]).toEqual([0o755, 0o755]);
    expect([mode('maker/lib/library.so'), mode('maker/lib')]).toEqual([0o644, 0o755]);
  });

  it.each([
    [
      'a changed byte',
      (folder: string) => writeFileSync(join(folder, 'maker/bin/program'), 'maker/bin/Program'),
    ],
    ['one more file', (folder: string) => writeFileSync(join(folder, 'extra'), '')],
  ])('hashes %s to something else', async (_, change) => {
    const folder = plant('one', 0o600, 2020);
    await freezeTree(folder);
    const before = await hashTree(folder);
    change(folder);
    await freezeTree(folder);
    expect(await hashTree(folder)).not.toBe(before);
  });
});
