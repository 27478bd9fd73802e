import { quoteName, type SqlRow } from '../../../../functions/engine/connection.ts';
import { readRowTables } from '../../../../functions/engine/rows/read-row-tables.ts';
import type { RowTable } from '../../../../functions/engine/rows/table-rows.ts';
import { compareContents } from '../../../../local/compare/compare-contents.ts';
import { connectToRead } from '../../../../local/compare/connect.ts';
import type { KnownLoss } from '../../../../local/compare/content.ts';
import { readServerContent } from '../../../../local/compare/read-content.ts';
import type { EngineName } from '../../../../local/engines/packages.ts';
import { corpusFor, loadCorpusFile } from '../../../corpus/load.ts';
import { type KeptRows, putRows, type RowServer, startRowServer, takeRows } from './row-server.ts';

const fullName = ({ schema, name }: RowTable): string => `${quoteName(schema)}.${quoteName(name)}`;

/** What no way out and in can carry; a longer list needs a reason. */
const LOSSES: Readonly<Record<string, readonly KnownLoss[]>> = {
  '05_json_mysql': [{ kind: 'json_opaque', schema: 'fid_json', object: 'j', column: 'doc' }],
  '17_trx_versioned': [{ kind: 'history', schema: 'fid_trxversioned', object: 'tv' }],
};

async function empty({ admin }: RowServer, table: RowTable): Promise<void> {
  const name = fullName(table);
  // Versioned tables know no TRUNCATE, and ARCHIVE of MySQL neither of the two.
  await admin
    .query(`TRUNCATE TABLE ${name}`)
    .catch(() => admin.query(`DELETE FROM ${name}`))
    .catch(() => makeAnew(admin, name));
  if (table.period) await admin.query(`DELETE HISTORY FROM ${name}`);
  const past = table.period ? ' FOR SYSTEM_TIME ALL' : '';
  const [left] = await admin.query(`SELECT COUNT(*) AS n FROM ${name}${past}`);
  if (left?.n !== '0') throw new Error(`${name} keeps ${left?.n} rows`);
}

async function makeAnew({ query }: RowServer['admin'], name: string): Promise<void> {
  const [made] = await query(`SHOW CREATE TABLE ${name}`);
  await query(`DROP TABLE ${name}`);
  const definition = (made?.['create table'] ?? '').replace(/ AUTO_INCREMENT=\d+/, '');
  await query(definition.replace(/^CREATE TABLE `(?:[^`]|``)+`/, `CREATE TABLE ${name}`));
}

async function dropTriggers({ admin }: RowServer, schema: string): Promise<void> {
  const triggers: readonly SqlRow[] = await admin.query(
    'SELECT TRIGGER_NAME AS name FROM information_schema.TRIGGERS WHERE TRIGGER_SCHEMA = ?',
    [schema],
  );
  for (const { name } of triggers)
    await admin.query(`DROP TRIGGER ${quoteName(schema)}.${quoteName(name ?? '')}`);
}

/** The same files go out and in again with all that belongs to them in `test/end-to-end/parallel.db.test.ts`. */
const ENGINES: readonly EngineName[] =
  process.env.SAFEBASE_FULL === '1' ? ['mariadb-10.11', 'mariadb-11.8', 'mysql-9.7'] : ['mariadb-10.11'];

describe.each(ENGINES)('the rows of the corpus on %s', (engine) => {
  let server: RowServer;
  beforeAll(async () => {
    server = await startRowServer(engine);
    await server.admin.query('SET foreign_key_checks = 0');
  }, 120_000);
  afterAll(() => server?.stop());

  it.each(corpusFor(engine).map((file) => [file.theme, file] as const))(
    'come back exactly: %s',
    async (theme, file) => {
      const losses = LOSSES[theme] ?? [];
      await loadCorpusFile(server.server, file);
      const comparer = await connectToRead({ socketPath: server.server.socket, user: 'root' });
      try {
        for (const schema of file.schemas) await dropTriggers(server, schema);
        const before = await readServerContent(comparer, file.schemas, losses);
        const tables = (
          await Promise.all(file.schemas.map((schema) => readRowTables(server.admin.query, schema)))
        ).flat();
        const kept = new Map<RowTable, KeptRows>();
        for (const table of tables) kept.set(table, await takeRows(server, table));
        for (const table of tables) await empty(server, table);
        for (const [table, rows] of kept) await putRows(server, table, rows);
        const after = await readServerContent(comparer, file.schemas, losses);
        const differences = await compareContents(before, after);
        expect(differences.filter(({ what }) => what === 'rows')).toEqual([]);
        for (const [table, { proof }] of kept) {
          // JSON with a DECIMAL comes back as other text.
          const isLost = losses.some(({ kind, object }) => kind === 'json_opaque' && object === table.name);
          if (!isLost) expect((await takeRows(server, table)).proof).toEqual(proof);
        }
      } finally {
        await comparer.close();
      }
    },
    120_000,
  );
});
