import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { CLIENT_PROGRAMS } from '../../../../functions/engine/sql/client-programs.ts';
import type { LoadInput } from '../../../../functions/engine/sql/format-sql.ts';
import { loadSchema } from '../../../../functions/engine/sql/load-schema.ts';
import { isAlive, waitUntil } from '../../../local/wait-until.ts';
import { everyday } from '../../engine-server.ts';
import {
  childrenOf,
  cuttableProxy,
  dumpInput,
  dumpToStore,
  firstValues,
  freshSchema,
  loadInput,
  makeLargeTable,
  startTestDatabase,
  type TestDatabase,
} from '../test-database.ts';
import { inChunks } from './stored-dump.ts';

const START_MS = 10 * 60_000;

describe.each(everyday('mariadb-11.8', 'mysql-9.7', 'mariadb-10.11'))(
  'a load into %s in its middle',
  (name) => {
    let database: TestDatabase;
    let stored: Buffer;
    let dumpBytes: number;

    beforeAll(async () => {
      database = await startTestDatabase(name);
      await database.root.query('CREATE DATABASE noisy');
      await makeLargeTable(database.root, 'noisy');
      const noisy = await dumpToStore(dumpInput(database, 'noisy'));
      stored = noisy.stored;
      dumpBytes = noisy.summary.dumpBytes;
    }, START_MS);
    afterAll(() => database.stop(), START_MS);

    const programsOf = (worker: number) =>
      childrenOf(worker, `${CLIENT_PROGRAMS[database.product].folder}/bin/`);
    const tool = () => programsOf(process.pid);

    /** Loads half of the dump, lets something happen, and then gives the rest. */
    async function loadInterrupted(interrupt: () => unknown, changed: Partial<LoadInput> = {}) {
      const target = await freshSchema(database.root, 'partial');
      const dump = (async function* () {
        const half = stored.length >> 1;
        yield* inChunks(stored.subarray(0, half), 256 * 1024);
        await waitUntil(() => tool().length === 1, 'the program runs');
        await interrupt();
        yield* inChunks(stored.subarray(half), 256 * 1024);
      })();
      const loaded = loadSchema({
        ...loadInput(database, target),
        schema: 'noisy',
        dump,
        dumpBytes,
        ...changed,
      });
      return loaded.finally(() => expect(tool()).toEqual([]));
    }

    it('fails when the program is killed', async () => {
      const kill = () => process.kill(tool()[0] ?? 0, 'SIGKILL');
      await expect(loadInterrupted(kill)).rejects.toMatchObject({ code: 'load_killed' });
    });

    it('fails when the server ends the connection', async () => {
      const kill = async () => {
        const ids = await firstValues(
          database.root,
          "SELECT id FROM information_schema.processlist WHERE db = 'partial'",
        );
        for (const id of ids) await database.root.query(`KILL ${id}`);
      };
      await expect(loadInterrupted(kill)).rejects.toMatchObject({ code: 'connection_lost' });
    });

    it('fails when the network is cut', async () => {
      const proxy = await cuttableProxy(database.server.port);
      const endpoint = { ...database.endpoint, port: proxy.port };
      await expect(loadInterrupted(proxy.cut, { endpoint })).rejects.toMatchObject({
        code: 'connection_lost',
      });
    });

    it('ends with its deadline', async () => {
      const deadline = new AbortController();
      const late = loadInterrupted(() => deadline.abort(), { signal: deadline.signal });
      await expect(late).rejects.toMatchObject({ code: 'deadline_exceeded' });
    });

    it('fails when the source finds damage, and runs no half statement', async () => {
      const damage = () => {
        throw new Error('part 2 is another');
      };
      await expect(loadInterrupted(damage)).rejects.toThrow('part 2 is another');
      const [rows] = await firstValues(database.root, 'SELECT COUNT(*) FROM partial.noise');
      expect(rows).toBeLessThan(2 ** 14);
    });

    it('leaves no program behind when its worker is killed', async () => {
      const target = await freshSchema(database.root, 'stalled');
      const script = join(import.meta.dirname, 'stalled-worker.ts');
      const worker = spawn(process.execPath, [script, 'load'], { stdio: ['pipe', 'pipe', 'inherit'] });
      const half = stored.subarray(0, stored.length >> 1).toString('base64');
      worker.stdin.end(
        JSON.stringify({ ...loadInput(database, target), schema: 'noisy', dumpBytes, stored: half }),
      );
      await once(worker.stdout, 'data');
      const program = () => programsOf(worker.pid ?? 0);
      await waitUntil(() => program().length === 1, 'the program runs');
      const [pid = 0] = program();
      worker.kill('SIGKILL');
      await waitUntil(() => !isAlive(pid), 'the program has ended');
    });

    it('fails when the server dies', async () => {
      await expect(loadInterrupted(() => database.server.kill())).rejects.toMatchObject({
        code: 'connection_lost',
      });
    }, 60_000);
  },
);
