import { readGrants } from '../../../../functions/engine/catalogue/grants.ts';
import { readServer } from '../../../../functions/engine/catalogue/server.ts';
import { refuseUnknownCollations } from '../../../../functions/engine/catalogue/unknown-collations.ts';
import { refuseUnknownModes } from '../../../../functions/engine/catalogue/unknown-modes.ts';
import { refuseUnmetNeeds } from '../../../../functions/engine/catalogue/unmet-needs.ts';
import { quoteName } from '../../../../functions/engine/connection.ts';
import type { OutsideNeed } from '../../../../functions/engine/sql/format-sql.ts';
import { ENGINES, type EngineServer, START_MS, startEngineServer } from '../../engine-server.ts';

const need = (right: OutsideNeed['right'], table = 'people'): OutsideNeed => ({
  by: 'view `v`',
  schema: 'c`rm',
  table,
  right,
});
const PEOPLE = '`c``rm`.`people`';

describe.each(ENGINES)('what a restore needs of other schemas of %s', (engine) => {
  let server: EngineServer;
  beforeAll(async () => {
    server = await startEngineServer(engine);
    await server.query('CREATE DATABASE shop');
    await server.query(`CREATE DATABASE ${quoteName('c`rm')}`);
    await server.query(`CREATE TABLE ${PEOPLE} (id INT PRIMARY KEY)`);
  }, START_MS);
  afterAll(() => server?.stop());

  /** Asks as an account that has all rights on its own schema and these more. */
  async function ask(grants: readonly string[], needs: readonly OutsideNeed[]): Promise<void> {
    await server.freshAccount('restorer');
    await server.query("GRANT ALL ON shop.* TO restorer@'%'");
    for (const grant of grants) await server.query(grant);
    const { query } = await server.as('restorer');
    const rights = await readGrants(query, await readServer(query));
    await refuseUnmetNeeds(query, rights, needs);
    // What the look promises: the statements that need it run.
    await query('USE shop');
    await query(`CREATE OR REPLACE VIEW v AS SELECT id FROM ${PEOPLE}`);
    await query('DROP TABLE IF EXISTS child');
    await query(`CREATE TABLE child (id INT, FOREIGN KEY (id) REFERENCES ${PEOPLE} (id))`);
  }

  it('names the collations that it does not know, and takes older names and those of other character sets', async () => {
    const known = ['utf8mb4_bin', 'latin1_swedish_ci', 'utf8mb3_general_ci'];
    await expect(refuseUnknownCollations(server.query, known)).resolves.toBeUndefined();
    // Newer MariaDB takes what MySQL calls its own.
    const others = { 'mysql-9.7': 'uca1400_ai_ci', 'mariadb-10.11': 'utf8mb4_0900_ai_ci' };
    const other = { 'mariadb-11.8': 'latin1_of_nobody_ci', ...others }[engine];
    await expect(refuseUnknownCollations(server.query, [...known, other])).rejects.toMatchObject({
      code: 'collation_unknown',
      details: { collations: [other] },
    });
  });

  it('names the modes that it does not know', async () => {
    const { query, close } = await server.connector.connect(server.endpoint());
    const known = ['', 'STRICT_ALL_TABLES,ANSI_QUOTES', 'NO_BACKSLASH_ESCAPES'];
    await expect(refuseUnknownModes(query, known)).resolves.toBeUndefined();
    const other = engine === 'mysql-9.7' ? 'NO_AUTO_CREATE_USER' : 'TIME_TRUNCATE_FRACTIONAL';
    await expect(refuseUnknownModes(query, [...known, other])).rejects.toMatchObject({
      code: 'sql_mode_unknown',
      details: { modes: [other] },
    });
    await close();
  });

  it('names each right that is missing, and is content when these are granted', async () => {
    const needs = [need('SELECT'), need('SELECT'), need('REFERENCES')];
    const wanted = ['SELECT', 'REFERENCES'].map(
      (right) => `GRANT ${right} ON ${PEOPLE} TO \`restorer\`@\`%\``,
    );
    await expect(ask([], needs)).rejects.toMatchObject({
      code: 'insufficient_privileges',
      details: { statements: wanted },
    });
    await ask(wanted, needs);
  });

  it('is content with rights on the whole schema', () =>
    ask(["GRANT SELECT, REFERENCES ON `c``rm`.* TO restorer@'%'"], [need('SELECT'), need('REFERENCES')]));

  it.each([
    ['table', need('SELECT', 'gone')],
    ['schema', { ...need('SELECT'), schema: 'gone' }],
  ])('says which %s the target lacks', async (_, missing) => {
    const grants = ["GRANT SELECT ON *.* TO restorer@'%'"];
    await expect(ask(grants, [missing])).rejects.toMatchObject({
      code: 'outside_missing',
      message: `view \`v\` reads ${missing.schema}.${missing.table}, which the target does not have`,
    });
  });
});
