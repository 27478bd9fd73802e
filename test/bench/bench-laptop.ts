/** A server and the local cloud, as `npm start` runs it, in processes of their own apart from what measures. */
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Endpoint } from '../../functions/engine/connection.ts';
import { obtainEngine } from '../../local/engines/obtain-engine.ts';
import { type RunningServer, startServer } from '../../local/engines/start-server.ts';
import { type ApiClient, openApi } from '../../local/main-job/api-client.ts';
import { registerDatabase } from '../../local/main-job/register-database.ts';
import { LAPTOP_CONTEXT, synthesize } from '../../local/synthesize.ts';
import { engineEndpoint } from '../fixtures/engine-endpoint.ts';
import { adminToken, type CloudProcess, startCloudProcess } from '../local/start-cloud-process.ts';

export interface BenchLaptop {
  /** For whatever is made meanwhile. */
  readonly folder: string;
  readonly server: RunningServer;
  readonly cloud: CloudProcess;
  readonly api: ApiClient;
}

/** @param settings of the deploy beside those of a laptop @default none */
export async function withBenchLaptop(
  use: (laptop: BenchLaptop) => Promise<void>,
  settings: Readonly<Record<string, unknown>> = {},
): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'safebase-bench-'));
  const assemblyFolder = join(import.meta.dirname, '../../.cache/assembly-bench');
  await synthesize({ folder: assemblyFolder, context: { ...LAPTOP_CONTEXT, ...settings } });
  const server = await startServer({
    engine: await obtainEngine('mariadb-11.8'),
    dataFolder: join(folder, 'server'),
    options: [
      '--innodb-buffer-pool-size=1G',
      '--max-allowed-packet=256M',
      '--innodb-flush-log-at-trx-commit=0',
    ],
  });
  const cloud = await startCloudProcess(assemblyFolder, join(folder, 'cloud'), process.execArgv);
  try {
    const token = await adminToken(cloud, assemblyFolder);
    await use({ folder, server, cloud, api: openApi(cloud.apiUrl, token) });
  } finally {
    cloud.process.kill();
    await once(cloud.process, 'exit');
    await server.kill();
    rmSync(folder, { recursive: true, force: true });
  }
}

/** @param endpoint @default over verified TLS @returns the id of the database */
export function registerSchemas(
  { api, server }: BenchLaptop,
  name: string,
  schemas: readonly string[],
  endpoint: Endpoint = engineEndpoint(server),
): Promise<string> {
  const { host, port, tls, username, password } = endpoint;
  const backupCredentials = { username, password };
  return registerDatabase(api, { name, host, port, schemas, tls, backupCredentials });
}
