import { compareContents } from '../../local/compare/compare-contents.ts';
import { connectToRead } from '../../local/compare/connect.ts';
import type { KnownLoss } from '../../local/compare/content.ts';
import { readServerContent } from '../../local/compare/read-content.ts';
import { obtainEngine } from '../../local/engines/obtain-engine.ts';
import { type RunningServer, startServer } from '../../local/engines/start-server.ts';
import { CORPUS_OPTIONS, type CorpusFile, corpusFor, loadCorpusFile } from '../corpus/load.ts';
import { everyday } from '../functions/engine-server.ts';
import { temporaryFolder } from '../local/temporary-folder.ts';
import { type Laptop, startLaptop } from './laptop.ts';

/** What format `sql` refuses before it starts, on which servers; all else must go there and back. */
const REFUSED: Readonly<Record<string, { readonly code: string; readonly on: readonly string[] }>> = {
  '15_events_delimiter': { code: 'event_delimiter', on: ['mariadb-10.11', 'mariadb-11.8', 'mysql-9.7'] },
  '10_identifiers_db_quotes': { code: 'name_not_dumpable', on: ['mariadb-10.11', 'mariadb-11.8'] },
};
const read = async (server: RunningServer, schemas: readonly string[], losses: readonly KnownLoss[]) => {
  const connection = await connectToRead({ socketPath: server.socket, user: 'root' });
  const content = await readServerContent(connection, schemas, losses);
  await connection.close();
  return content;
};

const dropSchemas = async (server: RunningServer, schemas: readonly string[]): Promise<void> => {
  const connection = await server.connect();
  for (const schema of schemas) {
    await connection.query(`DROP DATABASE IF EXISTS \`${schema.replaceAll('`', '``')}\``);
  }
  await connection.end();
};

describe.each(everyday('mariadb-11.8', 'mysql-9.7', 'mariadb-10.11'))('the corpus on %s', (engine) => {
  let laptop: Laptop;
  let server: RunningServer;
  const files = corpusFor(engine);
  const isRefused = ({ theme }: CorpusFile) => REFUSED[theme]?.on.includes(engine) ?? false;
  const carried = files.filter((file) => !isRefused(file));

  beforeAll(async () => {
    laptop = await startLaptop();
    server = await startServer({
      engine: await obtainEngine(engine),
      dataFolder: temporaryFolder(),
      options: [...CORPUS_OPTIONS],
    });
  }, 240_000);
  afterAll(async () => {
    await server?.kill();
    await laptop?.cloud.stop();
  });

  const onlyWith = async (these: readonly CorpusFile[]): Promise<string> => {
    await dropSchemas(
      server,
      files.flatMap((file) => file.schemas),
    );
    for (const file of these) await loadCorpusFile(server, file);
    return laptop.register(server, 'all');
  };

  it('comes back exactly, but for the losses that are listed', async () => {
    const databaseId = await onlyWith(carried);
    const backup = await laptop.backUp(databaseId, { format: 'sql' });
    expect(backup.failure).toBeUndefined();
    expect(backup).toMatchObject({ state: 'completed', reread: true });
    const schemas = carried.flatMap((file) => file.schemas);
    expect(backup.schemas.map(({ name }: { name: string }) => name).sort()).toEqual([...schemas].sort());

    const before = await read(server, schemas, backup.losses);
    await dropSchemas(server, schemas);
    const restore = await laptop.restore(backup.id, { databaseId });
    expect(restore.failure).toBeUndefined();
    expect(restore).toMatchObject({ state: 'completed' });

    const after = await read(server, schemas, backup.losses);
    expect(await compareContents(before, after)).toEqual([]);
    expect(before.rows.length).toBeGreaterThan(50);
  }, 600_000);

  it.each(files.filter(isRefused))(
    'refuses $theme before it starts',
    async (file) => {
      const databaseId = await onlyWith([file]);
      const { code } = REFUSED[file.theme] ?? {};
      expect(await laptop.backUp(databaseId, { format: 'sql' })).toMatchObject({
        state: 'failed',
        failure: { code },
      });
    },
    60_000,
  );
});
