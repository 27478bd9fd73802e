/** The most that the workers of a backup and a restore in format `parallel` have in memory, with one very large row. */
import { randomBytes } from 'node:crypto';
import { setTimeout as pause } from 'node:timers/promises';
import { restoreShape } from '../../local/main-job/api-client.ts';
import { processesOf } from '../local/start-cloud-process.ts';
import { type BenchLaptop, withBenchLaptop } from './bench-laptop.ts';
import { type BenchWish, writeSection } from './compared.ts';
import { wholeBackup } from './contenders.ts';
import { prepareSchema, ZSTD_LEVEL } from './dump.ts';
import { machine } from './machine.ts';
import { peakBytesOf } from './process-tree.ts';

const MB = 1_000_000;
const ROW_BYTES = 64 * MB;
/** What is promised, whatever the size of the database. */
const BOUND_BYTES = 256 * MB + 3 * ROW_BYTES;
const POLL_MS = 100;

export const benchMemory = ({ profile = 'mix', megabytes = 300 }: BenchWish): Promise<void> =>
  withBenchLaptop(
    async (laptop) => {
      const { input, databaseId } = await prepareSchema(laptop, profile, megabytes);
      const root = await laptop.server.connect();
      await root.query(`CREATE TABLE ${input.schema}.fat (bytes LONGBLOB)`);
      // Bytes that cannot be compressed: what is stored is as large.
      await root.execute(`INSERT INTO ${input.schema}.fat VALUES (?)`, [randomBytes(ROW_BYTES)]);
      const { id } = await wholeBackup(laptop.cloud, laptop.api, databaseId, 'parallel');
      await root.query(`DROP DATABASE ${input.schema}`);
      await root.end();
      await restore(laptop, id, databaseId);
      tell(laptop, `${profile}, ${megabytes}`);
    },
    { zstdLevel: ZSTD_LEVEL },
  );

async function restore({ api }: BenchLaptop, backupId: string, databaseId: string): Promise<void> {
  const path = `/restore/${backupId}`;
  let run = await api({ method: 'POST', path, answer: restoreShape, body: { databaseId } });
  while (run.endedAt === undefined) {
    await pause(POLL_MS);
    run = await api({ method: 'GET', path: `/restore/${run.id}`, answer: restoreShape });
  }
  if (run.failure) throw new Error(`the restore failed: ${JSON.stringify(run.failure)}`);
}

function tell({ cloud }: BenchLaptop, data: string): void {
  const peaks = ['backup-public', 'restore-public'].map((worker) => ({
    worker,
    peakBytes: Math.max(...processesOf(cloud, worker).map(peakBytesOf)),
  }));
  const table = [
    '| data, MB | largest row, MB | worker | peak MB | at most |',
    '|---|---|---|---|---|',
    ...peaks.map(({ worker, peakBytes }) => {
      const figures = [ROW_BYTES, peakBytes, BOUND_BYTES].map((bytes) => (bytes / MB).toFixed(0));
      return `| ${data} | ${figures[0]} | ${worker} | ${figures[1]} | ${figures[2]} |`;
    }),
  ].join('\n');
  console.log(table);
  const date = new Date().toISOString();
  const told = `${machine().processors} processors, ${date.slice(0, 10)}; resident memory of the worker, by the kernel's count.`;
  writeSection(
    'memory',
    `## Memory in format \`parallel\`\n\n\`npm run bench -- memory\`: ${told}\n\n${table}`,
  );
  console.log(
    JSON.stringify({ bench: 'memory', date, machine: machine(), boundBytes: BOUND_BYTES, data, peaks }),
  );
  if (peaks.some(({ peakBytes }) => peakBytes > BOUND_BYTES)) process.exitCode = 1;
}
