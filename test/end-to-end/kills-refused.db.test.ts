import { makeServerCertificate } from '../../local/engines/certificate.ts';
import { obtainEngine } from '../../local/engines/obtain-engine.ts';
import { type RunningServer, startServer } from '../../local/engines/start-server.ts';
import { cuttableProxy } from '../functions/engine/test-database.ts';
import { temporaryFolder } from '../local/temporary-folder.ts';
import { type Laptop, startLaptop } from './laptop.ts';

const START_MS = 240_000;
const TEST_MS = 120_000;

const SECRETS = 'arn:aws:secretsmanager:us-east-1:123456789012';
const SHOP = [
  'CREATE DATABASE shop',
  'USE shop',
  'CREATE TABLE t (id INT PRIMARY KEY, bytes LONGBLOB)',
  "INSERT INTO t VALUES (1, REPEAT('x', 1000))",
  'CREATE TRIGGER tr BEFORE INSERT ON t FOR EACH ROW SET @x = 1',
  'CREATE PROCEDURE p() SELECT 1',
  'CREATE FUNCTION f() RETURNS INT DETERMINISTIC RETURN 1',
  'CREATE EVENT e ON SCHEDULE EVERY 1 YEAR DO SET @x = 1',
];

let laptop: Laptop;
beforeAll(async () => {
  laptop = await startLaptop();
}, START_MS);
afterAll(() => laptop?.cloud.stop());

describe.each(['mariadb-11.8', 'mysql-9.7'] as const)('a run that cannot work on %s says why', (engine) => {
  let server: RunningServer;
  let elsewhere: Awaited<ReturnType<typeof cuttableProxy>>;

  beforeAll(async () => {
    const options = ['--log-bin-trust-function-creators=ON'];
    server = await startServer({
      engine: await obtainEngine(engine),
      dataFolder: temporaryFolder(),
      options,
    });
    await asRoot(SHOP);
    elsewhere = await cuttableProxy(server.port, '127.0.0.2');
  }, START_MS);
  afterAll(async () => {
    elsewhere?.cut();
    await server?.kill();
  });

  const asRoot = async (statements: readonly string[]): Promise<void> => {
    const root = await server.connect();
    for (const statement of statements) await root.query(statement);
    await root.end();
  };
  const good = () => ({ username: server.admin.user, password: server.admin.password });

  it.each([
    [
      'a wrong password',
      () => ({ backupCredentials: { ...good(), password: 'wrong' } }),
      'credentials_rejected',
      /PUT \/databases/,
    ],
    ['a host that is not there', () => ({ host: 'no-such-host.invalid' }), 'host_unknown', /spelling/],
    ['a port where nobody listens', () => ({ port: 1 }), 'connection_refused', /security group/],
    [
      'a certificate for another name',
      () => ({ host: '127.0.0.2', port: elsewhere.port }),
      'tls_failed',
      /tls\.ca/,
    ],
    ['a certificate of an unknown CA', () => ({ tls: { mode: 'verify' } }), 'tls_failed', /tls\.ca/],
    [
      'a certificate of another CA',
      () => ({ tls: { mode: 'verify', ca: makeServerCertificate().ca } }),
      'tls_failed',
      /tls\.ca/,
    ],
    ['a schema that is not there', () => ({ schemas: ['nowhere'] }), 'schema_unknown', /schema names/],
    [
      'a secret that is not there',
      () => ({ backupCredentials: { secretArn: `${SECRETS}:secret:gone-AbCdEf` } }),
      'secret_unusable',
      /username and password/,
    ],
  ] as const)(
    'with %s',
    async (_, change, code, hint) => {
      const databaseId = await laptop.register(server, ['shop'], change());
      const backup = await laptop.backUp(databaseId);
      expect([backup.state, backup.failure]).toEqual([
        'failed',
        { code, reason: expect.any(String), hint: expect.stringMatching(hint) },
      ]);
    },
    TEST_MS,
  );

  it.each([
    ['TRIGGER', ['SELECT', 'SHOW VIEW', 'EVENT']],
    ['EVENT', ['SELECT', 'SHOW VIEW', 'TRIGGER']],
    ['ROUTINE', ['SELECT', 'SHOW VIEW', 'TRIGGER', 'EVENT']],
    ['SHOW VIEW', ['SELECT', 'TRIGGER', 'EVENT']],
  ])(
    'without the right %s, and works after the GRANT of its hint',
    async (right, rights) => {
      const username = `no_${right.replace(' ', '_').toLowerCase()}`;
      await asRoot([
        `CREATE USER ${username} IDENTIFIED BY 'p'`,
        `GRANT ${rights.join(', ')} ON shop.* TO ${username}`,
      ]);
      const databaseId = await laptop.register(server, ['shop'], {
        backupCredentials: { username, password: 'p' },
      });
      const refused = await laptop.backUp(databaseId);
      expect(refused).toMatchObject({ state: 'failed', failure: { code: 'insufficient_privileges' } });
      const grants: string[] = refused.failure.hint.match(/GRANT [^;]+(?=;)/g);
      expect(grants.join()).toContain(right);
      await asRoot(grants);
      const backup = await laptop.backUp(databaseId);
      expect(backup.failure).toBeUndefined();
      expect(backup.schemas).toMatchObject([
        { counts: { tables: 1, triggers: 1, procedures: 1, functions: 1, events: 1 } },
      ]);
    },
    TEST_MS,
  );

  it(
    'without a right of the target, before it touches anything, and works after the GRANT',
    async () => {
      await asRoot(["CREATE USER loader IDENTIFIED BY 'p'"]);
      const databaseId = await laptop.register(server, ['shop'], {
        restoreCredentials: { username: 'loader', password: 'p' },
      });
      const { id } = await laptop.backUp(databaseId);
      const order = { databaseId, schemas: { shop: 'copy' } };
      const refused = await laptop.restore(id, order);
      expect(refused).toMatchObject({ state: 'failed', failure: { code: 'insufficient_privileges' } });
      expect(refused.restored ?? []).toEqual([]);
      await asRoot(refused.failure.hint.match(/GRANT [^;]+(?=;)/g));
      const restore = await laptop.restore(id, order);
      expect(restore.failure).toBeUndefined();
      expect(restore).toMatchObject({
        state: 'completed',
        restored: [{ target: 'copy', state: 'restored' }],
      });
    },
    TEST_MS,
  );

  it(
    'with a disk of the target that is full',
    async () => {
      const databaseId = await laptop.register(server, ['big']);
      await asRoot([
        'CREATE DATABASE big',
        'CREATE TABLE big.t (bytes LONGBLOB) ENGINE=MyISAM',
        "INSERT INTO big.t VALUES (REPEAT('x', 100000)), (REPEAT('y', 100000))",
        // From now on new tables of this engine find no place behind 64 KB; InnoDB with a full tablespace says the
        // same (1114), but MariaDB 11.8 then crashes.
        'SET GLOBAL myisam_data_pointer_size = 2',
      ]);
      const { id } = await laptop.backUp(databaseId);
      const restore = await laptop.restore(id, { databaseId, schemas: { big: 'second' } });
      expect([restore.state, restore.failure]).toEqual([
        'failed',
        { code: 'disk_full', reason: expect.any(String), hint: expect.stringMatching(/Free space/) },
      ]);
      expect(restore.restored).toMatchObject([{ target: 'second', state: 'partial' }]);
    },
    TEST_MS,
  );
});

it(
  'a run without a way to the secret store says so',
  async () => {
    const settings = { AWS_ENDPOINT_URL_SECRETS_MANAGER: 'http://127.0.0.1:1' };
    const cutOff = await startLaptop({ settings });
    try {
      const { body } = await cutOff.api('POST', '/databases', {
        name: 'x',
        host: 'localhost',
        backupCredentials: { username: 'u', password: 'p' },
      });
      const backup = await cutOff.backUp(body.id);
      expect(backup).toMatchObject({ state: 'failed', failure: { code: 'secrets_unreachable' } });
      expect(backup.failure.hint).toMatch(/endpoint or NAT/);
    } finally {
      await cutOff.cloud.stop();
    }
  },
  START_MS,
);
