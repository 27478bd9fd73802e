import { readConfig } from '../config.ts';
import { cancelRun } from '../core/cancel-run.ts';
import { deleteBackup } from '../core/delete-backup.ts';
import { downloadBackup } from '../core/download-backup.ts';
import { parseDatabaseId } from '../core/ids.ts';
import { readRun } from '../core/read-run.ts';
import { asOf } from '../core/run.ts';
import { toRunFilter } from '../core/run-filter.ts';
import { startsBackup } from '../core/start-backup.ts';
import { startOnce } from '../core/start-once.ts';
import { startVerification } from '../core/start-verification.ts';
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
        ...(body.format && { format: body.format }),
        queueLeaseMs: config.QUEUE_LEASE_MS,
      };
      const asked = { key: idempotencyKey, principalId: tokenId, request: { path: '/backup', body } };
      const backup = await startOnce(ports, startsBackup(ports, order), asked);
      return { status: 202, body: backup, headers: { location: `/backup/${backup.id}` } };
    },
    'GET /backup': async ({ query }) => ({
      status: 200,
      body: await ports.backups.list(toRunFilter(query), query),
    }),
    'GET /backup/{id}': async ({ id }) => ({
      status: 200,
      body: await readRun(ports.backups, id, now()),
    }),
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
