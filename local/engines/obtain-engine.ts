/** Gets an engine into the cache: packages from Debian, unpacked, with system tables ready to be copied. */
import { readdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { CACHE_FOLDER, makeOnce } from '../../layers/cache.ts';
import { dependenciesOf, unpackPackages } from '../../layers/debian-packages.ts';
import { machineArchitecture, openRepository } from '../../layers/debian-repository.ts';
import { runProgram } from '../../layers/run-program.ts';
import {
  ENGINE_FILE,
  type EngineFile,
  type EngineHome,
  engineHomeOf,
  readEngineHome,
} from './engine-home.ts';
import {
  ENGINE_SOURCES,
  type EngineName,
  type EngineSource,
  KEPT_PROGRAMS,
  UNWANTED_FOLDERS,
  UNWANTED_PACKAGES,
} from './packages.ts';
import { makeSystemTables } from './system-tables.ts';
import { findLoader, libraryFolders } from './unpacked-programs.ts';

/** Raise it when what is made from the packages changes, or when Debian has newer ones that behave otherwise. */
const RECIPE = 3;

/** How an engine came to be there. */
export interface ObtainedEngine {
  readonly home: EngineHome;
  readonly how: 'cached' | 'downloaded' | 'found on PATH';
}

/**
 * The engine, downloaded on first use.
 * @throws SetUpError where it cannot be had: no apt, no network, another architecture
 */
export async function obtainEngine(name: EngineName, cacheFolder?: string): Promise<EngineHome> {
  return (await obtainEngineTold(name, cacheFolder)).home;
}

/** As `obtainEngine`, telling whether it had to be downloaded. */
export async function obtainEngineTold(
  name: EngineName,
  cacheFolder: string = CACHE_FOLDER,
): Promise<ObtainedEngine> {
  const source = ENGINE_SOURCES[name];
  const folder = join(cacheFolder, 'engines', name);
  const architecture = machineArchitecture();
  const recipe = JSON.stringify([RECIPE, architecture, source]);
  const made = await makeOnce({ folder, recipe, make: (into) => unpackEngine(source, into, cacheFolder) });
  return { home: await readEngineHome(name, folder), how: made === 'made' ? 'downloaded' : 'cached' };
}

async function unpackEngine(source: EngineSource, folder: string, cacheFolder: string): Promise<void> {
  const repository = await openRepository(source.suite, machineArchitecture(), cacheFolder);
  const needed = await dependenciesOf(repository, source.roots);
  const wanted = needed.filter((name) => !UNWANTED_PACKAGES.test(name));
  const root = join(folder, 'root');
  await unpackPackages(repository, [...new Set([...wanted, ...source.extra])], () => root);
  await dropUnwanted(root, source);
  const file = await describe(source, folder);
  await writeFile(join(folder, ENGINE_FILE), JSON.stringify(file, undefined, 2));
  await makeSystemTables(engineHomeOf(source.title, folder, file));
}

async function dropUnwanted(root: string, source: EngineSource): Promise<void> {
  for (const folder of UNWANTED_FOLDERS) await rm(join(root, folder), { recursive: true, force: true });
  const kept = KEPT_PROGRAMS[source.maker];
  for (const program of await readdir(join(root, 'usr/bin'))) {
    if (!kept.includes(program)) await rm(join(root, 'usr/bin', program));
  }
}

async function describe(source: EngineSource, folder: string): Promise<EngineFile> {
  const libraries = await libraryFolders(folder);
  const loader = await findLoader(folder, libraries);
  const share = (await exists(folder, `root/usr/share/${source.maker}`)) ?? 'root/usr/share/mysql';
  const [client, dump] = KEPT_PROGRAMS[source.maker];
  const server = source.maker === 'mariadb' ? 'mariadbd' : 'mysqld';
  const file = {
    maker: source.maker,
    version: '',
    loader,
    libraries,
    server: `root/usr/sbin/${server}`,
    client: `root/usr/bin/${client}`,
    dump: `root/usr/bin/${dump}`,
    share,
    plugins: 'root/usr/lib/mysql/plugin',
  };
  return { ...file, version: await serverVersion(engineHomeOf(source.title, folder, file)) };
}

/** `mariadbd  Ver 10.11.19-MariaDB-… for debian-linux-gnu on x86_64 …` → `10.11.19-MariaDB-…`. */
export async function serverVersion({ server: [command, ...first] }: EngineHome): Promise<string> {
  const text = await runProgram({ command, arguments: [...first, '--no-defaults', '--version'] });
  return /Ver (\S+)/.exec(text)?.[1] ?? text.trim();
}

async function exists(folder: string, path: string): Promise<string | undefined> {
  return (await readdir(join(folder, path)).catch(() => undefined)) === undefined ? undefined : path;
}
