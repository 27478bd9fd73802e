import { missingForBackup } from '../../../../functions/engine/catalogue/backup-rights.ts';
import { type Grants, readGrants } from '../../../../functions/engine/catalogue/grants.ts';
import { countObjects } from '../../../../functions/engine/catalogue/object-counts.ts';
import {
  missingForRestore,
  readDefinerAccounts,
} from '../../../../functions/engine/catalogue/restore-rights.ts';
import { readServer, type Server } from '../../../../functions/engine/catalogue/server.ts';
import type { Query } from '../../../../functions/engine/connection.ts';
import { SafeBaseError } from '../../../../functions/errors.ts';
import { ENGINES, type EngineServer, START_MS, startEngineServer } from '../../engine-server.ts';

/** Makes one object of every kind, whose names begin with a prefix. */
const makeObjects = (schema: string, prefix = '', definer = 'CURRENT_USER'): readonly string[] => [
  `CREATE TABLE ${schema}.${prefix}t (id INT PRIMARY KEY)`,
  `CREATE DEFINER=${definer} VIEW ${schema}.${prefix}v AS SELECT id FROM ${schema}.${prefix}t`,
  `CREATE DEFINER=${definer} TRIGGER ${schema}.${prefix}tr BEFORE INSERT ON ${schema}.${prefix}t FOR EACH ROW SET @x = 1`,
  `CREATE DEFINER=${definer} PROCEDURE ${schema}.${prefix}p() SELECT 1`,
  `CREATE DEFINER=${definer} FUNCTION ${schema}.${prefix}f() RETURNS INT DETERMINISTIC RETURN 1`,
  `CREATE DEFINER=${definer} EVENT ${schema}.${prefix}e ON SCHEDULE EVERY 1 YEAR DO SET @x = 1`,
];

describe.each(ENGINES)('rights on %s', (engine) => {
  let own: EngineServer;
  let described: Server;
  beforeAll(async () => {
    own = await startEngineServer(engine, ['--log-bin=binlog', '--server-id=1']);
    described = await readServer(own.query);
    for (const schema of ['my_shop', 'my_shop2', 'other']) {
      for (const statement of [`CREATE DATABASE ${schema}`, ...makeObjects(schema)])
        await own.query(statement);
    }
  }, START_MS);
  afterAll(() => own.stop());

  const onMysql = engine === 'mysql-9.7' ? it : it.skip;
  const missing = async (query: Query, all = false): Promise<readonly string[]> =>
    missingForBackup({
      server: described,
      grants: await readGrants(query, described),
      schemas: ['my_shop', 'my_shop2'],
      all,
    });

  it('that are said to be missing for a backup are enough: the account then sees all there is', async () => {
    await own.freshAccount('dumper');
    const before = await own.as('dumper');
    expect(await countObjects(before.query, 'my_shop')).toMatchObject({
      triggers: 0,
      events: 0,
      procedures: 0,
    });
    const statements = await missing(before.query, true);
    expect(statements.length).toBeGreaterThan(2);
    for (const statement of statements) await own.query(statement);
    const after = await own.as('dumper');
    expect(await missing(after.query, true)).toEqual([]);
    const everything = await countObjects(own.query, 'my_shop');
    expect(everything).toMatchObject({
      tables: 1,
      views: 1,
      triggers: 1,
      procedures: 1,
      functions: 1,
      events: 1,
    });
    expect(await countObjects(after.query, 'my_shop')).toEqual(everything);
    for (const routine of ['PROCEDURE `my_shop`.`p`', 'FUNCTION `my_shop`.`f`']) {
      const [shown] = await after.query(`SHOW CREATE ${routine}`);
      expect(Object.values(shown ?? {}).join()).toMatch(/SELECT 1|RETURN 1/);
    }
    expect(await countObjects(after.query, 'other')).toMatchObject({ tables: 0, triggers: 0 });
  });

  it('are each asked for by itself when it alone is gone', async () => {
    await own.freshAccount('dumper');
    for (const statement of await missing((await own.as('dumper')).query)) await own.query(statement);
    for (const right of ['SELECT', 'SHOW VIEW', 'TRIGGER', 'EVENT']) {
      const name = described.literalGrantNames ? '`my_shop`' : '`my\\_shop`';
      await own.query(`REVOKE ${right} ON ${name}.* FROM dumper@'%'`);
      const session = await own.as('dumper');
      expect(await missing(session.query)).toEqual([`GRANT ${right} ON ${name}.* TO \`dumper\`@\`%\``]);
      await own.query(`GRANT ${right} ON ${name}.* TO dumper@'%'`);
    }
  });

  it('of a pattern are added to, not hidden by a grant on the schema alone', async () => {
    await own.freshAccount('dumper');
    await own.query("GRANT SELECT, INSERT ON `my%`.* TO dumper@'%'");
    for (const statement of await missing((await own.as('dumper')).query)) await own.query(statement);
    const session = await own.as('dumper');
    expect(await missing(session.query)).toEqual([]);
    await session.query('INSERT INTO my_shop2.t VALUES (1)');
    expect(await countObjects(session.query, 'my_shop')).toEqual(await countObjects(own.query, 'my_shop'));
  });

  it('of roles count where the role is active after login, and only there', async () => {
    await own.freshAccount('dumper');
    await own.query('CREATE ROLE reader');
    for (const statement of await missing((await own.as('dumper')).query)) {
      await own.query(statement.replace('`dumper`@`%`', 'reader'));
    }
    await own.query("GRANT reader TO dumper@'%'");
    expect((await missing((await own.as('dumper')).query)).length).toBeGreaterThan(0);
    const toUser = described.info.product === 'mysql' ? 'TO' : 'FOR';
    await own.query(`SET DEFAULT ROLE reader ${toUser} dumper@'%'`);
    const session = await own.as('dumper');
    expect(await missing(session.query)).toEqual([]);
    expect(await countObjects(session.query, 'my_shop')).toEqual(await countObjects(own.query, 'my_shop'));
    await own.query('DROP ROLE reader');
  });

  it('are read for an account whose name needs quotes', async () => {
    await own.freshAccount("o'b``r");
    const session = await own.as("o'b`r");
    const grants = await readGrants(session.query, described);
    expect([grants.account, grants.accountName]).toEqual(["`o'b``r`@`%`", "o'b`r@%"]);
    await own.query(`GRANT SHOW DATABASES ON *.* TO ${grants.account}`);
    const again = await readGrants((await own.as("o'b`r")).query, described);
    expect(again.holdsOnServer('SHOW DATABASES')).toBe(true);
  });

  it('that are said to be missing for a restore are enough to make every kind of object', async () => {
    const contents = {
      counts: await countObjects(own.query, 'my_shop'),
      definers: ['app@%', 'gone@%', 'loader@%'],
    };
    await own.freshAccount('app');
    await own.freshAccount('loader');
    const wanted = async (grants: Grants, query: Query): Promise<readonly string[]> =>
      missingForRestore({
        server: await readServer(query),
        grants,
        target: 'copy',
        contents,
        definers: await readDefinerAccounts(query, described, contents.definers),
      });
    const before = await own.as('loader');
    const statements = await wanted(await readGrants(before.query, described), before.query);
    expect(statements.join()).toMatch(/log_bin_trust_function_creators/);
    for (const statement of statements) await own.query(statement);
    const session = await own.as('loader');
    expect(await wanted(await readGrants(session.query, described), session.query)).toEqual([]);
    const made = [...makeObjects('copy', 'a_', "app@'%'"), ...makeObjects('copy', 'g_', "gone@'%'")];
    for (const statement of ['CREATE DATABASE copy', ...made]) await session.query(statement);
    expect(await countObjects(session.query, 'copy')).toMatchObject({
      triggers: 2,
      functions: 2,
      events: 2,
      views: 2,
    });
    await session.query('DROP DATABASE copy');
    await own.query('SET GLOBAL log_bin_trust_function_creators = 0');
  });

  onMysql('over definers depend on what the target knows of them', async () => {
    await own.freshAccount('app');
    const names = ['app@%', 'gone@%', 'root@localhost'];
    expect(await readDefinerAccounts(own.query, described, names)).toEqual([
      { name: 'app@%', exists: true, isSystemUser: false },
      { name: 'gone@%', exists: false, isSystemUser: false },
      { name: 'root@localhost', exists: true, isSystemUser: true },
    ]);
    await own.freshAccount('blind');
    const [told] = await readDefinerAccounts((await own.as('blind')).query, described, ['app@%']);
    expect(told).toEqual({ name: 'app@%', exists: undefined, isSystemUser: undefined });
  });

  onMysql('that are partly revoked count as revoked', async () => {
    await own.query('SET GLOBAL partial_revokes = ON');
    await own.freshAccount('partial');
    await own.query("GRANT SELECT, SHOW VIEW, TRIGGER, EVENT ON *.* TO partial@'%'");
    await own.query("REVOKE EVENT ON my_shop.* FROM partial@'%'");
    const session = await own.as('partial');
    const server = await readServer(session.query);
    const grants = await readGrants(session.query, server);
    const lacking = missingForBackup({ server, grants, schemas: ['my_shop', 'my_shop2'], all: true });
    expect(lacking).toEqual(['GRANT EVENT ON `my_shop`.* TO `partial`@`%`']);
    await own.query(lacking[0] ?? '');
    const after = await readGrants((await own.as('partial')).query, server);
    expect(missingForBackup({ server, grants: after, schemas: ['my_shop'], all: true })).toEqual([]);
    await own.query('DROP USER partial');
    await own.query('SET GLOBAL partial_revokes = OFF');
  });

  it('that cannot be read stop the run', async () => {
    const strange: Query = async (sql) => (sql === 'SHOW GRANTS' ? [{ grants: 'DENY ALL' }] : own.query(sql));
    await expect(readGrants(strange, described)).rejects.toBeInstanceOf(SafeBaseError);
    await expect(readGrants(strange, described)).rejects.toMatchObject({ code: 'insufficient_privileges' });
  });
});
