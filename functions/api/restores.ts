import { readConfig } from '../config.ts';
import { cancelRun } from '../core/cancel-run.ts';
import { newRestoreId, parseDatabaseId, parseRestoreId } from '../core/ids.ts';
import { asOf, type Restore } from '../core/run.ts';
import { toRunFilter } from '../core/run-filter.ts';
import { startOnce } from '../core/start-once.ts';
import { startRestore } from '../core/start-restore.ts';
import { SafeBaseError } from '../errors.ts';
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
      const restore = await startOnce<Restore>(
        { ...ports, runs: ports.restores },
        {
          key: idempotencyKey,
          principalId: tokenId,
          request: { path: `/restore/${backupId}`, body },
          newId: () => newRestoreId(now()),
          parseId: parseRestoreId,
          start: (id) => startRestore(ports, { ...order, id }),
        },
      );
      return { status: 202, body: restore, headers: { location: `/restore/${restore.id}` } };
    },
    'GET /restore': async ({ query: { limit, cursor, ...filter } }) => {
      const page = cursor === undefined ? { limit } : { limit, cursor };
      return { status: 200, body: await ports.restores.list(toRunFilter(filter), page) };
    },
    'GET /restore/{id}': async ({ id }) => {
      const restore = await ports.restores.get(id);
      if (restore === undefined) throw new SafeBaseError('not_found', `there is no ${id}`);
      return { status: 200, body: asOf(restore, now()) };
    },
    'POST /restore/{id}/cancel': async ({ id, principal }) => ({
      status: 202,
      body: await cancelRun({ ...ports, runs: ports.restores }, id, principal.tokenId),
    }),
  },
);
