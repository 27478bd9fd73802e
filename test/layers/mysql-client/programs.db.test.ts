import { once } from 'node:events';
import { closeSync, fstatSync, mkdtempSync, openSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { RowDataPacket } from 'mysql2/promise';
import { buildLayer } from '../../../layers/mysql-client/build.ts';
import type { LayerArchitecture } from '../../../layers/mysql-client/contents.ts';
import { layerStatus } from '../../../layers/mysql-client/status.ts';
import { makeServerCertificate } from '../../../local/engines/certificate.ts';
import { obtainEngine } from '../../../local/engines/obtain-engine.ts';
import { type RunningServer, startServer } from '../../../local/engines/start-server.ts';
import { machineLayer } from '../../../local/set-up/prepare.ts';
import { waitUntil } from '../../local/wait-until.ts';
import { type BareRoot, makeBareRoot } from './bare-root.ts';
import { obtainEmulator } from './emulator.ts';

const SET_UP_MS = 15 * 60_000;
const TEST_MS = 60_000;
const ROWS = 500;
const MEBIBYTE = 1_048_576;
/** More than what MySQL's dump tool writes by itself before the rows. */
const HEADER_BYTES = 4096;

const SERVERS = [
  { engine: 'mariadb-10.11', maker: 'mariadb', dump: 'mariadb-dump', logins: ['ed25519'] },
  { engine: 'mariadb-11.8', maker: 'mariadb', dump: 'mariadb-dump', logins: ['ed25519', 'parsec'] },
  { engine: 'mysql-9.7', maker: 'mysql', dump: 'mysqldump', logins: ['caching_sha2_password'] },
] as const;

const TLS = {
  mariadb: (ca: string) => ['--ssl', `--ssl-ca=${ca}`, '--ssl-verify-server-cert'],
  mysql: (ca: string) => ['--ssl-mode=VERIFY_IDENTITY', `--ssl-ca=${ca}`],
};

const FLAGS = {
  mariadb: ['--single-transaction'],
  mysql: ['--single-transaction', '--set-gtid-purged=OFF'],
};

const own = machineLayer();
const other: LayerArchitecture = own === 'x86_64' ? 'arm64' : 'x86_64';
const emulator = await obtainEmulator(other).catch((error: unknown) => {
  console.warn(`NOT RUN: the layer for ${other}, because there is no emulator here: ${error}`);
  return undefined;
});

const CASES = [own, other].flatMap((architecture) => SERVERS.map((server) => ({ architecture, ...server })));
const describeRunnable = (architecture: LayerArchitecture) =>
  architecture === own || emulator !== undefined ? describe : describe.skip;

for (const { architecture, engine, maker, dump, logins } of CASES)
  describeRunnable(architecture)(`the layer for ${architecture} alone, with a server ${engine}`, () => {
    let layer: BareRoot;
    let folder: string;
    let server: RunningServer;
    let ca: string;

    beforeAll(async () => {
      await buildLayer(architecture);
      layer = makeBareRoot(layerStatus(architecture).folder, architecture === own ? undefined : emulator);
      folder = mkdtempSync(join(tmpdir(), 'safebase-layer-'));
      server = await startServer({ engine: await obtainEngine(engine), dataFolder: folder });
      ca = layer.write('ca.pem', readFileSync(server.caFile, 'utf8'));
      await query('CREATE DATABASE source; CREATE DATABASE target;');
      await query('CREATE TABLE source.words (id INT PRIMARY KEY, word VARCHAR(40) CHARACTER SET utf8mb4)');
      const rows = Array.from({ length: ROWS }, (_, index) => `(${index}, 'wörd 😀 ${index}')`);
      await query(`INSERT INTO source.words VALUES ${rows.join()}`);
    }, SET_UP_MS);
    afterAll(async () => {
      layer.remove();
      await server.stop();
      rmSync(folder, { recursive: true });
    });

    async function query(sql: string): Promise<RowDataPacket[]> {
      const connection = await server.connect();
      const [rows] = await connection.query<RowDataPacket[]>(sql);
      await connection.end();
      return rows;
    }

    /** The options that every call begins with; the password stands in a file. */
    function options({
      host = 'localhost',
      user = server.admin.user,
      password = server.admin.password,
      authority = ca,
    } = {}) {
      const file = layer.write('client.cnf', `[client]\nuser=${user}\npassword=${password}\n`);
      const plugins = `--plugin-dir=/opt/mysql-client/${maker}/plugin`;
      const where = ['--protocol=tcp', `--host=${host}`, `--port=${server.port}`];
      return [`--defaults-file=${file}`, plugins, ...where, ...TLS[maker](authority)];
    }

    it(
      'dumps rows over verified TLS, and loads them again',
      async () => {
        const text = '--default-character-set=utf8mb4';
        const flags = [...FLAGS[maker], '--skip-extended-insert', text];
        const dumped = await layer.run(maker, dump, [...options(), ...flags, 'source']);
        expect(dumped).toMatchObject({ exitCode: 0, errorOutput: '' });
        expect(dumped.output.match(/^INSERT INTO `words`/gm)).toHaveLength(ROWS);
        expect(dumped.output).toMatch(/-- Dump completed on .*\n$/);
        const load = [...options(), text, '--binary-mode', 'target'];
        expect(await layer.run(maker, maker, load, dumped.output)).toMatchObject({
          exitCode: 0,
          errorOutput: '',
        });
        const lost = 'SELECT id, HEX(word) FROM source.words EXCEPT SELECT id, HEX(word) FROM target.words';
        expect(await query(lost)).toEqual([]);
        expect(await query('SELECT COUNT(*) AS n FROM target.words')).toMatchObject([{ n: ROWS }]);
      },
      TEST_MS,
    );

    it(
      'dumps a mebibyte at once: one that waits before its second has given the first and no more',
      async () => {
        // The server holds back the last row, when nearly two mebibytes have gone to the program.
        const rows = Array.from({ length: 1900 }, (_, id) => `(${id}, REPEAT('x', 1024))`);
        await query(`CREATE DATABASE wide; CREATE TABLE wide.words (id INT PRIMARY KEY, word TEXT);
          INSERT INTO wide.words VALUES ${rows.join()}, (1900, 'last')`);
        const holder = await server.connect();
        await holder.query("SELECT GET_LOCK('last', 0)");
        const until = '--where=id < 1900 OR GET_LOCK(word, 60)';
        const file = join(folder, 'wide.sql');
        const output = openSync(file, 'w');
        const program = layer.startInto(output, maker, dump, [...options(), ...FLAGS[maker], until, 'wide']);
        const ended = once(program, 'exit');
        // Not a moment earlier: a file grows page by page, also in one write.
        await waitUntil(() => fstatSync(output).size >= MEBIBYTE, 'the dump has written a mebibyte');
        expect(fstatSync(output).size).toBeLessThan(MEBIBYTE + HEADER_BYTES);
        await holder.query("DO RELEASE_LOCK('last')");
        expect(await ended).toEqual([0, null]);
        closeSync(output);
        expect(readFileSync(file, 'utf8')).toMatch(/\(1900,'last'\);\n(.*\n)*-- Dump completed on .*\n$/);
        await holder.end();
      },
      TEST_MS,
    );

    it('uses TLS 1.3', async () => {
      const shown = await layer.run(maker, maker, [...options(), '-e', "SHOW STATUS LIKE 'Ssl_version'"]);
      expect(shown).toMatchObject({ exitCode: 0, output: expect.stringContaining('TLSv1.3') });
    });

    it.each([
      ['another authority', () => ({ authority: layer.write('other.pem', makeServerCertificate().ca) })],
      ['public authorities alone', () => ({ authority: '/opt/mysql-client/ca/bundle.pem' })],
      ['another name', () => ({ host: 'elsewhere.example' })],
    ])(
      'refuses the server under %s',
      async (_, wish) => {
        for (const [program, rest] of [
          [maker, ['-e', 'SELECT 1']],
          [dump, ['source']],
        ] as const) {
          const { exitCode, output, errorOutput } = await layer.run(maker, program, [
            ...options(wish()),
            ...rest,
          ]);
          expect(exitCode).not.toBe(0);
          expect(output).not.toMatch(/^1$|INSERT/m);
          expect(errorOutput).toMatch(/certificate|verif|SSL|TLS/i);
        }
      },
      TEST_MS,
    );

    it('knows the name only because the certificate has it: the other one is reached as well', async () => {
      // A MariaDB client with an authority looks at the name, whatever else it is told.
      const unverified = { mariadb: ['--skip-ssl'], mysql: ['--ssl-mode=REQUIRED'] };
      const args = [...options({ host: 'elsewhere.example' }), ...unverified[maker], '-e', 'SELECT 1'];
      expect(await layer.run(maker, maker, args)).toMatchObject({ exitCode: 0, output: '1\n1\n' });
    });

    it.each(logins)('logs in with %s', async (login) => {
      await createAccount(login);
      const args = [...options({ user: 'visitor', password: 'a secret' }), '-e', 'SELECT CURRENT_USER()'];
      expect(await layer.run(maker, maker, args)).toMatchObject({
        exitCode: 0,
        output: expect.stringContaining('visitor@%'),
      });
      const wrong = [...options({ user: 'visitor', password: 'no secret' }), '-e', 'SELECT 1'];
      expect((await layer.run(maker, maker, wrong)).exitCode).not.toBe(0);
    });

    async function createAccount(login: string): Promise<void> {
      await query("DROP USER IF EXISTS visitor@'%'");
      if (maker === 'mysql') {
        await query(`CREATE USER visitor@'%' IDENTIFIED WITH ${login} BY 'a secret'`);
      } else {
        await query(`INSTALL SONAME 'auth_${login}'`);
        await query(`CREATE USER visitor@'%' IDENTIFIED VIA ${login} USING PASSWORD('a secret')`);
      }
    }
  });
