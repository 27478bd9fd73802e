import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { createConnection, type RowDataPacket } from 'mysql2/promise';
import { makeServerCertificate } from '../../../local/engines/certificate.ts';
import { obtainEngine } from '../../../local/engines/obtain-engine.ts';
import { ENGINE_SOURCES, type EngineName } from '../../../local/engines/packages.ts';
import { type RunningServer, startServer } from '../../../local/engines/start-server.ts';

const SET_UP_MS = 15 * 60_000;
const START_MS = 120_000;
const engines = Object.keys(ENGINE_SOURCES) as EngineName[];

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'safebase-server-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

describe.each(engines)(
  'a server %s',
  (name) => {
    let server: RunningServer;
    beforeAll(async () => {
      folder = mkdtempSync(join(tmpdir(), 'safebase-server-'));
      server = await startServer({ engine: await obtainEngine(name), dataFolder: join(folder, 'own') });
    }, SET_UP_MS);
    afterAll(() => server.stop());

    const logIn = (wish: { host?: string; user?: string; password?: string; ca?: string }) =>
      createConnection({
        host: wish.host ?? 'localhost',
        port: server.port,
        user: wish.user ?? server.admin.user,
        password: wish.password ?? server.admin.password,
        ssl: { ca: wish.ca ?? readFileSync(server.caFile, 'utf8'), verifyIdentity: true },
      });

    it('lets the administrator in over verified TLS, by name and by address', async () => {
      for (const host of ['localhost', '127.0.0.1']) {
        const connection = await logIn({ host });
        const [rows] = await connection.query<RowDataPacket[]>("SHOW STATUS LIKE 'Ssl_cipher'");
        expect(rows[0]?.Value).toMatch(/^TLS_/);
        await connection.end();
      }
    });

    it('cannot be mistaken for another server', async () => {
      await expect(logIn({ ca: makeServerCertificate().ca })).rejects.toThrow(/certificate/i);
    });

    it('lets root in over the socket only, and nobody with a wrong password', async () => {
      const root = await server.connect();
      await root.end();
      await expect(logIn({ user: 'root', password: '' })).rejects.toMatchObject({
        code: 'ER_ACCESS_DENIED_ERROR',
      });
      await expect(logIn({ password: 'wrong' })).rejects.toMatchObject({ code: 'ER_ACCESS_DENIED_ERROR' });
    });

    it('is of the version that its name says, with events off', async () => {
      const root = await server.connect();
      const [rows] = await root.query<RowDataPacket[]>(
        'SELECT version() AS version, @@event_scheduler AS events',
      );
      await root.end();
      expect(rows[0]?.events).toBe('OFF');
      expect(rows[0]?.version).toContain(server.engine.version.split('-')[0]);
      if (name.startsWith('mariadb'))
        expect(rows[0]?.version).toMatch(new RegExp(`^${name.slice(8)}\\.\\d+-MariaDB`));
    });
  },
  START_MS,
);

describe('startServer', () => {
  it(
    'keeps databases, administrator and authority over a restart, with the password in a private file',
    async () => {
      const wish = { engine: await obtainEngine('mariadb-10.11'), dataFolder: folder, eventScheduler: true };
      const first = await startServer(wish);
      await query(first, 'CREATE DATABASE kept');
      const authority = readFileSync(first.caFile, 'utf8');
      await first.stop();
      const second = await startServer(wish);
      expect(await query(second, "SHOW DATABASES LIKE 'kept'")).toHaveLength(1);
      expect(await query(second, "SELECT 1 FROM DUAL WHERE @@event_scheduler = 'ON'")).toHaveLength(1);
      expect(second.admin).toEqual(first.admin);
      expect(readFileSync(second.caFile, 'utf8')).toBe(authority);
      await second.stop();
      const file = join(folder, 'admin-password');
      expect(statSync(file).mode & 0o777).toBe(0o600);
      expect(readFileSync(file, 'utf8').trim()).toBe(first.admin.password);
      expect(statSync(folder).mode & 0o077).toBe(0);
    },
    START_MS,
  );

  it(
    'starts where the path of the socket would be too long',
    async () => {
      const dataFolder = join(folder, 'long'.repeat(30));
      const server = await startServer({ engine: await obtainEngine('mariadb-10.11'), dataFolder });
      expect(Buffer.byteLength(server.socket)).toBeLessThan(108);
      await server.kill();
      expect(() => statSync(join(server.socket, '..'))).toThrow('ENOENT');
    },
    START_MS,
  );

  it(
    'says why a server did not start',
    async () => {
      const engine = await obtainEngine('mariadb-10.11');
      const wish = { engine, dataFolder: folder, options: ['--no-such-option'] };
      await expect(startServer(wish)).rejects.toMatchObject({
        name: 'SetUpError',
        message: expect.stringContaining("unknown option '--no-such-option'"),
        hint: expect.stringContaining('server.log'),
      });
    },
    START_MS,
  );

  it(
    'says when the wanted port is taken, and takes a free one when none is wanted',
    async () => {
      const engine = await obtainEngine('mariadb-10.11');
      const first = await startServer({ engine, dataFolder: join(folder, 'one') });
      const second = startServer({ engine, dataFolder: join(folder, 'two'), port: first.port });
      await expect(second).rejects.toThrow('Address already in use');
      await first.stop();
    },
    START_MS,
  );

  it(
    'leaves no server behind when its process is killed',
    async () => {
      await obtainEngine('mariadb-10.11');
      const parent = startParent(folder);
      const [line] = await once(parent.stdout, 'data');
      const pid = Number(String(line));
      expect(isAlive(pid)).toBe(true);
      parent.kill('SIGKILL');
      const deadline = Date.now() + 20_000;
      while (isAlive(pid) && Date.now() < deadline) await pause(50);
      expect(isAlive(pid)).toBe(false);
    },
    START_MS,
  );

  it(
    'does not keep its process alive',
    async () => {
      await obtainEngine('mariadb-10.11');
      const parent = startParent(folder, 'setImmediate(() => undefined)');
      const [line] = await once(parent.stdout, 'data');
      const [exitCode] = await once(parent, 'exit');
      expect(exitCode).toBe(0);
      const deadline = Date.now() + 20_000;
      while (isAlive(Number(String(line))) && Date.now() < deadline) await pause(50);
      expect(isAlive(Number(String(line)))).toBe(false);
    },
    START_MS,
  );
});

async function query(server: RunningServer, sql: string): Promise<RowDataPacket[]> {
  const connection = await server.connect();
  const [rows] = await connection.query<RowDataPacket[]>(sql);
  await connection.end();
  return rows;
}

/** A process that starts a server, prints its process id and then lives for ever or does what it is told. */
function startParent(dataFolder: string, then = 'setInterval(() => undefined, 1000)') {
  const source = join(import.meta.dirname, '../../../local/engines');
  const script = `
    import { obtainEngine } from ${JSON.stringify(join(source, 'obtain-engine.ts'))};
    import { startServer } from ${JSON.stringify(join(source, 'start-server.ts'))};
    const engine = await obtainEngine('mariadb-10.11');
    console.log((await startServer({ engine, dataFolder: ${JSON.stringify(dataFolder)} })).pid);
    ${then};`;
  return spawn(process.execPath, ['--input-type=module-typescript', '-e', script], {
    env: { ...process.env, NODE_OPTIONS: '' },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
}

function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
}
