/** Format `sql` against `mysqldump | zstd -3 > file` by hand: throughput, processor time, memory. */
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { cpus, tmpdir, totalmem } from 'node:os';
import { join } from 'node:path';
import { obtainEngine } from '../../local/engines/obtain-engine.ts';
import { type RunningServer, startServer } from '../../local/engines/start-server.ts';
import { type ApiClient, openApi } from '../../local/main-job/api-client.ts';
import { registerDatabase } from '../../local/main-job/register-database.ts';
import { synthesize } from '../../local/synthesize.ts';
import { adminToken, type CloudProcess, startCloudProcess } from '../local/start-cloud-process.ts';
import {
  byHand,
  engineAlone,
  engineInput,
  type Measured,
  type MeasuredWhole,
  wholeBackup,
} from './contenders.ts';
import { fillSchema } from './data-set.ts';

const MB = 1_000_000;
/** Sizes in MB of SQL text, and how often each is measured. */
const SAMPLED = [
  { megabytes: 10, runs: 5 },
  { megabytes: 500, runs: 3 },
];
const FULL = [...SAMPLED, { megabytes: 5_000, runs: 1 }];

const CONTENDERS = ['by hand', 'engine', 'whole'] as const;
type Contender = (typeof CONTENDERS)[number];

interface Figures {
  readonly megabytes: number;
  readonly dumpBytes: number;
  readonly medians: Medians;
}
type Medians = Readonly<Record<Exclude<Contender, 'whole'>, Measured> & { readonly whole: MeasuredWhole }>;

interface Bench {
  readonly folder: string;
  readonly server: RunningServer;
  readonly cloud: CloudProcess;
  readonly api: ApiClient;
}

export async function benchSql(full: boolean): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'safebase-bench-'));
  const assemblyFolder = join(import.meta.dirname, '../../.cache/assembly-bench');
  await synthesize({ folder: assemblyFolder });
  const server = await startServer({
    engine: await obtainEngine('mariadb-11.8'),
    dataFolder: join(folder, 'server'),
    options: [
      '--innodb-buffer-pool-size=1G',
      '--max-allowed-packet=64M',
      '--innodb-flush-log-at-trx-commit=0',
    ],
  });
  // As `npm start` runs it, and apart from what measures.
  const cloud = await startCloudProcess(assemblyFolder, join(folder, 'cloud'), process.execArgv);
  try {
    const token = await adminToken(cloud, assemblyFolder);
    const bench = { folder, server, cloud, api: openApi(cloud.apiUrl, token) };
    const figures: Figures[] = [];
    for (const size of full ? FULL : SAMPLED) figures.push(await benchSize(bench, size));
    report(figures);
  } finally {
    cloud.process.kill();
    await once(cloud.process, 'exit');
    await server.kill();
    rmSync(folder, { recursive: true, force: true });
  }
}

async function benchSize(bench: Bench, size: { megabytes: number; runs: number }): Promise<Figures> {
  const { server, cloud, api, folder } = bench;
  const schema = `bench_${size.megabytes}`;
  const root = await server.connect();
  await fillSchema(root, schema, size.megabytes * MB);
  const input = engineInput(server, schema, size.megabytes * MB);
  const { host, port, tls, username, password } = input.endpoint;
  const databaseId = await registerDatabase(api, {
    name: schema,
    host,
    port,
    schemas: [schema],
    tls,
    backupCredentials: { username, password },
  });
  const measured = { 'by hand': [] as Measured[], engine: [] as Measured[], whole: [] as MeasuredWhole[] };
  // Once without a clock: afterwards the server has read for everyone what fits into its memory.
  const { dumpBytes } = await engineAlone(input);
  for (let run = 0; run < size.runs; run += 1) {
    measured['by hand'].push(await byHand(input, folder));
    measured.engine.push(await engineAlone(input));
    measured.whole.push(await wholeBackup(cloud, api, databaseId));
  }
  await root.query(`DROP DATABASE ${schema}`);
  await root.end();
  const medians = {
    'by hand': median(measured['by hand']),
    engine: median(measured.engine),
    whole: {
      ...median(measured.whole),
      provedSeconds: middle(measured.whole.map((run) => run.provedSeconds)),
    },
  };
  return { megabytes: size.megabytes, dumpBytes, medians };
}

const middle = (values: number[]): number => values.sort((a, b) => a - b)[values.length >> 1] ?? Number.NaN;

/** Of each figure by itself. */
function median(runs: readonly Measured[]): Measured {
  return {
    seconds: middle(runs.map((run) => run.seconds)),
    cpuSeconds: middle(runs.map((run) => run.cpuSeconds)),
    peakBytes: Math.max(...runs.map((run) => run.peakBytes)),
  };
}

function report(all: readonly Figures[]): void {
  console.log('MB of SQL  contender   seconds   MB/s  CPU s  peak MB  throughput against by hand');
  for (const { dumpBytes, medians } of all) {
    for (const contender of CONTENDERS) {
      const { seconds, cpuSeconds, peakBytes } = medians[contender];
      const columns = [
        (dumpBytes / MB).toFixed(0).padStart(9),
        contender.padEnd(10),
        seconds.toFixed(2).padStart(8),
        (dumpBytes / MB / seconds).toFixed(0).padStart(5),
        cpuSeconds.toFixed(1).padStart(5),
        (peakBytes / MB).toFixed(0).padStart(7),
        (medians['by hand'].seconds / seconds).toFixed(2).padStart(8),
      ];
      console.log(columns.join('  '));
    }
    console.log(
      `           whole and read back to its last byte after ${medians.whole.provedSeconds.toFixed(2)} s`,
    );
  }
  const ratios = all.map(({ megabytes, medians }) => ({
    megabytes,
    engine: round(medians['by hand'].seconds / medians.engine.seconds),
    whole: round(medians['by hand'].seconds / medians.whole.seconds),
  }));
  const cpuModel = readFileSync('/proc/cpuinfo', 'utf8').match(/model name\s*: (.*)/)?.[1] ?? 'unknown';
  const machine = { processors: cpus().length, cpuModel, memoryBytes: totalmem() };
  console.log(
    JSON.stringify({ bench: 'sql', ratios, figures: all, machine, date: new Date().toISOString() }),
  );
}

const round = (value: number): number => Math.round(value * 100) / 100;
