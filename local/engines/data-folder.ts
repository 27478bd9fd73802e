/** The folder of one server: its data, its TLS files, the administrator's password. */
import { randomBytes } from 'node:crypto';
import { constants } from 'node:fs';
import { access, chmod, cp, mkdir, mkdtemp, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { makeServerCertificate } from './certificate.ts';
import type { EngineHome } from './engine-home.ts';

/** The kernel's limit for the path of a Unix socket is 108 bytes with the final zero. */
const SOCKET_PATH_LIMIT = 107;

export interface DataFolder {
  readonly data: string;
  readonly temporary: string;
  readonly caFile: string;
  readonly certificateFile: string;
  readonly keyFile: string;
  readonly logFile: string;
  readonly pidFile: string;
  readonly adminPassword: string;
}

/** Makes what is missing in the folder; data that is there stays as it is. */
export async function openDataFolder(folder: string, engine: EngineHome): Promise<DataFolder> {
  await mkdir(folder, { recursive: true, mode: 0o700 });
  await chmod(folder, 0o700);
  const tls = join(folder, 'tls');
  await makeWhole(join(folder, 'data'), (half) =>
    cp(engine.templateFolder, half, { recursive: true, mode: constants.COPYFILE_FICLONE }),
  );
  await makeWhole(tls, writeTlsFiles);
  await mkdir(join(folder, 'tmp'), { recursive: true });
  return {
    data: join(folder, 'data'),
    temporary: join(folder, 'tmp'),
    caFile: join(tls, 'ca.pem'),
    certificateFile: join(tls, 'server-cert.pem'),
    keyFile: join(tls, 'server-key.pem'),
    logFile: join(folder, 'server.log'),
    pidFile: join(folder, 'server.pid'),
    adminPassword: await keepPassword(join(folder, 'admin-password')),
  };
}

/** Where the socket can lie: in the folder, or in a short one of its own where the path would be too long. */
export async function placeSocket(
  folder: string,
): Promise<{ socket: string; removeSocket: () => Promise<void> }> {
  const socket = join(folder, 'server.sock');
  if (Buffer.byteLength(socket) <= SOCKET_PATH_LIMIT) return { socket, removeSocket: async () => undefined };
  const short = await mkdtemp(join(tmpdir(), 'safebase-'));
  return {
    socket: join(short, 'server.sock'),
    removeSocket: () => rm(short, { recursive: true, force: true }),
  };
}

// The rename hides a folder whose making was cut off.
async function makeWhole(folder: string, make: (half: string) => Promise<void>): Promise<void> {
  if (await exists(folder)) return;
  const half = `${folder}.unfinished`;
  await rm(half, { recursive: true, force: true });
  await make(half);
  await rename(half, folder);
}

async function writeTlsFiles(folder: string): Promise<void> {
  const { ca, certificate, key } = makeServerCertificate();
  await mkdir(folder, { mode: 0o700 });
  await writeFile(join(folder, 'ca.pem'), ca);
  await writeFile(join(folder, 'server-cert.pem'), certificate);
  await writeFile(join(folder, 'server-key.pem'), key, { mode: 0o600 });
}

async function keepPassword(file: string): Promise<string> {
  if (await exists(file)) return (await readFile(file, 'utf8')).trim();
  const password = randomBytes(24).toString('base64url');
  await writeFile(file, `${password}\n`, { mode: 0o600, flag: 'wx' });
  return password;
}

async function exists(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false,
  );
}
