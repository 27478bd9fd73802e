/** Money moves between tables and schemas while backups are made: in every restored copy all of it is there, once. */
import { obtainEngine } from '../../local/engines/obtain-engine.ts';
import { type RunningServer, startServer } from '../../local/engines/start-server.ts';
import { temporaryFolder } from '../local/temporary-folder.ts';
import { type Laptop, startLaptop } from './laptop.ts';

const IS_FULL = process.env.SAFEBASE_FULL === '1';
const ROUNDS = IS_FULL ? 50 : 3;
const TEST_MS = IS_FULL ? 1_800_000 : 240_000;
const START_MS = 240_000;
const ACCOUNTS = 300;
const TABLES = ['bank_a.accounts', 'bank_a.savings', 'bank_b.accounts', 'bank_b.loans'] as const;
const TOTAL = TABLES.length * ACCOUNTS * 1_000;
/** The rarest of a hundred. */
const P99_MS = 100;

/** How each server is held still while lanes begin. */
const ENGINES = [
  ['mariadb-10.11', 'backup_stage'],
  ['mariadb-11.8', 'backup_stage'],
  ['mysql-9.7', 'lock_tables'],
] as const;

let laptop: Laptop;
beforeAll(async () => {
  // Less than the tables: each is read in several pieces, by both lanes.
  laptop = await startLaptop({ settings: { CHUNK_BYTES: '65536' } });
}, START_MS);
afterAll(() => laptop?.cloud.stop());

describe.each(ENGINES)('money that moves on %s', (engine, way) => {
  let server: RunningServer;
  beforeAll(async () => {
    server = await startServer({
      engine: await obtainEngine(engine),
      dataFolder: temporaryFolder(),
      options: ['--log-bin=binlog', '--server-id=1', '--local-infile=1'],
    });
    const rows = Array.from({ length: ACCOUNTS }, (_, id) => `(${id}, 1000, REPEAT('x', 900))`);
    await run('CREATE DATABASE bank_a', 'CREATE DATABASE bank_b');
    for (const table of TABLES) {
      await run(
        `CREATE TABLE ${table} (id INT PRIMARY KEY, cents BIGINT NOT NULL, note TEXT)`,
        `INSERT INTO ${table} VALUES ${rows.join()}`,
        `ANALYZE TABLE ${table}`,
      );
    }
  }, START_MS);
  afterAll(() => server?.kill());

  async function run(...statements: readonly string[]): Promise<void> {
    const connection = await server.connect();
    for (const statement of statements) await connection.query(statement);
    await connection.end();
  }

  /** Moves cents between any two tables, a transaction each, until told to stop. @returns how often */
  async function moving(until: AbortSignal, seed: number): Promise<number> {
    const connection = await server.connect();
    let moves = 0;
    for (let step = seed; !until.aborted; step += 1) {
      const from = TABLES[step % TABLES.length];
      const to = TABLES[(step + 1 + (step % 3)) % TABLES.length];
      const [id, cents] = [(step * 7) % ACCOUNTS, 1 + (step % 9)];
      try {
        await connection.query('START TRANSACTION');
        await connection.query(`UPDATE ${from} SET cents = cents - ${cents} WHERE id = ${id}`);
        await connection.query(
          `UPDATE ${to} SET cents = cents + ${cents} WHERE id = ${(id + seed) % ACCOUNTS}`,
        );
        await connection.query('COMMIT');
        moves += 1;
      } catch {
        await connection.query('ROLLBACK'); // two movers met
      }
    }
    await connection.end();
    return moves;
  }

  /** Cents of each table of the copies. */
  async function sums(): Promise<readonly number[]> {
    const connection = await server.connect();
    const found: number[] = [];
    for (const table of TABLES) {
      const copy = table.replace('bank_', 'copy_');
      const [rows] = await connection.query(`SELECT CAST(SUM(cents) AS CHAR) AS total FROM ${copy}`);
      found.push(Number(JSON.parse(JSON.stringify(rows))[0].total));
    }
    await connection.end();
    return found;
  }

  it(
    `is all there in every restored copy, and nobody waits long by ${way}`,
    async () => {
      const databaseId = await laptop.register(server, ['bank_a', 'bank_b']);
      const seen = new Set<string>();
      const lockMs: number[] = [];
      let moves = 0;
      for (let round = 0; round < ROUNDS; round += 1) {
        const stop = new AbortController();
        const movers = [moving(stop.signal, round), moving(stop.signal, round + 5)];
        const backup = await laptop.backUp(databaseId, { format: 'parallel' });
        stop.abort();
        for (const moved of await Promise.all(movers)) moves += moved;
        expect(backup.failure).toBeUndefined();
        expect(backup).toMatchObject({ state: 'completed', snapshot: { lanes: 2, way } });
        lockMs.push(backup.snapshot.lockMs);
        await run('DROP DATABASE IF EXISTS copy_a', 'DROP DATABASE IF EXISTS copy_b');
        const order = { databaseId, schemas: { bank_a: 'copy_a', bank_b: 'copy_b' } };
        expect(await laptop.restore(backup.id, order)).toMatchObject({ state: 'completed' });
        const found = await sums();
        expect(found.reduce((total, sum) => total + sum, 0)).toBe(TOTAL);
        seen.add(String(found));
      }
      expect(moves).toBeGreaterThan(ROUNDS * 10);
      // Each time it lay elsewhere.
      expect(seen.size).toBe(ROUNDS);
      const sorted = lockMs.toSorted((a, b) => a - b);
      expect(sorted[Math.floor(ROUNDS / 2)]).toBeLessThan(P99_MS);
      if (IS_FULL) expect(sorted[Math.ceil(ROUNDS * 0.99) - 1]).toBeLessThan(P99_MS);
    },
    TEST_MS,
  );
});
