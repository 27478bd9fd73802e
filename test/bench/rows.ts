/** The rows of a schema as lines, compressed and hashed, against `mariadb-dump | zstd -1 > file`. */
import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { obtainEngine } from '../../local/engines/obtain-engine.ts';
import { type RunningServer, startServer } from '../../local/engines/start-server.ts';
import { byHand, type EngineInput, engineInput, type Measured, measure } from './contenders.ts';
import { fillSchema } from './data-set.ts';
import { watchTree } from './process-tree.ts';

const MB = 1_000_000;
const SCHEMA = 'bench_rows';
const CONTENDERS = ['by hand', 'one lane', 'two lanes'] as const;
type Contender = (typeof CONTENDERS)[number];

interface Figures {
  readonly seconds: number;
  readonly clientCpuSeconds: number;
  readonly serverCpuSeconds: number;
}

export async function benchRows(full: boolean): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'safebase-bench-'));
  const server = await startServer({
    engine: await obtainEngine('mariadb-11.8'),
    dataFolder: join(folder, 'server'),
    options: [
      '--innodb-buffer-pool-size=1G',
      '--max-allowed-packet=64M',
      '--innodb-flush-log-at-trx-commit=0',
    ],
  });
  try {
    const megabytes = full ? 1_500 : 300;
    const root = await server.connect();
    await fillSchema(root, SCHEMA, megabytes * MB);
    await root.end();
    const input = { ...plain(engineInput(server, SCHEMA, megabytes * MB)), zstdLevel: 1 };
    const runs: Record<Contender, Figures[]> = { 'by hand': [], 'one lane': [], 'two lanes': [] };
    // Once without a clock: afterwards the server has read what fits into its memory.
    await lanes(input, folder, 2);
    for (let run = 0; run < 3; run += 1) {
      runs['by hand'].push(await figuresOf(server, () => byHand(input, folder)));
      runs['one lane'].push(await figuresOf(server, () => lanes(input, folder, 1)));
      runs['two lanes'].push(await figuresOf(server, () => lanes(input, folder, 2)));
    }
    report(megabytes, runs);
  } finally {
    await server.kill();
    rmSync(folder, { recursive: true, force: true });
  }
}

/** TLS costs both the same, and hides what is measured. */
const plain = (input: EngineInput): EngineInput => ({
  ...input,
  endpoint: { ...input.endpoint, tls: { mode: 'off' } },
});

function lanes(input: EngineInput, folder: string, count: number): Promise<Measured> {
  const args = [...process.execArgv, join(import.meta.dirname, 'rows-worker.ts')];
  const child = spawn(process.execPath, args, { stdio: ['pipe', 'pipe', 'inherit'] });
  const { endpoint, schema, zstdLevel } = input;
  child.stdin?.end(JSON.stringify({ endpoint, schema, zstdLevel, folder, lanes: count }));
  return measure(child);
}

async function figuresOf(server: RunningServer, run: () => Promise<Measured>): Promise<Figures> {
  const usage = watchTree(server.pid);
  const { seconds, cpuSeconds } = await run();
  return { seconds, clientCpuSeconds: cpuSeconds, serverCpuSeconds: usage().cpuSeconds };
}

function report(megabytes: number, runs: Readonly<Record<Contender, readonly Figures[]>>): void {
  const middle = (contender: Contender, figure: keyof Figures): number =>
    runs[contender].map((run) => run[figure]).sort((a, b) => a - b)[runs[contender].length >> 1] ??
    Number.NaN;
  const medians = CONTENDERS.map((contender) => {
    const [seconds, client, server] = [
      middle(contender, 'seconds'),
      middle(contender, 'clientCpuSeconds'),
      middle(contender, 'serverCpuSeconds'),
    ];
    return { contender, seconds, client, server, cpu: client + server };
  });
  const [base] = medians;
  console.log('contender   seconds  client CPU s  server CPU s  wall  CPU (against by hand)');
  for (const { contender, seconds, client, server, cpu } of medians) {
    const against = (value: number, of: number | undefined): string =>
      (value / (of ?? Number.NaN)).toFixed(2);
    console.log(
      `${contender.padEnd(10)} ${seconds.toFixed(2).padStart(8)} ${client.toFixed(2).padStart(13)} ${server.toFixed(2).padStart(13)}  ${against(seconds, base?.seconds)}  ${against(cpu, base?.cpu)}`,
    );
  }
  console.log(JSON.stringify({ bench: 'rows', megabytes, medians, runs, date: new Date().toISOString() }));
}
