import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import type { Connection } from 'mysql2/promise';
import { obtainEngine } from '../../local/engines/obtain-engine.ts';
import { type RunningServer, startServer } from '../../local/engines/start-server.ts';

const root = resolve(import.meta.dirname, '../..');

interface Started {
  readonly child: ChildProcess;
  /** What it has printed until now. */
  readonly printed: () => string;
  readonly ended: Promise<number | null>;
}

function start(...parameters: string[]): Started {
  const child = spawn(process.execPath, ['local/main.ts', ...parameters], { cwd: root });
  let text = '';
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk: Buffer) => (text += chunk));
  const ended = once(child, 'close').then(() => child.exitCode);
  return { child, printed: () => text, ended };
}

/** Waits until a text is printed. */
async function until(started: Started, text: string): Promise<void> {
  while (!started.printed().includes(text)) {
    if (started.child.exitCode !== null) throw new Error(started.printed());
    await Promise.race([once(started.child.stdout ?? started.child, 'data'), started.ended]);
  }
}

describe('npm start', () => {
  let folder: string;
  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), 'safebase-main-'));
  });
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  const verdict = /^SafeBase: backup and restore identical \(14 tables, \d+ rows, \d+ MB\)$/m;

  it('runs the main job, serves, stops on Ctrl-C, and goes on from there at the next start', async () => {
    const common = ['--data-folder', join(folder, 'state'), '--size', '2'];
    const first = start(...common);
    await until(first, 'curl -H');
    expect(first.printed()).toMatch(verdict);
    const tokenFile = join(folder, 'state/administrator-token');
    expect(statSync(tokenFile).mode & 0o777).toBe(0o600);
    const token = readFileSync(tokenFile, 'utf8').trim();
    expect(first.printed()).not.toContain(token);
    const api = /http:\/\/127\.0\.0\.1:\d+/.exec(first.printed())?.[0];
    const listed = await fetch(`${api}/backup`, { headers: { authorization: `Bearer ${token}` } });
    expect(await listed.json()).toMatchObject({ items: [{ state: 'completed', losses: [] }] });
    first.child.kill('SIGINT');
    expect(await first.ended).toBe(0);

    const second = start(...common, '--once');
    expect(await second.ended).toBe(0);
    expect(second.printed().trimEnd().split('\n').at(-1)).toMatch(verdict);
    expect(second.printed()).toContain('the sample shop of the last run');
    expect(readFileSync(tokenFile, 'utf8').trim()).toBe(token);
  }, 180_000);

  describe.each(['mariadb-10.11', 'mysql-9.7'] as const)('with a database of the user on %s', (engine) => {
    let server: RunningServer;
    let connection: Connection;

    beforeAll(async () => {
      server = await startServer({ engine: await obtainEngine(engine), dataFolder: join(folder, engine) });
      connection = await server.connect();
      await connection.query(
        `CREATE DATABASE own CHARACTER SET utf8mb4; CREATE TABLE own.t (id INT AUTO_INCREMENT PRIMARY KEY, f FLOAT);
         INSERT INTO own.t (f) VALUES (1), (16777216);
         CREATE TABLE own.gone (id INT); CREATE VIEW own.broken AS SELECT id FROM own.gone; DROP TABLE own.gone`,
      );
      writeFileSync(join(folder, 'password'), server.admin.password, { mode: 0o600 });
    }, 120_000);
    afterAll(async () => {
      await connection?.end();
      await server?.kill();
    });

    const startOwn = (): Started =>
      start(
        '--once',
        ...['--data-folder', join(folder, 'state')],
        ...['--database', `mysql://${server.admin.user}@127.0.0.1:${server.port}/own`],
        ...['--password-file', join(folder, 'password'), '--tls-ca', server.caFile],
      );

    it('restores it to a server of its kind and tells what the backup cannot carry', async () => {
      const started = startOwn();
      expect(await started.ended).toBe(0);
      const text = started.printed();
      expect(text).toContain('own.broken: ');
      expect(text).toMatch(engine === 'mysql-9.7' ? /copy to +MySQL 9/ : /copy to +MariaDB 10\.11/);
      expect(text.trimEnd()).toMatch(/^SafeBase: backup and restore identical \(1 tables, 2 rows, 0 MB\)$/m);
      expect(text).not.toContain(server.admin.password);
    }, 120_000);

    it('exits with 1 where the copy is not what the source is by now', async () => {
      const started = startOwn();
      while (started.child.exitCode === null) {
        await connection.query('INSERT INTO own.t (f) VALUES (1)');
        await Promise.race([pause(20), started.ended]);
      }
      expect(await started.ended).toBe(1);
      expect(started.printed()).toContain('own.t: rows');
      expect(started.printed()).not.toContain('identical');
    }, 120_000);
  });

  it('exits with 2 and a hint where it is called wrongly', async () => {
    const wrong = start('--colour', 'red');
    expect(await wrong.ended).toBe(2);
    expect(wrong.printed()).toContain('HINT: npm start -- --help');
  }, 30_000);

  it('exits with 1 and a hint where the port is taken', async () => {
    const other = createServer().listen(0, '127.0.0.1');
    await once(other, 'listening');
    const address = other.address();
    const port = String(typeof address === 'object' ? address?.port : '');
    const late = start('--once', '--port', port, '--data-folder', join(folder, 'late'));
    expect(await late.ended).toBe(1);
    expect(late.printed()).toContain(`port ${port} is taken`);
    other.close();
  }, 120_000);
});
