import type { ServerInfo } from '../engine/contents.ts';
import { isCode, SafeBaseError } from '../errors.ts';
import type { Database } from './database.ts';
import type { DatabaseId } from './ids.ts';
import type { DatabaseStore, Log, Now, Prober } from './ports.ts';
import type { ProbeReport } from './probe-report.ts';

export interface TestPorts {
  readonly databases: DatabaseStore;
  readonly prober: Prober;
  readonly log: Log;
  readonly now: Now;
}

/**
 * Has a database looked at from its own network, and keeps on its record which server that was.
 * @throws `not_found`, `unavailable`; what is wrong with the database is in the report
 */
export async function testDatabase(
  ports: TestPorts,
  id: DatabaseId,
): Promise<ProbeReport & Pick<Database, 'tls'>> {
  const database = await ports.databases.get(id);
  if (database === undefined) throw new SafeBaseError('not_found', `there is no ${id}`);
  const report = await ports.prober.probe(id, database.network);
  if (report.server !== undefined && !isSame(report.server, database.server)) {
    const updatedAt = new Date(ports.now()).toISOString();
    await ports.databases
      .replace({ ...database, server: report.server, updatedAt, version: database.version + 1 })
      .catch((error: unknown) => {
        // Who changed the record meanwhile may have changed the server too: the next test will tell.
        if (!isCode(error, 'version_conflict')) throw error;
        ports.log.info('record changed during its test', { databaseId: id });
      });
  }
  return { ...report, tls: database.tls };
}

const isSame = (one: ServerInfo, other: ServerInfo | undefined): boolean =>
  one.identity === other?.identity && one.version === other.version && one.support === other.support;
