import { quoteName, type SqlRow } from '../../../../functions/engine/connection.ts';
import { readRowTables } from '../../../../functions/engine/rows/read-row-tables.ts';
import type { RowTable } from '../../../../functions/engine/rows/table-rows.ts';
import { compareContents } from '../../../../local/compare/compare-contents.ts';
import { connectToRead } from '../../../../local/compare/connect.ts';
import { readServerContent } from '../../../../local/compare/read-content.ts';
import { corpusFor, loadCorpusFile } from '../../../corpus/load.ts';
import { type KeptRows, putRows, type RowServer, startRowServer, takeRows } from './row-server.ts';

const fullName = ({ schema, name }: RowTable): string => `${quoteName(schema)}.${quoteName(name)}`;

async function empty({ admin }: RowServer, table: RowTable): Promise<void> {
  const name = fullName(table);
  // Some engines know no DELETE.
  await admin.query(`DELETE FROM ${name}`).catch(() => admin.query(`TRUNCATE TABLE ${name}`));
  if (table.period) await admin.query(`DELETE HISTORY FROM ${name}`);
  const past = table.period ? ' FOR SYSTEM_TIME ALL' : '';
  const [left] = await admin.query(`SELECT COUNT(*) AS n FROM ${name}${past}`);
  if (left?.n !== '0') throw new Error(`${name} keeps ${left?.n} rows`);
}

async function dropTriggers({ admin }: RowServer, schema: string): Promise<void> {
  const triggers: readonly SqlRow[] = await admin.query(
    'SELECT TRIGGER_NAME AS name FROM information_schema.TRIGGERS WHERE TRIGGER_SCHEMA = ?',
    [schema],
  );
  for (const { name } of triggers)
    await admin.query(`DROP TRIGGER ${quoteName(schema)}.${quoteName(name ?? '')}`);
}

describe.each(['mariadb-10.11', 'mariadb-11.8', 'mysql-9.7'] as const)(
  'the rows of the corpus on %s',
  (engine) => {
    let server: RowServer;
    beforeAll(async () => {
      server = await startRowServer(engine);
      await server.admin.query('SET foreign_key_checks = 0');
    }, 120_000);
    afterAll(() => server?.stop());

    it.each(corpusFor(engine).map((file) => [file.theme, file] as const))(
      'come back exactly: %s',
      async (_theme, file) => {
        await loadCorpusFile(server.server, file);
        const comparer = await connectToRead({ socketPath: server.server.socket, user: 'root' });
        try {
          for (const schema of file.schemas) await dropTriggers(server, schema);
          const before = await readServerContent(comparer, file.schemas);
          const tables = (
            await Promise.all(file.schemas.map((schema) => readRowTables(server.admin.query, schema)))
          ).flat();
          const kept = new Map<RowTable, KeptRows>();
          for (const table of tables) kept.set(table, await takeRows(server, table));
          for (const table of tables) await empty(server, table);
          for (const [table, rows] of kept) await putRows(server, table, rows);
          const after = await readServerContent(comparer, file.schemas);
          const differences = await compareContents(before, after);
          expect(differences.filter(({ what }) => what === 'rows')).toEqual([]);
          for (const [table, { proof }] of kept) expect((await takeRows(server, table)).proof).toEqual(proof);
        } finally {
          await comparer.close();
        }
      },
      120_000,
    );
  },
);
