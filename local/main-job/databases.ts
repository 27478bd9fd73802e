/** The two databases of the main job: what is backed up, and the empty server that it is restored to. */
import { readFileSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { createConnection } from 'mysql2/promise';
import type { ReadServer } from '../compare/connect.ts';
import type { EngineHome } from '../engines/engine-home.ts';
import { obtainEngine } from '../engines/obtain-engine.ts';
import { obtainMariaDb } from '../engines/obtain-mariadb.ts';
import type { Maker } from '../engines/packages.ts';
import { type RunningServer, startServer } from '../engines/start-server.ts';
import { fillSampleShop, SAMPLE_SCHEMAS } from '../sample/fill-sample-shop.ts';
import { EMBEDDED_ENGINE, prepare } from '../set-up/prepare.ts';
import type { Closers } from './closers.ts';
import { type OwnDatabase, UsageError } from './options.ts';
import { obtainPassword } from './password.ts';
import type { DatabaseFields } from './register-database.ts';

/** One side of the main job: how the API reaches it, and how the comparer does. */
export interface Side {
  readonly title: string;
  readonly fields: DatabaseFields;
  readonly reading: ReadServer;
}

/** An engine of MySQL for whoever brings a MySQL database. */
const MYSQL_ENGINE = 'mysql-9.7';

/** Starts the embedded server with the sample shop; a second run finds the shop as the first left it. */
export async function openSample(
  folder: string,
  megabytes: number,
  closers: Closers,
): Promise<Side & { kept: boolean }> {
  const server = await start(await embeddedEngine('mariadb'), join(folder, 'source'), closers);
  // As the administrator and not as root: root may log in over the socket only, and nobody could run its views.
  const connection = await createConnection({ socketPath: server.socket, ...server.admin });
  const how = await fillSampleShop(connection, { megabytes, seed: 1 }).finally(() => connection.end());
  return { ...sideOf('sample shop', server, SAMPLE_SCHEMAS), kept: how === 'kept' };
}

/** Starts a new, empty server of a maker; what an earlier run restored is removed. */
export async function openCopy(
  folder: string,
  maker: Maker,
  schemas: readonly string[],
  closers: Closers,
): Promise<Side> {
  await rm(join(folder, 'copy'), { recursive: true, force: true });
  const server = await start(await embeddedEngine(maker), join(folder, 'copy'), closers);
  return sideOf('empty server', server, schemas);
}

/** The user's own database; nothing is written to it. */
export async function openOwn(own: OwnDatabase): Promise<Side> {
  const address = `${own.user}@${own.host}:${own.port}/${own.schema}`;
  const password = await obtainPassword(`Password of ${address}: `, own.passwordFile);
  const ca = own.caFile === undefined ? undefined : readCa(own.caFile);
  return {
    title: address,
    fields: {
      name: `own database ${address}`.replace(/['"`]/g, '_').slice(0, 100).trim(),
      host: own.host,
      port: own.port,
      schemas: [own.schema],
      tls: { mode: own.tls, ...(ca === undefined ? {} : { ca }) },
      backupCredentials: { username: own.user, password },
    },
    reading: {
      host: own.host,
      port: own.port,
      user: own.user,
      password,
      ...(own.tls === 'off' ? {} : { ca: ca ?? 'public' }),
    },
  };
}

async function embeddedEngine(maker: Maker): Promise<EngineHome> {
  if (maker === 'mariadb') return (await obtainMariaDb(EMBEDDED_ENGINE)).home;
  await prepare({ parts: [MYSQL_ENGINE] });
  return obtainEngine(MYSQL_ENGINE);
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
