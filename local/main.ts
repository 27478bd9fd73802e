/** `npm start`: the deployed stack on this machine, with a real backup and restore through it. */
import { join, resolve } from 'node:path';
import { SetUpError } from '../layers/set-up-error.ts';
import { type Cloud, startCloud } from './cloud.ts';
import { openDataFolder } from './data-folder.ts';
import { obtainToken } from './main-job/administrator-token.ts';
import { ApiError, openApi } from './main-job/api-client.ts';
import { choosePort } from './main-job/choose-port.ts';
import { openClosers } from './main-job/closers.ts';
import { openCopy, openOwn, openSample, type Side } from './main-job/databases.ts';
import { JobFailed } from './main-job/job-failed.ts';
import { HELP, type Options, readOptions, UsageError } from './main-job/options.ts';
import { step } from './main-job/progress-line.ts';
import { linesOf, servingLines } from './main-job/report.ts';
import { runMainJob } from './main-job/run-main-job.ts';
import { prepare } from './set-up/prepare.ts';
import { synthesize } from './synthesize.ts';

const EXIT = { failed: 1, usage: 2, interrupted: 130 };

const closers = openClosers();
let serving = false;
for (const signal of ['SIGINT', 'SIGTERM'] as const) {
  // Once: a second Ctrl-C does not wait.
  process.once(signal, () => {
    process.stderr.write('\nstopping\n');
    const code = serving ? Number(process.exitCode ?? 0) : EXIT.interrupted;
    void closers.closeAll().then(() => process.exit(code));
  });
}

try {
  const options = readOptions(process.argv.slice(2));
  if (options === 'help') console.log(HELP);
  else await start(options);
} catch (error) {
  tell(error);
  await closers.closeAll();
  process.exit(error instanceof UsageError ? EXIT.usage : EXIT.failed);
}

async function start(options: Options): Promise<void> {
  // Asked before anything takes time.
  const own = options.database === undefined ? undefined : await openOwn(options.database);
  const dataFolder = resolve(options.dataFolder);
  const cloud = await openCloud(options, dataFolder);
  const { token, file } = await obtainToken(cloud, dataFolder);
  const embedded = join(dataFolder, 'embedded');
  const source = own ?? (await openShop(embedded, options));
  const result = await runMainJob(openApi(cloud.apiUrl, token), {
    source,
    openCopy: (maker) => openCopy(embedded, maker, source.fields.schemas, closers),
  });
  process.exitCode = result.comparison.differences.length === 0 ? 0 : EXIT.failed;
  for (const line of linesOf(result)) console.log(line);
  if (options.once) return closers.closeAll();
  for (const line of servingLines({ apiUrl: cloud.apiUrl, tokenFile: file, dataFolder, source }))
    console.log(line);
  serving = true;
}

/** Set-up, timed and printed apart, and then the stack that it makes possible. */
async function openCloud({ port }: Options, dataFolder: string): Promise<Cloud> {
  await prepare({ parts: ['embedded-mariadb', 'layer'] });
  // Nobody else may serve the assembly while it is made; the cloud takes the folder for itself again.
  openDataFolder(dataFolder).release();
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
      const cloud = await startCloud({ assemblyFolder, dataFolder, port: await choosePort(port) });
      closers.add(cloud.stop);
      return cloud;
    },
  );
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
