import { readConfig } from '../config.ts';
import { cancelRun } from '../core/cancel-run.ts';
import { parseDatabaseId } from '../core/ids.ts';
import { readRun } from '../core/read-run.ts';
import { toRunFilter } from '../core/run-filter.ts';
import { startOnce } from '../core/start-once.ts';
import { startsRestore } from '../core/start-restore.ts';
import { httpHandler } from '../middleware/http-handler.ts';
import { authenticate, idempotencyStore, log, now, startPorts } from '../services.ts';

const config = readConfig('api-restores', process.env);
const ports = { ...startPorts(config), idempotency: idempotencyStore(config) };

export const handler = httpHandler<'api-restores'>(
  { log: log(), authenticate: authenticate(config) },
  {
    'POST /restore/{id}': async ({ id: backupId, body, principal: { tokenId }, idempotencyKey }) => {
      const order = {
        ...body,
        backupId,
        databaseId: parseDatabaseId(body.databaseId),
        requestedBy: tokenId,
        queueLeaseMs: config.QUEUE_LEASE_MS,
      };
      const request = { path: `/restore/${backupId}`, body };
      const asked = { key: idempotencyKey, principalId: tokenId, request };
      const restore = await startOnce(ports, startsRestore(ports, order), asked);
      return { status: 202, body: restore, headers: { location: `/restore/${restore.id}` } };
    },
    'GET /restore': async ({ query }) => ({
      status: 200,
      body: await ports.restores.list(toRunFilter(query), query),
    }),
    'GET /restore/{id}': async ({ id }) => ({
      status: 200,
      body: await readRun(ports.restores, id, now()),
    }),
    'POST /restore/{id}/cancel': async ({ id, principal }) => ({
      status: 202,
      body: await cancelRun({ ...ports, runs: ports.restores }, id, principal.tokenId),
    }),
  },
);
