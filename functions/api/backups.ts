import { readConfig } from '../config.ts';
import { cancelRun } from '../core/cancel-run.ts';
import { deleteBackup } from '../core/delete-backup.ts';
import { downloadBackup } from '../core/download-backup.ts';
import { newBackupId, parseBackupId, parseDatabaseId } from '../core/ids.ts';
import { asOf, type Backup } from '../core/run.ts';
import { toRunFilter } from '../core/run-filter.ts';
import { startBackup } from '../core/start-backup.ts';
import { startOnce } from '../core/start-once.ts';
import { startVerification } from '../core/start-verification.ts';
import { SafeBaseError } from '../errors.ts';
import { httpHandler } from '../middleware/http-handler.ts';
import {
  authenticate,
  downloadLinks,
  idempotencyStore,
  log,
  now,
  objectStore,
  startPorts,
} from '../services.ts';

const config = readConfig('api-backups', process.env);
const ports = {
  ...startPorts(config),
  idempotency: idempotencyStore(config),
  objects: objectStore(config),
  links: downloadLinks(config),
};

export const handler = httpHandler<'api-backups'>(
  { log: log(), authenticate: authenticate(config) },
  {
    'POST /backup': async ({ body, principal: { tokenId }, idempotencyKey }) => {
      const order = {
        databaseId: parseDatabaseId(body.databaseId),
        requestedBy: tokenId,
        acceptEmptied: body.acceptEmptied === true,
        queueLeaseMs: config.QUEUE_LEASE_MS,
      };
      const backup = await startOnce<Backup>(
        { ...ports, runs: ports.backups },
        {
          key: idempotencyKey,
          principalId: tokenId,
          request: { path: '/backup', body },
          newId: () => newBackupId(now()),
          parseId: parseBackupId,
          start: (id) => startBackup(ports, { ...order, id }),
        },
      );
      return { status: 202, body: backup, headers: { location: `/backup/${backup.id}` } };
    },
    'GET /backup': async ({ query: { limit, cursor, ...filter } }) => {
      const page = cursor === undefined ? { limit } : { limit, cursor };
      return { status: 200, body: await ports.backups.list(toRunFilter(filter), page) };
    },
    'GET /backup/{id}': async ({ id }) => {
      const backup = await ports.backups.get(id);
      if (backup === undefined) throw new SafeBaseError('not_found', `there is no ${id}`);
      return { status: 200, body: asOf(backup, now()) };
    },
    'POST /backup/{id}/cancel': async ({ id, principal }) => ({
      status: 202,
      body: await cancelRun({ ...ports, runs: ports.backups }, id, principal.tokenId),
    }),
    'POST /backup/{id}/verify': async ({ id, principal }) => {
      const { QUEUE_LEASE_MS: queueLeaseMs } = config;
      const order = { backupId: id, requestedBy: principal.tokenId, queueLeaseMs };
      const backup = await startVerification(ports, order);
      return { status: 202, body: backup, headers: { location: `/backup/${id}` } };
    },
    'DELETE /backup/{id}': async ({ id }) => ({
      status: 202,
      body: asOf(await deleteBackup(ports, id), now()),
    }),
    'GET /backup/{id}/download': async ({ id }) => ({ status: 200, body: await downloadBackup(ports, id) }),
  },
);
