/** The shell lines of docs/backup-format.md, run as they stand there, in the place of SafeBase. */

import { readFileSync } from 'node:fs';
import { mkdir, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { GetObjectCommand, ListObjectsV2Command } from '@aws-sdk/client-s3';
import { runProgram } from '../../layers/run-program.ts';
import { compareContents } from '../../local/compare/compare-contents.ts';
import { connectToRead } from '../../local/compare/connect.ts';
import { readServerContent } from '../../local/compare/read-content.ts';
import { obtainEngine } from '../../local/engines/obtain-engine.ts';
import { type RunningServer, startServer } from '../../local/engines/start-server.ts';
import { CORPUS_OPTIONS, corpusFor, loadCorpusFile } from '../corpus/load.ts';
import { type Laptop, startLaptop } from '../end-to-end/laptop.ts';
import { operatorS3 } from '../end-to-end/operator.ts';
import { obtainPrograms, shellWord, writeProgram } from '../fixtures/debian-programs.ts';
import { HAND_PROGRAMS } from '../fixtures/hand-programs.ts';
import { everyday } from '../functions/engine-server.ts';
import { temporaryFolder } from '../local/temporary-folder.ts';

const TEST_MS = 300_000;

/** Hundreds of programs are started for each. */
const ENGINES = everyday('mariadb-11.8', 'mysql-9.7', 'mariadb-10.11');

const FORMATS = process.env.SAFEBASE_FULL === '1' ? (['sql', 'parallel'] as const) : (['parallel'] as const);

/** What cannot be listed by name, what format `sql` does not back up, and what the page says to mend or to load twice. */
const NOT_IN_SQL = [
  '10_identifiers',
  '10_identifiers_db_quotes',
  '11_views',
  '15_events_delimiter',
  '28_engines_mysql',
];

/** The blocks of shell lines under a heading, up to the next heading. */
function linesUnder(heading: string): string[] {
  const text = readFileSync('docs/backup-format.md', 'utf8');
  const begin = text.indexOf(`\n${heading}\n`);
  if (begin < 0) throw new Error(`docs/backup-format.md has no ${heading}`);
  const [section = ''] = text.slice(begin + heading.length + 2).split(/^##/m);
  return [...section.matchAll(/^```sh\n(.*?)^```$/gms)].map(([, lines = '']) => lines);
}

describe.each(ENGINES)('restoring by hand to %s', (engine) => {
  let laptop: Laptop;
  let server: RunningServer;
  const files = corpusFor(engine);

  beforeAll(async () => {
    laptop = await startLaptop();
    server = await startServer({
      engine: await obtainEngine(engine),
      dataFolder: temporaryFolder(),
      options: [...CORPUS_OPTIONS, '--local-infile=1'],
    });
    for (const file of files) await loadCorpusFile(server, file);
  }, 240_000);
  afterAll(async () => {
    await server?.kill();
    await laptop?.cloud.stop();
  });

  /** The objects of the bucket as files, which the `aws` of `programs` copies. */
  const bucketAsFiles = async (backupId: string, folder: string): Promise<string> => {
    const s3 = operatorS3(laptop.cloud);
    try {
      const Bucket = laptop.cloud.stack.buckets[0]?.name ?? '';
      const { Contents = [] } = await s3.send(new ListObjectsV2Command({ Bucket, Prefix: 'databases/' }));
      const keys = Contents.map(({ Key = '' }) => Key).filter((key) => key.includes(`/${backupId}/`));
      for (const Key of keys) {
        const { Body } = await s3.send(new GetObjectCommand({ Bucket, Key }));
        await mkdir(dirname(join(folder, Key)), { recursive: true });
        await writeFile(join(folder, Key), (await Body?.transformToByteArray()) ?? '');
      }
      return dirname(keys.find((key) => key.endsWith('/manifest.json')) ?? '');
    } finally {
      s3.destroy();
    }
  };

  /** What stands on PATH of whoever restores: the client finds its account in a file. */
  const programs = async (bucket: string): Promise<string> => {
    const folder = temporaryFolder();
    const { maker, client } = server.engine;
    const start = [...client, '--no-defaults', '--user=root', `--socket=${server.socket}`];
    await writeProgram(folder, maker, `exec ${start.map(shellWord).join(' ')} "$@"`);
    const object = `${shellWord(bucket)}/"\${3#s3://a-bucket/}"`;
    await writeProgram(folder, 'aws', `[ "$1 $2" = 's3 cp' ] && cp ${object} "$4"`);
    return `${folder}:${await obtainPrograms('by-hand', HAND_PROGRAMS)}`;
  };

  it.each(FORMATS)(
    'brings a backup in format %s back as it was',
    async (format) => {
      const named = files.filter((file) => format === 'parallel' || !NOT_IN_SQL.includes(file.theme));
      const schemas = named.flatMap((file) => file.schemas);
      const databaseId = await laptop.register(server, format === 'parallel' ? 'all' : schemas);
      const backup = await laptop.backUp(databaseId, { format });
      expect(backup.failure).toBeUndefined();
      expect(backup).toMatchObject({ state: 'completed' });
      const read = async () => {
        const connection = await connectToRead({ socketPath: server.socket, user: 'root' });
        try {
          return await readServerContent(connection, schemas, backup.losses);
        } finally {
          await connection.close();
        }
      };
      const before = await read();
      const connection = await server.connect();
      for (const name of schemas) await connection.query(`DROP DATABASE \`${name.replaceAll('`', '``')}\``);
      await connection.end();

      expect(await laptop.cloud.invoke('sign', {})).toMatchObject({ failed: 0 });
      const bucket = temporaryFolder();
      const folder = await bucketAsFiles(backup.id, bucket);
      const [fillIn = '', ...toLookAt] = linesUnder('## Restoring by hand');
      expect(fillIn).toMatch(/^bucket=BUCKET\nbackup=\S+\nclient=mariadb\n$/);
      const script = [
        `bucket=a-bucket\nbackup=${folder}\nclient=${server.engine.maker}\n`,
        ...toLookAt,
        ...linesUnder(`### Format \`${format}\``),
      ].join('');
      const told = await runProgram({
        command: 'bash',
        arguments: ['-c', script],
        folder: temporaryFolder(),
        environment: { ...process.env, PATH: `${await programs(bucket)}:${process.env.PATH}` },
      });
      expect(told).toContain('Verified OK');
      expect(await compareContents(before, await read())).toEqual([]);
    },
    TEST_MS,
  );
});
