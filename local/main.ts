/** `npm start`: the deployed stack on this machine, with a real backup and restore through it. */
import { join, resolve } from 'node:path';
import { SetUpError } from '../layers/set-up-error.ts';
import { type Cloud, startCloud } from './cloud.ts';
import { openDataFolder } from './data-folder.ts';
import { obtainToken } from './main-job/administrator-token.ts';
import { ApiError, openApi } from './main-job/api-client.ts';
import { choosePort } from './main-job/choose-port.ts';
import { openClosers } from './main-job/closers.ts';
import {
  addressOf,
  embeddedEngine,
  engineLike,
  openCopy,
  openSample,
  type Side,
  sideOfOwn,
} from './main-job/databases.ts';
import { JobFailed } from './main-job/job-failed.ts';
import { HELP, type Options, readOptions, UsageError } from './main-job/options.ts';
import { obtainPassword } from './main-job/password.ts';
import { step } from './main-job/progress-line.ts';
import { linesOf, servingLines } from './main-job/report.ts';
import { runMainJob } from './main-job/run-main-job.ts';
import { prepare } from './set-up/prepare.ts';
import { synthesize } from './synthesize.ts';

const EXIT = { failed: 1, usage: 2, interrupted: 130 };
const REPEATED_MS = 500;

const closers = openClosers();
let serving = false;
let stopping = false;
stopOnSignals();

try {
  const options = readOptions(process.argv.slice(2));
  if (options === 'help') console.log(HELP);
  else await start(options);
} catch (error) {
  // What fails while all is being stopped fails for that reason, and the signal's own end follows.
  if (!stopping) {
    tell(error);
    await closers.closeAll();
    process.exit(error instanceof UsageError ? EXIT.usage : EXIT.failed);
  }
}

async function start(options: Options): Promise<void> {
  // Asked before anything takes time.
  const { database: own } = options;
  const password =
    own === undefined ? '' : await obtainPassword(`Password of ${addressOf(own)}: `, own.passwordFile);
  const dataFolder = resolve(options.dataFolder);
  const cloud = await openCloud(options, dataFolder);
  const { token, file } = await obtainToken(cloud, dataFolder);
  const embedded = join(dataFolder, 'embedded');
  const source = own === undefined ? await openShop(embedded, options) : sideOfOwn(own, password);
  const result = await runMainJob(openApi(cloud.apiUrl, token), {
    source,
    openCopy: async (kind) => {
      const engine = await (own === undefined ? embeddedEngine() : engineLike(kind));
      return openCopy(embedded, engine, source.fields.schemas, closers);
    },
  });
  process.exitCode = result.comparison.differences.length === 0 ? 0 : EXIT.failed;
  for (const line of linesOf(result)) console.log(line);
  if (options.once) return closers.closeAll();
  for (const line of servingLines({ apiUrl: cloud.apiUrl, tokenFile: file, dataFolder, source }))
    console.log(line);
  serving = true;
}

/** Ctrl-C ends everything in order; a second one ends it at once. */
function stopOnSignals(): void {
  let firstAt: number | undefined;
  const stop = (): void => {
    // Ctrl-C arrives twice: from the terminal, and handed on by the process that started this one.
    if (firstAt !== undefined && performance.now() - firstAt < REPEATED_MS) return;
    if (firstAt !== undefined) process.exit(EXIT.interrupted);
    firstAt = performance.now();
    stopping = true;
    process.stderr.write('\nstopping\n');
    const code = serving ? Number(process.exitCode ?? 0) : EXIT.interrupted;
    void closers.closeAll().then(() => process.exit(code));
  };
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, stop);
}

/** Set-up, timed and printed apart, and then the stack that it makes possible. */
async function openCloud(options: Options, dataFolder: string): Promise<Cloud> {
  const port = await choosePort(options.port);
  await prepare({ parts: options.database === undefined ? ['embedded-mariadb', 'layer'] : ['layer'] });
  refuseFolderInUse(dataFolder);
  const assemblyFolder = join(dataFolder, 'assembly');
  const start = performance.now();
  const how = await synthesize({ folder: assemblyFolder });
  console.error(
    `set-up: the stack, synthesized ${((performance.now() - start) / 1_000).toFixed(1)} s (${how})`,
  );
  return step(
    'cloud',
    ({ apiUrl }) => `the stack that is deployed, at ${apiUrl}`,
    async () => {
      const cloud = await startCloud({ assemblyFolder, dataFolder, port });
      closers.add(cloud.stop);
      return cloud;
    },
  );
}

/** Nobody else may serve the assembly while it is made; the cloud takes the folder for itself again. */
function refuseFolderInUse(dataFolder: string): void {
  try {
    openDataFolder(dataFolder).release();
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    throw new JobFailed(why, 'Each instance needs a folder of its own: --data-folder.');
  }
}

function openShop(folder: string, { sampleMegabytes }: Options): Promise<Side & { readonly kept: boolean }> {
  return step(
    'database',
    ({ title, kept }) => `the sample shop${kept ? ' of the last run' : ''} in ${title}`,
    () => openSample(folder, sampleMegabytes, closers),
  );
}

function tell(error: unknown): void {
  const known = [UsageError, SetUpError, JobFailed, ApiError].some((kind) => error instanceof kind);
  const text = error instanceof Error ? error.message : String(error);
  console.error(`\nSafeBase: ${text}`);
  const hint = error instanceof Error && 'hint' in error ? String(error.hint) : '';
  if (hint !== '') console.error(`HINT: ${hint}`);
  if (!known && error instanceof Error) console.error(error.stack);
}
