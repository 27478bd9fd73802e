import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { obtainEngine } from '../../../local/engines/obtain-engine.ts';
import { obtainMariaDb } from '../../../local/engines/obtain-mariadb.ts';

const usualPath = process.env.PATH;
let cache: string;
beforeEach(() => {
  cache = mkdtempSync(join(tmpdir(), 'safebase-cache-'));
  // A machine without apt: nothing is found there.
  process.env.PATH = cache;
});
afterEach(() => {
  process.env.PATH = usualPath;
  rmSync(cache, { recursive: true });
});

describe('on a machine without apt', () => {
  it('an engine says what is missing and how to give it', async () => {
    await expect(obtainEngine('mysql-9.7', cache)).rejects.toMatchObject({
      name: 'SetUpError',
      message: 'there is no apt on this machine',
      hint: expect.stringContaining('copy the folder .cache'),
    });
    expect(readdirSync(join(cache, 'engines')).filter((name) => name === 'mysql-9.7')).toEqual([]);
  });

  it('the embedded database can also be given by PATH', async () => {
    await expect(obtainMariaDb('mariadb-11.8', { cacheFolder: cache, path: cache })).rejects.toMatchObject({
      message: 'there is no apt on this machine',
      hint: expect.stringContaining('mariadbd on PATH'),
    });
  });
});
