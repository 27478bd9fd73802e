/** The two databases of the main job: what is backed up, and the empty server that it is restored to. */
import { readFileSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { createConnection } from 'mysql2/promise';
import { layerStatus } from '../../layers/mysql-client/status.ts';
import type { ReadServer } from '../compare/connect.ts';
import type { EngineHome } from '../engines/engine-home.ts';
import { obtainEngine } from '../engines/obtain-engine.ts';
import { obtainMariaDb } from '../engines/obtain-mariadb.ts';
import type { EngineName } from '../engines/packages.ts';
import { type RunningServer, startServer } from '../engines/start-server.ts';
import { fillSampleShop, SAMPLE_SCHEMAS } from '../sample/fill-sample-shop.ts';
import { EMBEDDED_ENGINE, machineLayer, prepare } from '../set-up/prepare.ts';
import type { Closers } from './closers.ts';
import { type OwnDatabase, UsageError } from './options.ts';
import type { DatabaseFields } from './register-database.ts';

/** One side of the main job: how the API reaches it, and how the comparer does. */
export interface Side {
  readonly title: string;
  readonly fields: DatabaseFields;
  readonly reading: ReadServer;
}

/** What the API said of a server. */
export interface ServerKind {
  readonly product: string;
  readonly version: string;
}

/** Starts the embedded server with the sample shop; a second run finds the shop as the first left it. */
export async function openSample(
  folder: string,
  megabytes: number,
  closers: Closers,
): Promise<Side & { kept: boolean }> {
  const server = await start(await embeddedEngine(), join(folder, 'source'), closers);
  // As the administrator and not as root: root may log in over the socket only, and nobody could run its views.
  const connection = await createConnection({ socketPath: server.socket, ...server.admin });
  const how = await fillSampleShop(connection, { megabytes, seed: 1 }).finally(() => connection.end());
  return { ...sideOf('sample shop', server, SAMPLE_SCHEMAS), kept: how === 'kept' };
}

/** Starts a new, empty server; what an earlier run restored is removed. */
export async function openCopy(
  folder: string,
  engine: EngineHome,
  schemas: readonly string[],
  closers: Closers,
): Promise<Side> {
  await rm(join(folder, 'copy'), { recursive: true, force: true });
  const server = await start(engine, join(folder, 'copy'), closers);
  return sideOf('empty server', server, schemas);
}

/** How a database of the user's own is called in messages. */
export const addressOf = ({ user, host, port, schema }: OwnDatabase): string =>
  `${user}@${host}:${port}/${schema}`;

/** The user's own database; nothing is written to it. @throws UsageError where the CA cannot be read */
export function sideOfOwn(own: OwnDatabase, password: string): Side {
  const { host, port, user, schema, tls } = own;
  const ca = own.caFile === undefined ? undefined : readCa(own.caFile);
  return {
    title: addressOf(own),
    fields: {
      name: `own database ${addressOf(own)}`.replace(/['"`]/g, '_').slice(0, 100).trim(),
      host,
      port,
      schemas: [schema],
      tls: { mode: tls, ...(ca === undefined ? {} : { ca }) },
      backupCredentials: { username: user, password },
    },
    reading: { host, port, user, password, ...(tls === 'off' ? {} : { ca: ca ?? publicCas() }) },
  };
}

/** What the stack trusts where a record names no CA: the public ones and Amazon's. */
const publicCas = (): string =>
  readFileSync(join(layerStatus(machineLayer()).folder, 'mysql-client/ca/bundle.pem'), 'utf8');

/** The engine of the sample shop. */
export const embeddedEngine = async (): Promise<EngineHome> => (await obtainMariaDb(EMBEDDED_ENGINE)).home;

/** The same series where there is one, else a newer one: an older server may not take what a newer one wrote. */
export async function engineLike({ product, version }: ServerKind): Promise<EngineHome> {
  const [major = 0, minor = 0] = version.split('.').map(Number.parseFloat);
  const isOld = major < 10 || (major === 10 && minor <= 11);
  const name: EngineName = product === 'mysql' ? 'mysql-9.7' : isOld ? 'mariadb-10.11' : EMBEDDED_ENGINE;
  await prepare({ parts: [name === EMBEDDED_ENGINE ? 'embedded-mariadb' : name] });
  return name === EMBEDDED_ENGINE ? embeddedEngine() : obtainEngine(name);
}

async function start(engine: EngineHome, dataFolder: string, closers: Closers): Promise<RunningServer> {
  // A dump may hold rows of nearly the largest packet there is.
  const server = await startServer({ engine, dataFolder, options: ['--max-allowed-packet=1G'] });
  closers.add(server.stop);
  return server;
}

function sideOf(name: string, server: RunningServer, schemas: readonly string[]): Side {
  const { host, port, admin, engine } = server;
  return {
    title: `${engine.maker === 'mysql' ? 'MySQL' : 'MariaDB'} ${engine.version.split('-')[0]} at ${host}:${port}`,
    fields: {
      name,
      host,
      port,
      schemas,
      tls: { mode: 'verify', ca: readFileSync(server.caFile, 'utf8') },
      backupCredentials: { username: admin.user, password: admin.password },
    },
    reading: { socketPath: server.socket, user: admin.user, password: admin.password },
  };
}

function readCa(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    throw new UsageError(`${file} cannot be read`, 'Check the path behind --tls-ca.');
  }
}
