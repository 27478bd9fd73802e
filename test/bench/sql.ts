/** Format `sql` against `mysqldump | zstd -3 > file` by hand: throughput, processor time, memory. */
import { type BenchLaptop, registerSchemas, withBenchLaptop } from './bench-laptop.ts';
import {
  byHand,
  engineAlone,
  engineInput,
  type Measured,
  type MeasuredWhole,
  wholeBackup,
} from './contenders.ts';
import { fillSchema } from './data-set.ts';
import { machine, middle } from './machine.ts';

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

export const benchSql = ({ full }: { readonly full: boolean }): Promise<void> =>
  withBenchLaptop(async (laptop) => {
    const figures: Figures[] = [];
    for (const size of full ? FULL : SAMPLED) figures.push(await benchSize(laptop, size));
    report(figures);
  });

async function benchSize(laptop: BenchLaptop, size: { megabytes: number; runs: number }): Promise<Figures> {
  const { server, cloud, api, folder } = laptop;
  const schema = `bench_${size.megabytes}`;
  const root = await server.connect();
  await fillSchema(root, schema, size.megabytes * MB);
  const input = engineInput(server, schema, size.megabytes * MB);
  const databaseId = await registerSchemas(laptop, schema, [schema]);
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
  console.log(
    JSON.stringify({
      bench: 'sql',
      ratios,
      figures: all,
      machine: machine(),
      date: new Date().toISOString(),
    }),
  );
}

const round = (value: number): number => Math.round(value * 100) / 100;
