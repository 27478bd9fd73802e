/** The embedded database of `npm start`: MariaDB from Debian's packages, else the one on PATH. */
import { constants } from 'node:fs';
import { access } from 'node:fs/promises';
import { delimiter, join } from 'node:path';
import { CACHE_FOLDER, makeOnce } from '../../layers/cache.ts';
import { runProgram } from '../../layers/run-program.ts';
import { SetUpError } from '../../layers/set-up-error.ts';
import { type EngineHome, TEMPLATE_FOLDER } from './engine-home.ts';
import { type ObtainedEngine, obtainEngineTold, serverVersion } from './obtain-engine.ts';
import { makeSystemTables } from './system-tables.ts';

/** Distributions keep servers in sbin, which is often not on the PATH of a user. */
const SERVER_FOLDERS = ['/usr/sbin', '/usr/local/sbin'];

/** Options whose value a server from PATH knows best. */
const OWN_FOLDERS = ['basedir', 'lc-messages-dir', 'character-sets-dir', 'plugin-dir'];

/**
 * A MariaDB server: the tested one where it can be had.
 * @throws SetUpError where there is none on PATH either, saying how to give one
 */
export async function obtainMariaDb(
  name: 'mariadb-10.11' | 'mariadb-11.8',
  { cacheFolder = CACHE_FOLDER, path = process.env.PATH ?? '' } = {},
): Promise<ObtainedEngine> {
  try {
    return await obtainEngineTold(name, cacheFolder);
  } catch (error) {
    if (!(error instanceof SetUpError)) throw error;
    const server = await findOnPath('mariadbd', path);
    if (server !== undefined) return { home: await homeOf(server, path, cacheFolder), how: 'found on PATH' };
    throw new SetUpError(error.message, {
      hint: `${error.hint} A mariadbd on PATH will do as well.`,
      cause: error,
    });
  }
}

async function homeOf(server: string, path: string, cacheFolder: string): Promise<EngineHome> {
  const folder = join(cacheFolder, 'engines', 'mariadb-on-path');
  const found = {
    name: 'MariaDB on PATH',
    maker: 'mariadb' as const,
    version: '',
    server: [server] as const,
    client: [(await findOnPath('mariadb', path)) ?? 'mariadb'] as const,
    dump: [(await findOnPath('mariadb-dump', path)) ?? 'mariadb-dump'] as const,
    ownFiles: await ownFolders(server),
    templateFolder: join(folder, TEMPLATE_FOLDER),
  };
  const home = { ...found, version: await serverVersion(found) };
  await makeOnce({
    folder,
    recipe: JSON.stringify([server, home.version]),
    make: (into) => makeSystemTables({ ...home, templateFolder: join(into, TEMPLATE_FOLDER) }),
  });
  return home;
}

/** Reads the table of options at the end of the server's long help. */
async function ownFolders(server: string): Promise<string[]> {
  const help = ['--no-defaults', ...(process.getuid?.() === 0 ? ['--user=root'] : []), '--verbose', '--help'];
  const text = await runProgram({ command: server, arguments: help });
  return OWN_FOLDERS.flatMap((option) => {
    const value = new RegExp(`^${option} +(/.*)$`, 'm').exec(text)?.[1];
    return value === undefined ? [] : [`--${option}=${value.trim()}`];
  });
}

async function findOnPath(program: string, path: string): Promise<string | undefined> {
  for (const folder of [...path.split(delimiter), ...SERVER_FOLDERS].filter(Boolean)) {
    const file = join(folder, program);
    const isThere = await access(file, constants.X_OK).then(
      () => true,
      () => false,
    );
    if (isThere) return file;
  }
  return undefined;
}
