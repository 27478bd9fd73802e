/** mydumper and myloader as Debian 12 has them, unpacked beside the engines. */
import { type ChildProcess, spawn } from 'node:child_process';
import { chmod, mkdir, readdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Endpoint } from '../../functions/engine/connection.ts';
import { optionFileText } from '../../functions/engine/process/option-file.ts';
import { CACHE_FOLDER, makeOnce } from '../../layers/cache.ts';
import { dependenciesOf, unpackPackages } from '../../layers/debian-packages.ts';
import { machineArchitecture, openRepository } from '../../layers/debian-repository.ts';
import { findLoader, libraryFolders } from '../../local/engines/unpacked-programs.ts';
import { type Measured, measure } from './contenders.ts';

const FOLDER = join(CACHE_FOLDER, 'engines', 'mydumper');
const THREADS = '2';
const COMPRESS = `find "$0" -name '*.sql' -print0 | xargs -0 -r -P2 -n8 zstd -q -1 --rm`;
const DECOMPRESS = `find "$0" -name '*.zst' -print0 | xargs -0 -r -P2 -n8 zstd -q -d --rm`;

/** Dumps with two threads to files, then compresses these: the fastest that this version can. */
export async function dumpWithMydumper(endpoint: Endpoint, schema: string, into: string): Promise<Measured> {
  await rm(into, { recursive: true, force: true });
  await mkdir(into, { recursive: true });
  const rows = ['--rows', '50000', '--trx-consistency-only', '--triggers', '--events', '--routines'];
  const tool = await toolOf('mydumper', endpoint, into);
  return measureAll([
    () => start(tool, ['--database', schema, '--outputdir', into, ...rows]),
    () => spawn('sh', ['-c', COMPRESS, into], { stdio: ['ignore', 'ignore', 'inherit'] }),
  ]);
}

/** Loads what `dumpWithMydumper` made, which ends as files that are not compressed. */
export async function loadWithMyloader(endpoint: Endpoint, from: string, schema: string): Promise<Measured> {
  const tool = await toolOf('myloader', endpoint, from);
  return measureAll([
    () => spawn('sh', ['-c', DECOMPRESS, from], { stdio: ['ignore', 'ignore', 'inherit'] }),
    () => start(tool, ['--database', schema, '--directory', from]),
  ]);
}

async function measureAll(steps: readonly (() => ChildProcess)[]): Promise<Measured> {
  let [seconds, cpuSeconds, peakBytes] = [0, 0, 0];
  for (const step of steps) {
    const one = await measure(step());
    seconds += one.seconds;
    cpuSeconds += one.cpuSeconds;
    peakBytes = Math.max(peakBytes, one.peakBytes);
  }
  return { seconds, cpuSeconds, peakBytes };
}

type Tool = readonly string[];

function start([command = '', ...first]: Tool, parameters: readonly string[]): ChildProcess {
  return spawn(command, [...first, ...parameters, '--threads', THREADS], {
    stdio: ['ignore', 'ignore', 'inherit'],
  });
}

async function toolOf(program: string, endpoint: Endpoint, beside: string): Promise<Tool> {
  await obtain();
  const options = `${beside}.cnf`;
  await writeFile(options, optionFileText(endpoint, '127.0.0.1'), { mode: 0o600 });
  await chmod(options, 0o600);
  const libraries = await libraryFolders(FOLDER);
  const library = libraries.map((path) => join(FOLDER, path)).join(':');
  const loader = join(FOLDER, await findLoader(FOLDER, libraries));
  return [
    loader,
    '--library-path',
    library,
    join(FOLDER, 'root/usr/bin', program),
    '--defaults-file',
    options,
    ...connectTo(endpoint),
  ];
}

/** This version reads user and password from the file, but neither host nor port. */
const connectTo = ({ port }: Endpoint): readonly string[] => ['--host', '127.0.0.1', '--port', String(port)];

async function obtain(): Promise<void> {
  const recipe = JSON.stringify([1, machineArchitecture()]);
  await makeOnce({
    folder: FOLDER,
    recipe,
    make: async (folder) => {
      const repository = await openRepository('bookworm', machineArchitecture());
      const needed = await dependenciesOf(repository, ['mydumper']);
      await unpackPackages(repository, needed, () => join(folder, 'root'));
      const programs = await readdir(join(folder, 'root/usr/bin'));
      if (!programs.includes('myloader')) throw new Error('the package holds no myloader');
    },
  });
}
