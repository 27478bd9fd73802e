import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import type { Endpoint } from '../../../../functions/engine/connection.ts';
import { CLIENT_PROGRAMS } from '../../../../functions/engine/sql/client-programs.ts';
import { dumpSchema } from '../../../../functions/engine/sql/dump-schema.ts';
import type { DumpInput } from '../../../../functions/engine/sql/format-sql.ts';
import { makeServerCertificate } from '../../../../local/engines/certificate.ts';
import { isAlive, waitUntil } from '../../../local/wait-until.ts';
import {
  childrenOf,
  cuttableProxy,
  dumpInput,
  dumpToStore,
  firstValues,
  makeLargeTable,
  startTestDatabase,
  type TestDatabase,
} from '../test-database.ts';
import { textOf } from './stored-dump.ts';

const START_MS = 10 * 60_000;

/** The text of a whole dump. */
const dump = async (input: DumpInput): Promise<Buffer> => textOf((await dumpToStore(input)).stored);

/** Takes the first part, lets something happen, and takes the rest. */
async function dumpInterrupted(input: DumpInput, interrupt: () => unknown): Promise<void> {
  const { parts, summary } = dumpSchema(input);
  expect((await parts.next()).done).toBe(false);
  await interrupt();
  try {
    for await (const part of parts) expect(part.body.length).toBeGreaterThan(0);
  } finally {
    expect(summary).toThrow('the dump has not ended');
  }
}

describe.each(['mariadb-10.11', 'mariadb-11.8', 'mysql-9.7'] as const)('a dump of %s', (name) => {
  let database: TestDatabase;
  let input: DumpInput;
  beforeAll(async () => {
    database = await startTestDatabase(name);
    await database.root.query('CREATE DATABASE shop');
    await makeLargeTable(database.root, 'shop');
    input = dumpInput(database, 'shop');
  }, START_MS);
  afterAll(() => database.stop(), START_MS);

  const at = (changed: Partial<Endpoint>): DumpInput => ({
    ...input,
    endpoint: { ...input.endpoint, ...changed },
  });
  const tool = () => childrenOf(process.pid, CLIENT_PROGRAMS[database.product].dump);

  it('asks for one snapshot, for no lock of the whole server, and for no place in its log', async () => {
    const { root } = database;
    await root.query("SET GLOBAL log_output = 'TABLE'");
    await root.query('TRUNCATE TABLE mysql.general_log');
    await root.query('SET GLOBAL general_log = 1');
    const text = await dump(input);
    await root.query('SET GLOBAL general_log = 0');
    const sent = await firstValues(
      root,
      "SELECT CONVERT(argument USING utf8mb4) FROM mysql.general_log WHERE command_type IN ('Query', 'Execute')",
    );
    // Version comments hold the word that follows them.
    const statements = sent.map((one) => String(one).replaceAll(/\/\*M?!\d*|\*\//g, ' '));
    const asks = (what: RegExp) => statements.filter((statement) => what.test(statement));
    expect(asks(/^START TRANSACTION.*CONSISTENT SNAPSHOT/s)).toHaveLength(1);
    expect(asks(/\b(?:FLUSH|LOCK TABLES|LOCK INSTANCE|BACKUP STAGE)\b/i)).toEqual([]);
    expect(asks(/\b(?:MASTER|BINARY LOG|BINLOG|REPLICA|SLAVE)\b|gtid_executed|gtid_current_pos/i)).toEqual(
      [],
    );
    expect(
      text.includes('GTID_PURGED') || /CHANGE (?:MASTER|REPLICATION)/.test(text.toString('latin1')),
    ).toBe(false);
  });

  it('is whole, over TLS with the name verified, and over plain text', async () => {
    for (const endpoint of [input.endpoint, { ...input.endpoint, tls: { mode: 'off' as const } }]) {
      const text = (await dump({ ...input, endpoint })).toString('latin1');
      expect(text).toMatch(/^-- (?:MariaDB|MySQL) dump /);
      expect(text).toMatch(/\n-- Dump completed on [^\n]+\n$/);
      expect(text.match(/0x[0-9A-F]{2000}/g)).toHaveLength(2 ** 14);
      expect(text).not.toMatch(/^(?:USE|CREATE DATABASE)/m);
    }
  });

  it.each([
    ['a wrong password', { password: 'wrong"\\#' }, 'credentials_rejected'],
    ['a port where nobody listens', { port: 1 }, 'connection_refused'],
    ['a name that does not exist', { host: 'nowhere.invalid' }, 'host_unknown'],
    ['an unknown CA', { tls: { mode: 'verify', ca: makeServerCertificate().ca } }, 'tls_failed'],
    ['a name that leads to an address that was not checked', { addresses: ['192.0.2.7'] }, 'host_refused'],
  ] as const)('fails with %s', async (_, changed, code) => {
    await expect(dump(at(changed))).rejects.toMatchObject({ code });
  });

  it('fails where the certificate is for another name', async () => {
    const proxy = await cuttableProxy(database.server.port, '127.0.0.2');
    const elsewhere = at({ host: '127.0.0.2', addresses: ['127.0.0.2'], port: proxy.port });
    await expect(dump(elsewhere)).rejects.toMatchObject({ code: 'tls_failed' });
    proxy.cut();
  });

  it('fails with a schema that is not there', async () => {
    await expect(dump({ ...input, schema: 'nowhere' })).rejects.toMatchObject({ code: 'schema_unknown' });
  });

  it('fails without the right to read', async () => {
    await database.root.query("CREATE USER little@'%' IDENTIFIED BY 'p'");
    await database.root.query("GRANT SHOW VIEW, LOCK TABLES ON shop.* TO little@'%'");
    await expect(dump(at({ username: 'little', password: 'p' }))).rejects.toMatchObject({
      code: 'insufficient_privileges',
    });
  });

  it('fails when the tool is killed', async () => {
    const kill = () => process.kill(tool()[0] ?? 0, 'SIGKILL');
    await expect(dumpInterrupted(input, kill)).rejects.toMatchObject({ code: 'dump_killed' });
  });

  it('fails when the server ends the connection', async () => {
    const kill = async () => {
      const [rows] = await database.root.query(
        "SELECT id FROM information_schema.processlist WHERE user = ? AND db = 'shop'",
        [input.endpoint.username],
      );
      const ids = (rows as { id?: number; ID?: number }[]).map((row) => row.id ?? row.ID);
      expect(ids).toHaveLength(1);
      await database.root.query(`KILL ${ids[0]}`);
    };
    await expect(dumpInterrupted(input, kill)).rejects.toMatchObject({ code: 'connection_lost' });
  });

  it('fails when the network is cut', async () => {
    const proxy = await cuttableProxy(database.server.port);
    const through = at({ port: proxy.port });
    await expect(dumpInterrupted(through, proxy.cut)).rejects.toMatchObject({ code: 'connection_lost' });
  });

  it('ends with its deadline, and leaves no tool behind', async () => {
    const deadline = new AbortController();
    const late = dumpInterrupted({ ...input, signal: deadline.signal }, () => deadline.abort());
    await expect(late).rejects.toMatchObject({ code: 'deadline_exceeded' });
    expect(tool()).toEqual([]);
  });

  it('leaves no tool behind when its worker is killed', async () => {
    const script = join(import.meta.dirname, 'stalled-worker.ts');
    const worker = spawn(process.execPath, [script, 'dump'], { stdio: ['pipe', 'pipe', 'inherit'] });
    worker.stdin.end(JSON.stringify(input));
    await once(worker.stdout, 'data');
    const [pid = 0] = childrenOf(worker.pid ?? 0, CLIENT_PROGRAMS[database.product].dump);
    expect(isAlive(pid)).toBe(true);
    worker.kill('SIGKILL');
    await waitUntil(() => !isAlive(pid), 'the tool has ended');
  });

  it('fails when the server dies', async () => {
    await expect(dumpInterrupted(input, () => database.server.kill())).rejects.toMatchObject({
      code: 'connection_lost',
    });
  }, 60_000);
});
