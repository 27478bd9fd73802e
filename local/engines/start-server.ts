/** Starts a MariaDB or MySQL server on this machine, with verified TLS and an administrator. */
import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { resolve } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { type Connection, createConnection } from 'mysql2/promise';
import { SetUpError } from '../../layers/set-up-error.ts';
import { type DataFolder, openDataFolder, placeSocket } from './data-folder.ts';
import { type EngineHome, firstOptions } from './engine-home.ts';
import { type ServerProcess, startProcess } from './server-process.ts';

export interface ServerWish {
  readonly engine: EngineHome;
  /** Made if need be, and kept: a second start finds the same databases and the same administrator. */
  readonly dataFolder: string;
  /** @default a free one */
  readonly port?: number;
  /** Whether events run. @default false: restored events would start to change the copy at once */
  readonly eventScheduler?: boolean;
  /** More options for the server; the last of two equal ones counts. */
  readonly options?: readonly string[];
}

export interface RunningServer {
  readonly engine: EngineHome;
  readonly host: '127.0.0.1';
  readonly port: number;
  /** Path of the Unix socket; `root` has no password there and cannot log in any other way. */
  readonly socket: string;
  readonly pid: number;
  /** The authority that signed the server's certificate for `localhost` and 127.0.0.1. */
  readonly caFile: string;
  /** An account with every right, from any host; its password also lies in `admin-password`, mode 0600. */
  readonly admin: { readonly user: string; readonly password: string };
  readonly logFile: string;
  /** A new connection as root over the socket; the caller ends it. */
  readonly connect: () => Promise<Connection>;
  /** Shuts the server down cleanly; the data folder stays. */
  readonly stop: () => Promise<void>;
  /** Kills the server as a power cut would. */
  readonly kill: () => Promise<void>;
}

const ADMIN = 'safebase_admin';
const READY_DEADLINE_MS = 60_000;
/** Another process may take a free port between our look and the server's. */
const PORT_ATTEMPTS = 5;

const MAKER_OPTIONS = {
  mariadb: ['--innodb-log-file-size=96M'],
  // performance_schema alone takes 300 MB; X protocol and a folder for files are not used.
  mysql: ['--mysqlx=OFF', '--secure-file-priv=NULL', '--performance-schema=OFF', '--sync-binlog=0'],
};

/**
 * Starts the server and waits until it answers. It ends with this process at the latest, also after kill -9.
 * @throws SetUpError with the end of the server's log when it does not start
 */
export async function startServer(wish: ServerWish): Promise<RunningServer> {
  const folder = resolve(wish.dataFolder);
  const files = await openDataFolder(folder, wish.engine);
  for (let attempt = 1; ; attempt++) {
    const port = wish.port ?? (await freePort());
    try {
      return await startOn(port, folder, files, wish);
    } catch (error) {
      const isPortTaken = error instanceof SetUpError && error.message.includes('Address already in use');
      if (!isPortTaken || wish.port !== undefined || attempt === PORT_ATTEMPTS) throw error;
    }
  }
}

async function startOn(
  port: number,
  folder: string,
  files: DataFolder,
  wish: ServerWish,
): Promise<RunningServer> {
  const { socket, removeSocket } = await placeSocket(folder);
  const options = [...firstOptions(wish.engine), ...serverOptions(files, socket, port, wish)];
  const server = await startProcess([...wish.engine.server, ...options], files.logFile);
  const connect = () => createConnection({ socketPath: socket, user: 'root', multipleStatements: true });
  try {
    const connection = await firstConnection(connect, server, files.logFile);
    await makeAdmin(connection, files.adminPassword);
    await connection.end();
  } catch (error) {
    await server.kill();
    await removeSocket();
    throw error;
  }
  const ending = (end: () => Promise<void>) => async () => {
    await end();
    await removeSocket();
  };
  return {
    engine: wish.engine,
    host: '127.0.0.1',
    port,
    socket,
    pid: server.pid,
    caFile: files.caFile,
    admin: { user: ADMIN, password: files.adminPassword },
    logFile: files.logFile,
    connect,
    stop: ending(server.stop),
    kill: ending(server.kill),
  };
}

function serverOptions(files: DataFolder, socket: string, port: number, wish: ServerWish): string[] {
  return [
    `--datadir=${files.data}`,
    `--tmpdir=${files.temporary}`,
    `--socket=${socket}`,
    `--pid-file=${files.pidFile}`,
    `--port=${port}`,
    '--bind-address=127.0.0.1',
    // Without a resolver the start of MariaDB 11.8 waits 5 s; accounts therefore name hosts by % or address.
    '--skip-name-resolve',
    `--ssl-ca=${files.caFile}`,
    `--ssl-cert=${files.certificateFile}`,
    `--ssl-key=${files.keyFile}`,
    `--event-scheduler=${wish.eventScheduler === true ? 'ON' : 'OFF'}`,
    ...MAKER_OPTIONS[wish.engine.maker],
    ...(wish.options ?? []),
  ];
}

async function firstConnection(
  connect: () => Promise<Connection>,
  server: ServerProcess,
  logFile: string,
): Promise<Connection> {
  const deadline = Date.now() + READY_DEADLINE_MS;
  for (;;) {
    try {
      return await connect();
    } catch (cause) {
      if (server.hasEnded() || Date.now() > deadline) throw await notStarted(logFile, cause);
    }
    await pause(25);
  }
}

async function notStarted(logFile: string, cause: unknown): Promise<SetUpError> {
  const lines = (await readFile(logFile, 'utf8')).split('\n');
  const errors = lines.filter((line) => /error/i.test(line)).slice(-5);
  return new SetUpError(`the server did not start: ${errors.join('; ')}`, {
    hint: `Look at ${logFile}.`,
    cause,
  });
}

// Made at every start: a data folder whose first start was cut off is completed by the second.
async function makeAdmin(connection: Connection, password: string): Promise<void> {
  const account = `${ADMIN}@'%'`;
  await connection.query(
    `SET SESSION sql_log_bin = 0;
     CREATE USER IF NOT EXISTS ${account} IDENTIFIED BY ?;
     GRANT ALL PRIVILEGES ON *.* TO ${account} WITH GRANT OPTION`,
    [password],
  );
}

async function freePort(): Promise<number> {
  const probe = createServer().listen(0, '127.0.0.1');
  await once(probe, 'listening');
  const address = probe.address();
  probe.close();
  await once(probe, 'close');
  if (address === null || typeof address === 'string') throw new Error('a listening socket has no port');
  return address.port;
}
