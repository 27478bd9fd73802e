import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { obtainEngine } from '../../../local/engines/obtain-engine.ts';
import { obtainMariaDb } from '../../../local/engines/obtain-mariadb.ts';
import { startServer } from '../../../local/engines/start-server.ts';

const usualPath = process.env.PATH;
let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'safebase-path-'));
});
afterEach(() => {
  process.env.PATH = usualPath;
  rmSync(folder, { recursive: true });
});

it(
  'a MariaDB on PATH is used where there is no apt',
  async () => {
    const engine = await obtainEngine('mariadb-10.11');
    const script = `#!/bin/sh\nexec ${[...engine.server, '"$@"', ...engine.ownFiles].join(' ')}\n`;
    writeFileSync(join(folder, 'mariadbd'), script);
    chmodSync(join(folder, 'mariadbd'), 0o755);
    process.env.PATH = folder;
    const cacheFolder = join(folder, 'cache');
    const { home, how } = await obtainMariaDb('mariadb-11.8', { cacheFolder, path: folder });
    expect(how).toBe('found on PATH');
    expect(home.version).toMatch(/^10\.11\./);
    const server = await startServer({ engine: home, dataFolder: join(folder, 'data') });
    const connection = await server.connect();
    const [rows] = await connection.query('SELECT version() AS version');
    await connection.end();
    await server.stop();
    expect(rows).toMatchObject([{ version: expect.stringContaining('10.11') }]);
  },
  15 * 60_000,
);
