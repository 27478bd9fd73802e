/** A small database, again and again: from the call of the API until the answer says that the run has ended. */
import { setTimeout as pause } from 'node:timers/promises';
import { backupShape, restoreShape } from '../../local/main-job/api-client.ts';
import { fillSampleShop, SAMPLE_SCHEMAS } from '../../local/sample/fill-sample-shop.ts';
import { type BenchLaptop, registerSchemas, withBenchLaptop } from './bench-laptop.ts';
import { machine, middle } from './machine.ts';

const FORMATS = ['sql', 'parallel'] as const;
const MEGABYTES = 5;
const RUNS = 9;
const POLL_MS = 10;

type Way = 'backup' | 'restore';

export const benchWarm = (): Promise<void> =>
  withBenchLaptop(async (laptop) => {
    const root = await laptop.server.connect();
    await fillSampleShop(root, { megabytes: MEGABYTES, seed: 1 });
    await root.end();
    const databaseId = await registerSchemas(laptop, 'warm', SAMPLE_SCHEMAS);
    // Once each without a clock: the workers are there afterwards.
    for (const format of FORMATS) await both(laptop, databaseId, format);
    const seconds = Object.fromEntries(
      FORMATS.map((format) => [format, { backup: [] as number[], restore: [] as number[] }]),
    );
    for (let run = 0; run < RUNS; run += 1) {
      for (const format of FORMATS) {
        const took = await both(laptop, databaseId, format);
        for (const way of ['backup', 'restore'] as const) seconds[format]?.[way].push(took[way]);
      }
    }
    console.log('format    way      median s  worst s');
    const figures = Object.entries(seconds).flatMap(([format, ways]) =>
      Object.entries(ways).map(([way, all]) => ({
        format,
        way,
        median: middle(all),
        worst: Math.max(...all),
      })),
    );
    for (const { format, way, median, worst } of figures) {
      const columns = [
        format.padEnd(8),
        way.padEnd(7),
        median.toFixed(2).padStart(8),
        worst.toFixed(2).padStart(8),
      ];
      console.log(columns.join('  '));
    }
    console.log(
      JSON.stringify({ bench: 'warm', megabytes: MEGABYTES, figures, machine: machine(), date: new Date() }),
    );
  });

/** A backup, and a restore over its source. @returns seconds */
async function both(laptop: BenchLaptop, databaseId: string, format: string): Promise<Record<Way, number>> {
  const { api } = laptop;
  const beganAt = performance.now();
  const order = { databaseId, format };
  const { id } = await api({ method: 'POST', path: '/backup', answer: backupShape, body: order });
  await ended(laptop, `/backup/${id}`, 'backup');
  const backup = (performance.now() - beganAt) / 1000;
  const restoreBeganAt = performance.now();
  const over = { databaseId, overwrite: true, confirm: SAMPLE_SCHEMAS };
  const started = await api({ method: 'POST', path: `/restore/${id}`, answer: restoreShape, body: over });
  await ended(laptop, `/restore/${started.id}`, 'restore');
  return { backup, restore: (performance.now() - restoreBeganAt) / 1000 };
}

async function ended({ api }: BenchLaptop, path: string, way: Way): Promise<void> {
  for (;;) {
    const run = await api({ method: 'GET', path, answer: way === 'backup' ? backupShape : restoreShape });
    if (run.state === 'completed') return;
    if (run.failure !== undefined) throw new Error(`the ${way} failed: ${JSON.stringify(run.failure)}`);
    await pause(POLL_MS);
  }
}
