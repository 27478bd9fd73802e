/** Restoring format `parallel` with all indexes against `zstd -d | mariadb` and myloader. */
import { join } from 'node:path';
import { type BenchLaptop, withBenchLaptop } from './bench-laptop.ts';
import { type BenchWish, type Compared, type Figures, figuresOf, inTurn, report } from './compared.ts';
import { byHand, type EngineInput, loadByHand, wholeBackup, wholeRestore } from './contenders.ts';
import { prepareSchema, ZSTD_LEVEL } from './dump.ts';
import { dumpWithMydumper, loadWithMyloader } from './mydumper.ts';
import { watchTree } from './process-tree.ts';
import type { Profile } from './profiles.ts';

const ROUNDS = 3;
const TARGET = 'bench_target';

export const benchRestore = ({ profile = 'mix', megabytes = 150 }: BenchWish): Promise<void> =>
  withBenchLaptop(
    async (laptop) =>
      report('restore', 'Restore of format `parallel`', await compareLoads(laptop, profile, megabytes)),
    { zstdLevel: ZSTD_LEVEL },
  );

async function compareLoads(laptop: BenchLaptop, profile: Profile, megabytes: number): Promise<Compared> {
  const { server, folder, cloud, api } = laptop;
  const { input, databaseId } = await prepareSchema(laptop, profile, megabytes);
  const { id: backupId } = await wholeBackup(cloud, api, databaseId, 'parallel');
  await byHand(input, folder);
  const files = join(folder, 'mydumper');
  const emptied = async <T>(load: () => Promise<T>): Promise<T> => {
    const root = await server.connect();
    await root.query(`DROP DATABASE IF EXISTS ${TARGET}; CREATE DATABASE ${TARGET} CHARACTER SET utf8mb4`);
    await root.end();
    return load();
  };
  const whole = () => emptied(() => restoreWhole(laptop, input, { backupId, databaseId }));
  // Once without a clock: the workers run then.
  await whole();
  const ways = await inTurn(ROUNDS, {
    'zstd -d \\| mariadb': () => emptied(() => figuresOf(server, () => loadByHand(input, folder, TARGET))),
    'zstd -d, myloader 0.10.1, 2 threads': async () => {
      await dumpWithMydumper(input.endpoint, input.schema, files);
      return emptied(() => figuresOf(server, () => loadWithMyloader(input.endpoint, files, TARGET)));
    },
    SafeBase: whole,
  });
  return { profile, megabytes, ways };
}

async function restoreWhole(
  laptop: BenchLaptop,
  { schema }: EngineInput,
  backup: { readonly backupId: string; readonly databaseId: string },
): Promise<Figures> {
  const { server } = laptop;
  const root = await server.connect();
  const isProving = async (): Promise<boolean> => {
    const [found] = await root.query(
      'SELECT 1 FROM information_schema.PROCESSLIST WHERE INFO LIKE ? AND ID <> CONNECTION_ID()',
      [`SELECT %FROM \`${TARGET}\`.%`],
    );
    return Array.isArray(found) && found.length > 0;
  };
  const usage = watchTree(server.pid);
  let serverCpuSeconds = 0;
  const measured = await wholeRestore(laptop, { ...backup, schemas: { [schema]: TARGET } }, isProving, () => {
    serverCpuSeconds = usage().cpuSeconds;
  });
  await root.end();
  const { seconds, cpuSeconds, proofSeconds } = measured;
  return {
    seconds,
    clientCpuSeconds: cpuSeconds,
    serverCpuSeconds,
    apart: { 'proof s': proofSeconds },
  };
}
