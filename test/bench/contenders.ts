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
import { type ApiClient, type Backup, backupShape } from '../../local/main-job/api-client.ts';
import { LAPTOP_ARCHITECTURE } from '../../local/synthesize.ts';
import { engineEndpoint } from '../fixtures/engine-endpoint.ts';
import { type CloudProcess, processesOf } from '../local/start-cloud-process.ts';
import { type Usage, watchTree } from './process-tree.ts';

export interface Measured extends Usage {
  readonly seconds: number;
}

const CLIENT_ROOT = join(layerFolder(LAPTOP_ARCHITECTURE), 'mysql-client');
/** Each look costs a function its time, and the record says when the run ended. */
const POLL_MS = 500;
/** Looking for a process costs nothing. */
const WORKER_POLL_MS = 5;
const WORKER_DEADLINE_MS = 60_000;

/** `mysqldump | zstd > file` with the same program, flags, level and TLS. */
export async function byHand(input: EngineInput, folder: string): Promise<Measured> {
  const programs = CLIENT_PROGRAMS[input.product];
  const home = join(CLIENT_ROOT, programs.folder);
  const lib = join(home, 'lib');
  const loader = readdirSync(lib).find((name) => name.startsWith('ld-linux-')) ?? '';
  const [options, ca] = [join(folder, 'options.cnf'), join(folder, 'ca.pem')];
  await writeFile(options, optionFileText(input.endpoint, input.endpoint.host), { mode: 0o600 });
  await writeFile(ca, input.endpoint.tls.ca ?? '');
  const argv = ['--library-path', lib, join(home, 'bin', programs.dump), `--defaults-file=${options}`];
  const flags = [
    ...programs.tlsFlags(input.endpoint.tls.mode === 'off' ? undefined : ca),
    ...programs.dumpFlags({ ...input, rows: true }),
  ];
  // The shell gets everything as parameters: nothing is quoted.
  const script = 'out=$1; level=-$2; shift 2; "$@" | zstd -q -f "$level" -o "$out"';
  return measure(
    spawn(
      'sh',
      [
        '-c',
        script,
        'sh',
        join(folder, 'by-hand.zst'),
        String(input.zstdLevel),
        join(lib, loader),
        ...argv,
        ...flags,
      ],
      {
        stdio: ['ignore', 'ignore', 'inherit'],
      },
    ),
  );
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
): Promise<MeasuredWhole> {
  const body = { databaseId };
  const { id } = await api({ method: 'POST', path: '/backup', answer: backupShape, body });
  const usage = watchTree(await workerOf(cloud));
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
  const { verification } = await record(
    ({ reread, verification: { state } = {} }) => reread === true || state === 'passed',
  );
  const secondsUntil = (end = ''): number => (Date.parse(end) - Date.parse(startedAt ?? '')) / 1000;
  return {
    ...worker,
    seconds: secondsUntil(endedAt),
    provedSeconds: secondsUntil(verification?.endedAt ?? endedAt),
  };
}

/** The process that makes backups: one, as it serves one after the other. */
async function workerOf(cloud: CloudProcess): Promise<number> {
  for (let waited = 0; waited < WORKER_DEADLINE_MS; waited += WORKER_POLL_MS) {
    const [worker] = processesOf(cloud, 'backup-public');
    if (worker !== undefined) return worker;
    await pause(WORKER_POLL_MS);
  }
  throw new Error('no worker began the backup');
}

export async function measure(child: ChildProcess): Promise<Measured & { readonly output: string }> {
  const startedAt = performance.now();
  const usage = watchTree(child.pid ?? 0);
  const output = child.stdout ? text(child.stdout) : Promise.resolve('');
  const [code] = (await once(child, 'exit')) as [number | null];
  const seconds = (performance.now() - startedAt) / 1000;
  if (code !== 0) throw new Error(`${child.spawnfile} ended with ${code}`);
  return { seconds, ...usage(), output: await output };
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
