import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { compareContents } from '../../local/compare/compare-contents.ts';
import { connectToRead } from '../../local/compare/connect.ts';
import { readServerContent } from '../../local/compare/read-content.ts';
import { obtainEngine } from '../../local/engines/obtain-engine.ts';
import { startServer } from '../../local/engines/start-server.ts';
import { CORPUS_OPTIONS, corpusFor, loadCorpusFile } from './load.ts';

describe('the corpus', () => {
  it.each([
    ['mariadb-10.11', 46],
    ['mariadb-11.8', 47],
    ['mysql-9.7', 43],
  ] as const)(
    'loads whole on %s, and the comparer reads all of it twice alike',
    async (engine, files) => {
      const folder = mkdtempSync(join(tmpdir(), 'safebase-corpus-'));
      const server = await startServer({
        engine: await obtainEngine(engine),
        dataFolder: folder,
        options: CORPUS_OPTIONS,
      });
      try {
        const corpus = corpusFor(engine);
        expect(corpus).toHaveLength(files);
        for (const file of corpus) await loadCorpusFile(server, file);
        const reader = await connectToRead({ socketPath: server.socket, user: 'root' });
        const schemas = corpus.flatMap((file) => file.schemas);
        const first = await readServerContent(reader, schemas);
        expect(new Set(first.facts.map(({ schema }) => schema))).toEqual(new Set(schemas));
        expect(await compareContents(first, await readServerContent(reader, schemas))).toEqual([]);
        await reader.close();
      } finally {
        await server.kill();
        rmSync(folder, { recursive: true, force: true });
      }
    },
    120_000,
  );
});
