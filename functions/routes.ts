/** The API as data. The stack makes routes of it, the middleware checks by it, and it is the contract. */
import * as z from 'zod';
import { database, download, grants, pageOf, probeReport, removal } from './contract/answers.ts';
import { changedDatabase, newDatabase, removalQuery } from './contract/database-requests.ts';
import { backup, restore } from './contract/run-answers.ts';
import { newBackup, newRestore, page, runQuery } from './contract/run-requests.ts';
import { text } from './contract/words.ts';

/** The function that answers a route; one for each resource. */
export type ApiHandler = 'api-databases' | 'api-backups' | 'api-restores' | 'api-health';

/** What a principal must be allowed; `null` is open to everybody. */
type Permission =
  | 'databases:read'
  | 'databases:write'
  | 'databases:test'
  | 'backups:read'
  | 'backups:create'
  | 'backups:verify'
  | 'backups:delete'
  | 'backups:download'
  | 'restores:read'
  | 'restores:create';

export interface Route {
  readonly method: 'GET' | 'POST' | 'PUT' | 'DELETE';
  /** API Gateway's form: `/databases/{id}`. */
  readonly path: string;
  readonly handler: ApiHandler;
  readonly permission: Permission | null;
  readonly summary: string;
  /** Strict: unknown fields are refused. */
  readonly body?: z.ZodType;
  readonly query?: z.ZodType;
  /** What `{id}` names; an id of another form is answered 404. */
  readonly id?: 'db' | 'bk' | 'rs';
  /** It takes an Idempotency-Key, with which a request can be repeated; elsewhere that header means nothing. */
  readonly repeatable?: true;
  /** The whole answer: fields that are not in it never leave. */
  readonly response: z.ZodType;
}

const databases = { handler: 'api-databases', path: '/databases' } as const;
const oneDatabase = { handler: 'api-databases', path: '/databases/{id}', id: 'db' } as const;
const backups = { handler: 'api-backups', path: '/backup' } as const;
const oneBackup = { handler: 'api-backups', path: '/backup/{id}', id: 'bk' } as const;
const restores = { handler: 'api-restores', path: '/restore' } as const;

// One line a route reads best, as a table.
// biome-ignore format: see above.
export const ROUTES = [
  { method: 'POST', ...databases, permission: 'databases:write', summary: 'Register a database', body: newDatabase, response: database },
  { method: 'GET', ...databases, permission: 'databases:read', summary: 'List databases, newest first', query: z.strictObject(page), response: pageOf(database) },
  { method: 'GET', ...oneDatabase, permission: 'databases:read', summary: 'Show a database', response: database },
  { method: 'PUT', ...oneDatabase, permission: 'databases:write', summary: 'Change a database (If-Match)', body: changedDatabase, response: database },
  { method: 'DELETE', ...oneDatabase, permission: 'databases:write', summary: 'Forget a database', query: removalQuery, response: removal },
  { method: 'POST', ...oneDatabase, path: '/databases/{id}/test', permission: 'databases:test', summary: 'Connect and look at a database', response: probeReport },
  { method: 'GET', ...oneDatabase, path: '/databases/{id}/grants', permission: 'databases:test', summary: 'Show the statements that make accounts with the least rights', response: grants },
  { method: 'POST', ...backups, repeatable: true, permission: 'backups:create', summary: 'Start a backup', body: newBackup, response: backup },
  { method: 'GET', ...backups, permission: 'backups:read', summary: 'List backups, newest first', query: runQuery, response: pageOf(backup) },
  { method: 'GET', ...oneBackup, permission: 'backups:read', summary: 'Show a backup', response: backup },
  { method: 'POST', ...oneBackup, path: '/backup/{id}/cancel', permission: 'backups:create', summary: 'Cancel a backup that has not ended', response: backup },
  { method: 'DELETE', ...oneBackup, permission: 'backups:delete', summary: 'Delete a backup', response: backup },
  { method: 'POST', ...oneBackup, path: '/backup/{id}/verify', permission: 'backups:verify', summary: 'Read back everything of a backup', response: backup },
  { method: 'GET', ...oneBackup, path: '/backup/{id}/download', permission: 'backups:download', summary: 'Addresses to download a backup', response: download },
  { method: 'POST', ...restores, path: '/restore/{id}', id: 'bk', repeatable: true, permission: 'restores:create', summary: 'Restore the backup with this id', body: newRestore, response: restore },
  { method: 'GET', ...restores, permission: 'restores:read', summary: 'List restores, newest first', query: runQuery, response: pageOf(restore) },
  { method: 'GET', ...restores, path: '/restore/{id}', id: 'rs', permission: 'restores:read', summary: 'Show a restore', response: restore },
  { method: 'POST', ...restores, path: '/restore/{id}/cancel', id: 'rs', permission: 'restores:create', summary: 'Cancel a restore that has not ended', response: restore },
  { method: 'GET', handler: 'api-health', path: '/health', permission: null, summary: 'Whether the API answers', response: z.object({ status: text }) },
] as const satisfies readonly Route[];
