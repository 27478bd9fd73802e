/** Format `parallel` as a whole against `mariadb-dump | zstd -1` and mydumper. */
import { join } from 'node:path';
import { type BenchLaptop, registerSchemas, withBenchLaptop } from './bench-laptop.ts';
import { type BenchWish, type Compared, type Figures, figuresOf, inTurn, report } from './compared.ts';
import { byHand, type EngineInput, engineInput, wholeBackup } from './contenders.ts';
import { dumpWithMydumper } from './mydumper.ts';
import { fillProfile, type Profile } from './profiles.ts';

const MB = 1_000_000;
const ROUNDS = 3;
/** All ways compress as fast as they can. */
export const ZSTD_LEVEL = 1;

export const benchDump = ({ profile = 'skew', megabytes = 300 }: BenchWish): Promise<void> =>
  withBenchLaptop(
    async (laptop) =>
      report('dump', 'Dump in format `parallel`', await compareDumps(laptop, profile, megabytes)),
    { zstdLevel: ZSTD_LEVEL },
  );

async function compareDumps(laptop: BenchLaptop, profile: Profile, megabytes: number): Promise<Compared> {
  const { server, folder } = laptop;
  const { input, databaseId } = await prepareSchema(laptop, profile, megabytes);
  const whole = () => dumpWhole(laptop, databaseId);
  // Once without a clock: afterwards the server has read what fits into its memory, and the workers run.
  await whole();
  const ways = await inTurn(ROUNDS, {
    'mariadb-dump \\| zstd -1': () => figuresOf(server, () => byHand(input, folder)),
    'mydumper 0.10.1, 2 threads, zstd -1': () =>
      figuresOf(server, () => dumpWithMydumper(input.endpoint, input.schema, join(folder, 'mydumper'))),
    'SafeBase, two lanes': whole,
  });
  const root = await server.connect();
  await root.query(`DROP DATABASE ${input.schema}`);
  await root.end();
  return { profile, megabytes, ways };
}

/** Fills a schema and registers it. TLS costs all the same, and hides what is measured: without. */
export async function prepareSchema(
  laptop: BenchLaptop,
  profile: Profile,
  megabytes: number,
): Promise<{ readonly input: EngineInput; readonly databaseId: string }> {
  const { server } = laptop;
  const schema = `bench_${profile}`;
  const root = await server.connect();
  await fillProfile(root, schema, profile, megabytes * MB);
  await root.end();
  const input = engineInput(server, schema, megabytes * MB);
  const endpoint = { ...input.endpoint, tls: { mode: 'off' } as const };
  const databaseId = await registerSchemas(laptop, schema, [schema], endpoint);
  return { input: { ...input, endpoint, zstdLevel: ZSTD_LEVEL }, databaseId };
}

/** What the local cloud uses beside the worker, its object store most of all, counts apart. */
async function dumpWhole({ server, cloud, api }: BenchLaptop, databaseId: string): Promise<Figures> {
  let cloudCpuSeconds = 0;
  const figures = await figuresOf(server, async () => {
    const backup = await wholeBackup(cloud, api, databaseId, 'parallel');
    ({ cloudCpuSeconds } = backup);
    return backup;
  });
  return { ...figures, apart: { 'local cloud CPU s': cloudCpuSeconds } };
}
