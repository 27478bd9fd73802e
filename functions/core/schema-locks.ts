import type { Server } from '../engine/catalogue/server.ts';
import { isCode, SafeBaseError } from '../errors.ts';
import type { Log } from './ports.ts';
import { releaseLock } from './release-lock.ts';
import type { Backup, Restore } from './run.ts';
import { type LockPorts, takeLock } from './take-lock.ts';

interface SchemaLockPorts extends LockPorts {
  readonly log: Log;
}

/** What tells one schema from every other, whichever record of a database leads to it. */
export type ServerOfSchemas = Pick<Server, 'lowerCaseTableNames'> & {
  readonly info: Pick<Server['info'], 'identity'>;
};

/** Takes the locks of schemas, before the first look at what they hold. @throws `run_active` with `details.runId` */
export type LockSchemas = (server: ServerOfSchemas, schemas: readonly string[]) => Promise<void>;

/** The locks of one run on the schemas that it reads or fills. */
export interface SchemaLocks {
  readonly take: LockSchemas;
  /** Frees those that are still this run's; one that cannot be freed is not waited for once the run has ended. */
  release(): Promise<void>;
}

/** Names that differ in case alone are one schema to some servers. */
export const schemaLockKey = ({ info, lowerCaseTableNames }: ServerOfSchemas, schema: string): string =>
  `${info.identity}/${lowerCaseTableNames === 0 ? schema : schema.toLowerCase()}`;

/**
 * Locks by the server's own identity, which only a worker can read: two records of one server share them. They last as
 * long as their worker can live at most and need no renewal: the lock of a dead worker goes to who asks for it once its run
 * is fenced off, which `takeLock` looks for.
 * @param expiresAt when its worker is gone for certain (ISO 8601)
 */
export function schemaLocks(ports: SchemaLockPorts, run: Backup | Restore, expiresAt: string): SchemaLocks {
  const keys = new Set<string>();
  return {
    take: async (server, schemas) => {
      const wanted = schemas.map((schema) => ({ schema, key: schemaLockKey(server, schema) }));
      // In one order, so that of two runs that meet in several schemas one gets all.
      for (const { schema, key } of wanted.sort((one, other) => (one.key < other.key ? -1 : 1))) {
        keys.add(key);
        await takeLock(ports, { key, owner: run.id, expiresAt }).catch((error: unknown) => {
          throw isCode(error, 'run_active') ? schemaTaken(error, schema) : error;
        });
      }
    },
    release: async () => {
      for (const key of keys) await releaseLock(ports, { key, owner: run.id });
    },
  };
}

function schemaTaken(cause: SafeBaseError, schema: string): SafeBaseError {
  const { details } = cause;
  const holder = details.runId === undefined ? 'another run' : String(details.runId);
  return new SafeBaseError('run_active', `${holder} is active on schema ${schema} of the same server`, {
    hint: `Wait until ${holder} has ended, then start again.`,
    details,
    cause,
  });
}
