import { readGrants } from '../../../../functions/engine/catalogue/grants.ts';
import { readServer } from '../../../../functions/engine/catalogue/server.ts';
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
