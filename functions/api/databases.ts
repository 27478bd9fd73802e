import { readConfig } from '../config.ts';
import { changeDatabase } from '../core/change-database.ts';
import type { Credentials, Database } from '../core/database.ts';
import { registerDatabase } from '../core/register-database.ts';
import { removeDatabase } from '../core/remove-database.ts';
import { showGrants } from '../core/show-grants.ts';
import { testDatabase } from '../core/test-database.ts';
import { SafeBaseError } from '../errors.ts';
import { type ApiAnswer, httpHandler } from '../middleware/http-handler.ts';
import { authenticate, log, prober, secretStore, startPorts } from '../services.ts';

const config = readConfig('api-databases', process.env);
const ports = { ...startPorts(config), secrets: secretStore(config), prober: prober(config) };

export const handler = httpHandler<'api-databases'>(
  { log: log(), authenticate: authenticate(config) },
  {
    'POST /databases': async ({ body }) => {
      const database = await registerDatabase(ports, config.NETWORKS, body);
      return show(database, 201);
    },
    'GET /databases': async ({ query }) => {
      const { items, ...rest } = await ports.databases.list(query);
      return { status: 200, body: { items: items.map(shown), ...rest } };
    },
    'GET /databases/{id}': async ({ id }) => {
      const database = await ports.databases.get(id);
      if (database === undefined) throw new SafeBaseError('not_found', `there is no ${id}`);
      return show(database, 200);
    },
    'PUT /databases/{id}': async ({ id, body, ifMatch }) => {
      const database = await changeDatabase(ports, config.NETWORKS, id, versionOf(ifMatch), body);
      return show(database, 200);
    },
    'DELETE /databases/{id}': async ({ id, query }) => {
      const backupsQueuedForDeletion = await removeDatabase(ports, id, query.backups);
      return { status: 200, body: { id, backupsQueuedForDeletion } };
    },
    'POST /databases/{id}/test': async ({ id }) => ({ status: 200, body: await testDatabase(ports, id) }),
    'GET /databases/{id}/grants': async ({ id }) => ({ status: 200, body: await showGrants(ports, id) }),
  },
);

const show = (database: Database, status: 200 | 201): ApiAnswer => ({
  status,
  body: shown(database),
  headers: {
    etag: `"${database.version}"`,
    ...(status === 201 ? { location: `/databases/${database.id}` } : {}),
  },
});

/** Where a secret of ours lies is nobody's business; where one of theirs lies, they said. */
function shown({ backupCredentials, restoreCredentials, ...database }: Database): object {
  const show = ({ username, secretArn, managed }: Credentials) => ({
    username,
    managed,
    ...(managed ? {} : { secretArn }),
  });
  return {
    ...database,
    backupCredentials: show(backupCredentials),
    ...(restoreCredentials === undefined ? {} : { restoreCredentials: show(restoreCredentials) }),
  };
}

/** The version that an If-Match header names. */
function versionOf(ifMatch: string | undefined): number {
  if (ifMatch === undefined) {
    throw new SafeBaseError('precondition_required', 'a change needs the version that it was made from');
  }
  const version = /^"(\d{1,9})"$/.exec(ifMatch.trim())?.[1];
  if (version === undefined) throw new SafeBaseError('version_conflict', 'If-Match names no version');
  return Number(version);
}
