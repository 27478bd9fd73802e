import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { compareContents } from '../../../local/compare/compare-contents.ts';
import { connectToRead } from '../../../local/compare/connect.ts';
import { type Content, summarise } from '../../../local/compare/content.ts';
import { readServerContent } from '../../../local/compare/read-content.ts';
import { obtainEngine } from '../../../local/engines/obtain-engine.ts';
import { type RunningServer, startServer } from '../../../local/engines/start-server.ts';
import { fillSampleShop, SAMPLE_SCHEMAS } from '../../../local/sample/fill-sample-shop.ts';

describe.each(['mariadb-10.11', 'mariadb-11.8', 'mysql-9.7'] as const)('the sample shop on %s', (engine) => {
  let folder: string;
  let server: RunningServer;

  const fill = async (megabytes: number, seed: number): Promise<'filled' | 'kept'> => {
    const connection = await server.connect();
    try {
      return await fillSampleShop(connection, { megabytes, seed });
    } finally {
      await connection.end();
    }
  };
  const read = async (): Promise<Content> => {
    const reader = await connectToRead({ socketPath: server.socket, user: 'root' });
    try {
      return await readServerContent(reader, SAMPLE_SCHEMAS);
    } finally {
      await reader.close();
    }
  };

  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'safebase-sample-'));
    server = await startServer({ engine: await obtainEngine(engine), dataFolder: folder });
  }, 120_000);
  afterAll(async () => {
    await server?.kill();
    rmSync(folder, { recursive: true, force: true });
  });

  it('is the same for the same seed, has the size that was asked for, and is kept', async () => {
    expect(await fill(2, 1)).toBe('filled');
    const first = await read();
    const { sizeBytes, tables } = summarise(first);
    expect(sizeBytes / 2 ** 20).toBeGreaterThan(1.7);
    expect(sizeBytes / 2 ** 20).toBeLessThan(2.5);
    expect(tables).toBe(14);
    expect(await fill(2, 1)).toBe('kept');
    expect(await fill(2, 2)).toBe('filled');
    expect(await compareContents(first, await read())).not.toEqual([]);
    expect(await fill(2, 1)).toBe('filled');
    expect(await compareContents(first, await read())).toEqual([]);
  }, 60_000);

  it('has some of everything that a backup must carry', async () => {
    const { facts, rows } = await read();
    const kinds = new Set(facts.map(({ kind }) => kind));
    for (const kind of ['view', 'trigger', 'routine', 'event', 'check', 'foreign key', 'partition'])
      expect(kinds).toContain(kind);
    expect(kinds.has('sequence state')).toBe(engine !== 'mysql-9.7');
    expect(facts.some(({ property, value }) => property === 'engine' && value === 'MyISAM')).toBe(true);
    const searches = rows.find(({ table }) => table === 'searches');
    expect(new Set(searches?.digests).size).toBeLessThan(searches?.count ?? 0);
  });
});
