/** The ways to dump a schema that are measured against each other. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readdirSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { setTimeout as pause } from 'node:timers/promises';
import { z } from 'zod';
import { partBytesFor } from '../../functions/engine/part.ts';
import { optionFileText } from '../../functions/engine/process/option-file.ts';
import { CLIENT_PROGRAMS } from '../../functions/engine/sql/client-programs.ts';
import type { DumpInput } from '../../functions/engine/sql/format-sql.ts';
import { layerFolder } from '../../layers/mysql-client/status.ts';
import type { RunningServer } from '../../local/engines/start-server.ts';
import { type ApiClient, type Backup, backupShape, restoreShape } from '../../local/main-job/api-client.ts';
import { LAPTOP_ARCHITECTURE } from '../../local/synthesize.ts';
import { engineEndpoint } from '../fixtures/engine-endpoint.ts';
import { type CloudProcess, processesOf } from '../local/start-cloud-process.ts';
import type { BenchLaptop } from './bench-laptop.ts';
import { endedCpuSeconds, type Usage, watchTree } from './process-tree.ts';

export interface Measured extends Usage {
  readonly seconds: number;
}

const CLIENT_ROOT = join(layerFolder(LAPTOP_ARCHITECTURE), 'mysql-client');
/** Each look costs a function its time, and the record says when the run ended. */
const POLL_MS = 500;
/** How exactly the end of a load is known. */
const RESTORE_POLL_MS = 100;
/** Looking for a process costs nothing. */
const WORKER_POLL_MS = 5;
const WORKER_DEADLINE_MS = 60_000;

/** `mysqldump | zstd > file` with the same program, flags, level and TLS. */
export async function byHand(input: EngineInput, folder: string): Promise<Measured> {
  const { dump, tlsFlags, dumpFlags } = CLIENT_PROGRAMS[input.product];
  const tool = await toolOf(input, folder, dump);
  const flags = [...tlsFlags(tool.ca), ...dumpFlags({ ...input, rows: true })];
  // The shell gets everything as parameters: nothing is quoted.
  const script = 'out=$1; level=-$2; shift 2; "$@" | zstd -q -f "$level" -o "$out"';
  const parameters = [join(folder, BY_HAND), String(input.zstdLevel), ...tool.argv, ...flags];
  return measure(
    spawn('sh', ['-c', script, 'sh', ...parameters], { stdio: ['ignore', 'ignore', 'inherit'] }),
  );
}

/** `zstd -d | mysql`, of what `byHand` has written, into a schema that is empty. */
export async function loadByHand(input: EngineInput, folder: string, schema: string): Promise<Measured> {
  const { load, tlsFlags, loadFlags } = CLIENT_PROGRAMS[input.product];
  const tool = await toolOf(input, folder, load);
  const parameters = [join(folder, BY_HAND), ...tool.argv, ...tlsFlags(tool.ca), ...loadFlags, schema];
  const script = 'file=$1; shift; zstd -q -d -c "$file" | "$@"';
  return measure(
    spawn('sh', ['-c', script, 'sh', ...parameters], { stdio: ['ignore', 'ignore', 'inherit'] }),
  );
}

const BY_HAND = 'by-hand.zst';

/** A program of the layer, with what always comes first. */
async function toolOf({ product, endpoint }: EngineInput, folder: string, program: string) {
  const home = join(CLIENT_ROOT, CLIENT_PROGRAMS[product].folder);
  const lib = join(home, 'lib');
  const loader = readdirSync(lib).find((name) => name.startsWith('ld-linux-')) ?? '';
  const [options, ca] = [join(folder, 'options.cnf'), join(folder, 'ca.pem')];
  await writeFile(options, optionFileText(endpoint, endpoint.host), { mode: 0o600 });
  await writeFile(ca, endpoint.tls.ca ?? '');
  return {
    argv: [
      join(lib, loader),
      '--library-path',
      lib,
      join(home, 'bin', program),
      `--defaults-file=${options}`,
    ],
    ca: endpoint.tls.mode === 'off' ? undefined : ca,
  };
}

export type EngineInput = Omit<DumpInput, 'signal' | 'onProgress'>;

/** Our engine in a worker that runs already, up to the finished parts. */
export async function engineAlone(input: EngineInput): Promise<Measured & { readonly dumpBytes: number }> {
  // With the flags of Node that the workers have as well: see `npm run bench`.
  const args = [...process.execArgv, join(import.meta.dirname, 'engine-worker.ts')];
  const child = spawn(process.execPath, args, {
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  child.stdin?.end(JSON.stringify(input));
  const { output, ...measured } = await measure(child);
  return { ...measured, ...ENGINE_RESULT.parse(JSON.parse(output)) };
}

const ENGINE_RESULT = z.object({ dumpBytes: z.number(), seconds: z.number() });

export interface MeasuredWhole extends Measured {
  /** From the start of the run until everything of it was read back. */
  readonly provedSeconds: number;
}

/** Everything: over the API, by the deployed handlers, into the object store, until the backup counts and is proved. */
export async function wholeBackup(
  cloud: CloudProcess,
  api: ApiClient,
  databaseId: string,
  format: 'sql' | 'parallel' = 'sql',
): Promise<MeasuredWhole & { readonly id: string; readonly cloudCpuSeconds: number }> {
  const body = { databaseId, format };
  const { id } = await api({ method: 'POST', path: '/backup', answer: backupShape, body });
  const usage = watchTree(await workerOf(cloud, 'backup-public'));
  const around = watchTree(cloud.process.pid ?? 0);
  const record = async (isReached: (run: Backup) => boolean): Promise<Backup> => {
    for (;;) {
      const run = await api({ method: 'GET', path: `/backup/${id}`, answer: backupShape });
      if (isReached(run)) return run;
      const failure = run.failure ?? run.verification?.failure;
      if (failure !== undefined) throw new Error(`the backup failed: ${JSON.stringify(failure)}`);
      await pause(POLL_MS);
    }
  };
  const { startedAt, endedAt } = await record(({ state }) => state === 'completed');
  const worker = usage();
  const cloudCpuSeconds = around().cpuSeconds - worker.cpuSeconds;
  const { verification } = await record(
    ({ reread, verification: { state } = {} }) => reread === true || state === 'passed',
  );
  const secondsUntil = (end = ''): number => (Date.parse(end) - Date.parse(startedAt ?? '')) / 1000;
  return {
    id,
    ...worker,
    cloudCpuSeconds,
    seconds: secondsUntil(endedAt),
    provedSeconds: secondsUntil(verification?.endedAt ?? endedAt),
  };
}

export interface MeasuredRestore extends Measured {
  /** Reading the target once more, which `seconds` and `cpuSeconds` leave out. */
  readonly proofSeconds: number;
}

export interface RestoreWish {
  readonly backupId: string;
  readonly databaseId: string;
  /** One that exists and is empty. */
  readonly schemas: Readonly<Record<string, string>>;
}

/**
 * A restore over the API, until everything is loaded, and apart from that until its content is proved.
 * @param isProving asks the server whether the rows of the target are read
 * @param onLoaded called when that begins
 */
export async function wholeRestore(
  { cloud, api }: Pick<BenchLaptop, 'cloud' | 'api'>,
  { backupId, ...body }: RestoreWish,
  isProving: () => Promise<boolean>,
  onLoaded: () => void,
): Promise<MeasuredRestore> {
  const begun = { method: 'POST', path: `/restore/${backupId}`, answer: restoreShape, body } as const;
  const { id } = await api(begun);
  const usage = watchTree(await workerOf(cloud, 'restore-public'));
  while (!(await isProving())) {
    const run = await api({ method: 'GET', path: `/restore/${id}`, answer: restoreShape });
    if (run.failure) throw new Error(`the restore failed: ${JSON.stringify(run.failure)}`);
    if (run.state === 'completed') throw new Error('the restore proved nothing');
    await pause(RESTORE_POLL_MS);
  }
  const loadedAt = Date.now();
  const used = usage();
  onLoaded();
  for (;;) {
    const run = await api({ method: 'GET', path: `/restore/${id}`, answer: restoreShape });
    if (run.failure) throw new Error(`the restore failed: ${JSON.stringify(run.failure)}`);
    if (run.endedAt !== undefined) {
      const seconds = (loadedAt - Date.parse(run.startedAt ?? '')) / 1000;
      return { ...used, seconds, proofSeconds: (Date.parse(run.endedAt) - loadedAt) / 1000 };
    }
    await pause(RESTORE_POLL_MS);
  }
}

/** The process of a worker: one, as it serves one run after the other. */
async function workerOf(cloud: CloudProcess, functionId: string): Promise<number> {
  for (let waited = 0; waited < WORKER_DEADLINE_MS; waited += WORKER_POLL_MS) {
    const [worker] = processesOf(cloud, functionId);
    if (worker !== undefined) return worker;
    await pause(WORKER_POLL_MS);
  }
  throw new Error(`no worker ${functionId} began`);
}

export async function measure(child: ChildProcess): Promise<Measured & { readonly output: string }> {
  const startedAt = performance.now();
  const before = endedCpuSeconds();
  const usage = watchTree(child.pid ?? 0);
  const output = child.stdout ? text(child.stdout) : Promise.resolve('');
  const [code] = (await once(child, 'exit')) as [number | null];
  const seconds = (performance.now() - startedAt) / 1000;
  if (code !== 0) throw new Error(`${child.spawnfile} ended with ${code}`);
  const { peakBytes } = usage();
  // Exactly: what a look now and then sees of short programs is little.
  return { seconds, peakBytes, cpuSeconds: endedCpuSeconds() - before, output: await output };
}

/** What all contenders are told. */
export const engineInput = (server: RunningServer, schema: string, dumpBytes: number): EngineInput => ({
  clientRoot: CLIENT_ROOT,
  endpoint: engineEndpoint(server),
  product: server.engine.maker,
  schema,
  ignoredViews: [],
  history: false,
  events: true,
  columnStatistics: server.engine.maker === 'mysql',
  isReadable: true,
  zstdLevel: 3,
  partBytes: partBytesFor(dumpBytes),
});
