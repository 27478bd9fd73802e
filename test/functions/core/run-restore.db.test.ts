/** What a restore in format `parallel` says of rows that are not those of the backup, however they came to be others. */
import { createHash } from 'node:crypto';
import { zstdCompressSync } from 'node:zlib';
import { sumOfChunks } from '../../../functions/core/check-stored.ts';
import type { BackupId } from '../../../functions/core/ids.ts';
import type { ParallelManifest, StoredTable } from '../../../functions/core/manifest.ts';
import { parseManifest } from '../../../functions/core/parse-manifest.ts';
import type { SqlConnector } from '../../../functions/core/ports.ts';
import type { Backup } from '../../../functions/core/run.ts';
import { LinesProof } from '../../../functions/engine/parallel/lines-proof.ts';
import type { EngineName } from '../../../local/engines/packages.ts';
import { openRunScene, type RunScene } from '../../fixtures/run-scene.ts';
import { type EngineServer, START_MS, startEngineServer } from '../engine-server.ts';

const TEST_MS = 60_000;

const servers = new Map<EngineName, EngineServer>();
async function serverOf(engine: EngineName): Promise<EngineServer> {
  const logs = ['--log-bin=binlog', '--server-id=1'];
  const gtid = engine === 'mysql-9.7' ? ['--gtid-mode=ON', '--enforce-gtid-consistency=ON'] : [];
  const server =
    servers.get(engine) ?? (await startEngineServer(engine, ['--local-infile=1', ...logs, ...gtid]));
  servers.set(engine, server);
  return server;
}
beforeAll(async () => {
  for (const engine of ['mariadb-10.11', 'mariadb-11.8', 'mysql-9.7'] as const) await serverOf(engine);
}, START_MS);
afterAll(async () => {
  for (const server of servers.values()) await server.stop();
});

/** A backup of a little shop, which is gone afterwards. */
async function backedUp(scene: RunScene, server: EngineServer): Promise<Backup> {
  for (const statement of [
    'DROP DATABASE IF EXISTS shop',
    'CREATE DATABASE shop',
    'CREATE TABLE shop.items (id INT PRIMARY KEY, price DOUBLE, at DATETIME DEFAULT CURRENT_TIMESTAMP ON UPDATE CURRENT_TIMESTAMP)',
    'CREATE TABLE shop.orders (id INT)',
    "INSERT INTO shop.items VALUES (1, 0, '2026-01-01'), (2, 2.5, '2026-01-01')",
    'INSERT INTO shop.orders VALUES (1), (1)',
    "CREATE EVENT shop.later ON SCHEDULE AT '2037-01-01' DO DELETE FROM shop.items",
  ])
    await server.query(statement);
  const databaseId = await scene.register(server, 'shop');
  const backup = await scene.backUp(server, databaseId, 'parallel');
  await server.query('DROP DATABASE shop');
  if (backup?.state !== 'completed') throw new Error(`no backup: ${JSON.stringify(backup)}`);
  return backup;
}

/** Does something when the rows that were loaded are to be compared, before they are. */
const beforeComparing = (connector: SqlConnector, work: () => Promise<unknown>): SqlConnector => ({
  ...connector,
  openRows: async (to) => {
    await work();
    return connector.openRows(to);
  },
});

const eventsOf = async ({ query }: EngineServer) =>
  (await query("SELECT STATUS AS status FROM information_schema.EVENTS WHERE EVENT_SCHEMA = 'shop'")).map(
    ({ status }) => status,
  );

describe.each(['mariadb-11.8', 'mysql-9.7'] as const)('a restore to %s', (engine) => {
  it(
    'is whole while nobody changes what it has loaded',
    async () => {
      const scene = openRunScene();
      const server = await serverOf(engine);
      const backup = await backedUp(scene, server);
      let compared = 0;
      const connector = beforeComparing(server.connector, async () => {
        compared += 1;
      });
      const restore = await scene.restore(server, backup.id, backup.databaseId, connector);
      expect(restore).toMatchObject({ state: 'completed', restored: [{ state: 'restored' }] });
      expect(compared).toBe(1);
      expect(await eventsOf(server)).toEqual(['ENABLED']);
    },
    TEST_MS,
  );

  it.each([
    ['a value', 'UPDATE shop.items SET price = 2.5000000000000004 WHERE id = 2', 'items', 2],
    ['a row more', 'INSERT INTO shop.orders VALUES (1)', 'orders', 3],
    ['a row less', 'DELETE FROM shop.orders LIMIT 1', 'orders', 1],
    ['another row in the place of one', 'UPDATE shop.orders SET id = 2 LIMIT 1', 'orders', 2],
  ])(
    'fails and names the table where there is %s between load and comparison',
    async (_, change, name, rows) => {
      const scene = openRunScene();
      const server = await serverOf(engine);
      const backup = await backedUp(scene, server);
      const connector = beforeComparing(server.connector, () => server.query(change));
      const restore = await scene.restore(server, backup.id, backup.databaseId, connector);
      expect(restore).toMatchObject({
        state: 'failed',
        failure: {
          code: 'content_differs',
          reason: expect.stringContaining(`shop.${name}`),
          hint: expect.stringContaining('restored tells'),
        },
        restored: [{ target: 'shop', state: 'partial' }],
      });
      const { tables = [] } = restore?.restored?.[0] ?? {};
      const others = { items: { rows: 2, content: 'same' }, orders: { rows: 2, content: 'same' } };
      const wanted = { ...others, [name]: { rows, content: 'differs' } };
      expect(Object.fromEntries(tables.map(({ name: of, ...told }) => [of, told]))).toEqual(wanted);
      // Nothing runs on what is not the backup.
      expect(await eventsOf(server)).not.toContain('ENABLED');
    },
    TEST_MS,
  );
});

/** An account of the server with some rights, and the way to the server by it. */
async function asOwner(server: EngineServer, ...rights: readonly string[]): Promise<EngineServer> {
  const password = 'An-0rdinary-pw';
  await server.query("DROP USER IF EXISTS owner@'%'");
  await server.query(`CREATE USER owner@'%' IDENTIFIED BY '${password}'`);
  for (const right of rights) await server.query(`GRANT ${right} TO owner@'%'`);
  const endpoint: EngineServer['endpoint'] = (change) =>
    server.endpoint({ username: 'owner', password, ...change });
  return { ...server, endpoint };
}

function idOf(backup: Backup | undefined): BackupId {
  if (backup?.state !== 'completed') throw new Error(`no backup: ${JSON.stringify(backup)}`);
  return backup.id;
}

/** What stopped other tools half-way, with exit code 0 or in the middle of a table. */
describe('where others stop half-way', () => {
  it.each(['sql', 'parallel'] as const)(
    'a backup in format %s of a server that counts its transactions says what it lacks, then needs no more',
    async (format) => {
      const scene = openRunScene();
      const server = await serverOf('mysql-9.7');
      await backedUp(scene, server);
      await server.query('CREATE DATABASE shop');
      await server.query('CREATE TABLE shop.items (id INT PRIMARY KEY)');
      const owner = await asOwner(server, 'SELECT ON shop.*');
      const databaseId = await scene.register(owner, 'shop');
      const before = scene.objects.stored.size;
      const refused = await scene.backUp(owner, databaseId, format);
      expect(refused).toMatchObject({ state: 'failed', failure: { code: 'insufficient_privileges' } });
      expect(scene.objects.stored.size).toBe(before);
      const [, cure = ''] = /Run as an administrator: (.*);$/.exec(refused?.failure?.hint ?? '') ?? [];
      for (const statement of cure.split('; ')) await server.query(statement);
      expect(await scene.backUp(owner, databaseId, format)).toMatchObject({ state: 'completed' });
      await server.query('DROP DATABASE shop');
    },
    TEST_MS,
  );

  it.each(
    (['mariadb-11.8', 'mysql-9.7'] as const).flatMap((engine) =>
      (['sql', 'parallel'] as const).map((format) => [engine, format] as const),
    ),
  )(
    'a restore to %s in format %s by the owner of a schema is refused before it writes, where its triggers would be',
    async (engine, format) => {
      const scene = openRunScene();
      const server = await serverOf(engine);
      await server.query('DROP DATABASE IF EXISTS shop');
      const owner = await asOwner(server, 'ALL ON shop.*');
      await server.query('CREATE DATABASE shop');
      await server.query('CREATE TABLE shop.items (id INT PRIMARY KEY)');
      await server.query(
        "CREATE DEFINER=owner@'%' TRIGGER shop.counted BEFORE INSERT ON shop.items FOR EACH ROW SET @n = 1",
      );
      const backup = await scene.backUp(server, await scene.register(server, 'shop'), format);
      await server.query('DROP TABLE shop.items');
      const restore = await scene.restore(owner, idOf(backup), await scene.register(owner, 'shop'));
      expect(restore).toMatchObject({
        state: 'failed',
        failure: {
          code: 'insufficient_privileges',
          hint: expect.stringContaining('SET GLOBAL log_bin_trust_function_creators = 1;'),
        },
      });
      expect(await server.query('SHOW TABLES FROM shop')).toEqual([]);
    },
    TEST_MS,
  );

  it.each([
    ['mysql-9.7', 'mariadb-10.11', 'the backup is of mysql and the target is mariadb'],
    ['mariadb-10.11', 'mysql-9.7', 'the backup is of mariadb and the target is mysql'],
    ['mariadb-11.8', 'mariadb-10.11', /the backup is of version 11\.8.* and the target of 10\.11/],
  ] as const)(
    'a restore of %s to %s is refused before it writes',
    async (from, to, reason) => {
      const scene = openRunScene();
      const backup = await backedUp(scene, await serverOf(from));
      const target = await serverOf(to);
      await target.query('DROP DATABASE IF EXISTS shop');
      const restore = await scene.restore(target, backup.id, await scene.register(target, 'shop'));
      expect(restore).toMatchObject({ state: 'failed', failure: { code: 'target_too_old' } });
      expect(restore?.failure?.reason).toMatch(reason);
      expect(restore?.failure?.hint).not.toBe('');
      expect(await target.query("SHOW DATABASES LIKE 'shop'")).toEqual([]);
    },
    TEST_MS,
  );
});

describe('a target without a collation of the backup', () => {
  it.each(['mariadb-10.11', 'mysql-9.7'] as const)(
    'on %s is found before what stands there is dropped',
    async (engine) => {
      const scene = openRunScene();
      const server = await serverOf(engine);
      const backup = await backedUp(scene, server);
      await retell(scene, backup, (manifest) => ({
        ...manifest,
        schemas: manifest.schemas.map((schema) => ({ ...schema, collation: 'utf8mb4_of_ours_ci' })),
      }));
      const restore = await scene.restore(server, backup.id, backup.databaseId);
      expect(restore).toMatchObject({
        state: 'failed',
        failure: { code: 'collation_unknown', reason: expect.stringContaining('utf8mb4_of_ours_ci') },
        restored: [{ state: 'untouched' }],
      });
      expect(restore?.failure?.reason).not.toContain('general_ci');
      expect(await server.query("SHOW DATABASES LIKE 'shop'")).toEqual([]);
    },
    TEST_MS,
  );
});

/** Puts another manifest in the place of that of a backup. */
function retell(
  scene: RunScene,
  backup: Backup,
  change: (manifest: ParallelManifest) => ParallelManifest,
): Promise<Backup> {
  const { key = '', versionId = '' } = backup.manifest ?? {};
  const { stored } = scene.objects;
  const manifest = parseManifest(key, stored.get(`${key} ${versionId}`) ?? Buffer.alloc(0));
  if (manifest.format !== 'parallel') throw new Error('it is in another format');
  const body = Buffer.from(JSON.stringify(change(manifest)));
  stored.set(`${key} ${versionId}`, body);
  const { id, fence } = backup;
  const isRetold = { state: 'completed', manifest: { key, versionId, sha256: sha256(body) } } as const;
  return scene.backups.transition(id, { from: ['completed'], fence }, isRetold);
}

/** Puts another text in the place of the rows of a table, as if the source had held that. */
function retold(scene: RunScene, backup: Backup, name: string, text: string): Promise<Backup> {
  const { stored } = scene.objects;
  const retoldTable = (table: StoredTable): StoredTable => {
    const [chunk] = table.chunks;
    if (table.name !== name || chunk === undefined) return table;
    const proof = new LinesProof();
    proof.take(Buffer.from(text));
    const { bytes: textBytes, ...told } = proof.end();
    const body = zstdCompressSync(Buffer.from(text));
    stored.set(`${chunk.key} ${chunk.versionId}`, body);
    const file = { sizeBytes: body.length, sha256: sha256(body) };
    const chunks = [{ ...chunk, ...told, ...file, textBytes, parts: [{ number: 1, ...file }] }];
    return { ...table, ...sumOfChunks(chunks), chunks };
  };
  return retell(scene, backup, (manifest) => ({
    ...manifest,
    schemas: manifest.schemas.map((schema) => ({ ...schema, tables: schema.tables.map(retoldTable) })),
  }));
}
const sha256 = (body: Buffer): string => createHash('sha256').update(body).digest('hex');

describe('a backup of MariaDB 10.11 that holds -0', () => {
  const NEGATIVE = '1\t-0\t2026-01-01 00:00:00\n2\t2.5\t2026-01-01 00:00:00\n';
  const AS_STORED = NEGATIVE.replace('-0', '0');

  it.each([
    ['fails, as the server makes it 0', NEGATIVE, 'failed', 'differs'],
    ['ends well where it holds 0', AS_STORED, 'completed', 'same'],
  ] as const)(
    'restored to MariaDB 11.8 %s',
    async (_, text, state, content) => {
      const scene = openRunScene();
      const source = await serverOf('mariadb-10.11');
      const target = await serverOf('mariadb-11.8');
      const backup = await backedUp(scene, source);
      await retold(scene, backup, 'items', text);
      await target.query('DROP DATABASE IF EXISTS shop');
      const databaseId = await scene.register(target, 'shop');
      const restore = await scene.restore(target, backup.id, databaseId);
      expect(restore).toMatchObject({
        state,
        ...(state === 'failed' && {
          failure: { code: 'content_differs', reason: expect.stringMatching(/stand in shop.items$/) },
        }),
        restored: [
          {
            tables: [
              { name: 'items', rows: 2, content },
              { name: 'orders', content: 'same' },
            ],
          },
        ],
      });
    },
    TEST_MS,
  );
});
