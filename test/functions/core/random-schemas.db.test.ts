/** Schemas that nobody has thought of, from one server back into it, by whole runs. */
import fc from 'fast-check';
import { type Query, quoteName } from '../../../functions/engine/connection.ts';
import type { Loss } from '../../../functions/engine/contents.ts';
import { compareContents } from '../../../local/compare/compare-contents.ts';
import { connectToRead, type ReadConnection } from '../../../local/compare/connect.ts';
import { readServerContent } from '../../../local/compare/read-content.ts';
import { randomSchema } from '../../fixtures/random-schemas.ts';
import { openRunScene } from '../../fixtures/run-scene.ts';
import { type EngineServer, START_MS, startEngineServer } from '../engine-server.ts';

const IS_FULL = process.env.SAFEBASE_FULL === '1';
const RUNS = IS_FULL ? 40 : 4;
const ENGINES = IS_FULL
  ? (['mariadb-10.11', 'mariadb-11.8', 'mysql-9.7'] as const)
  : (['mariadb-11.8', 'mysql-9.7'] as const);

describe.each(ENGINES)('random schemas of %s', (engine) => {
  let server: EngineServer;
  let comparer: ReadConnection;
  beforeAll(async () => {
    server = await startEngineServer(engine, ['--local-infile=1']);
    comparer = await connectToRead({ socketPath: server.server.socket, user: 'root' });
    await server.query('SET NAMES utf8mb4');
    await server.query("SET sql_mode = 'NO_AUTO_VALUE_ON_ZERO,ALLOW_INVALID_DATES'");
  }, START_MS);
  afterAll(async () => {
    await comparer?.close();
    await server?.stop();
  });

  it('come back exactly from a backup in format parallel', async () => {
    const product = engine === 'mysql-9.7' ? 'mysql' : 'mariadb';
    await fc.assert(
      fc.asyncProperty(randomSchema(product), async ({ schema, statements }) => {
        const { query } = server;
        await make(query, schema, statements);
        const scene = openRunScene();
        const databaseId = await scene.register(server, schema);
        const backup = await scene.backUp(server, databaseId, 'parallel');
        expect(backup).toMatchObject({ state: 'completed' });
        if (backup === undefined) return;
        // MySQL shows such members in rows alone: where no row holds one, nobody can tell what it is.
        expect(backup.losses?.filter(({ kind }) => kind !== 'default_beyond_bmp')).toEqual([]);
        const losses = backup.losses?.map((loss): Loss => ({ ...loss, kind: 'enum_beyond_bmp' })) ?? [];
        const before = await readServerContent(comparer, [schema], losses);
        await query(`DROP DATABASE ${quoteName(schema)}`);
        const restore = await scene.restore(server, backup.id, databaseId);
        expect(restore?.failure).toBeUndefined();
        const after = await readServerContent(comparer, [schema], losses);
        expect(await compareContents(before, after)).toEqual([]);
        await query(`DROP DATABASE ${quoteName(schema)}`);
      }),
      { numRuns: RUNS, seed: 11, endOnFailure: true },
    );
  }, 1_200_000);
});

async function make(query: Query, schema: string, statements: readonly string[]): Promise<void> {
  await query(`DROP DATABASE IF EXISTS ${quoteName(schema)}`);
  await query(`CREATE DATABASE ${quoteName(schema)}`);
  await query(`USE ${quoteName(schema)}`);
  for (const statement of statements)
    await query(statement).catch((cause: unknown) => {
      throw new Error(`the server does not take: ${statement}`, { cause });
    });
}
