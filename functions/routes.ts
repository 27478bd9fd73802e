/** The API as data. The stack makes routes of it, the middleware checks by it, and it is the contract. */
import * as z from 'zod';

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

// Quotes, backticks, control characters (so also CR and LF), line separators, lone surrogates, and all beyond the BMP:
// MySQL's identifiers cannot hold the last, and nobody needs the others in a name that is typed into `confirm`.
const PLAIN = /^[^'"`\p{Cc}\u2028\u2029\u{D800}-\u{DFFF}\u{10000}-\u{10FFFF}]+$/u;
const NO_CONTROL = /^[^\p{Cc}\u2028\u2029\u{D800}-\u{DFFF}]+$/u;
const SYSTEM_SCHEMAS = ['mysql', 'sys', 'information_schema', 'performance_schema'];

const plainText = (max: number) =>
  z
    .string()
    .min(1)
    .max(max)
    .regex(PLAIN, 'must hold no quotes, backticks, control characters or 4-byte characters')
    .refine((text) => text.trim() === text, 'must not begin or end with a space');
const idOf = (prefix: 'db' | 'bk' | 'rs') =>
  z.string().regex(new RegExp(`^${prefix}_[0-9A-HJKMNP-TV-Z]{26}$`));
/** @see https://dev.mysql.com/doc/refman/8.4/en/identifier-length.html */
const schemaName = plainText(64).refine(
  (name) => !SYSTEM_SCHEMAS.includes(name.toLowerCase()),
  'must not be a schema of the server itself',
);
const time = z.iso.datetime({ offset: true });

// Requests: databases.
const credentials = z
  .strictObject({
    /** At most 80 characters on MariaDB, 32 on MySQL. */
    username: z.string().min(1).max(80).regex(NO_CONTROL, 'must hold no control characters').exactOptional(),
    password: z.string().min(1).max(256).regex(NO_CONTROL, 'must hold no control characters').exactOptional(),
    secretArn: z
      .string()
      .max(2048)
      .regex(
        /^arn:[a-z-]+:secretsmanager:[a-z0-9-]+:\d{12}:secret:[\w/+=.@-]+$/,
        'must be the ARN of a secret',
      )
      .exactOptional(),
  })
  .refine(
    (given) => (given.password === undefined) !== (given.secretArn === undefined),
    'must hold either username and password or a secretArn',
  )
  .refine((given) => given.password === undefined || given.username !== undefined, {
    message: 'is needed beside a password',
    path: ['username'],
  });
const databaseFields = {
  name: plainText(100),
  host: z.string().min(1).max(253).regex(PLAIN, 'must be a host name or an address'),
  port: z.int().min(1).max(65_535).default(3306),
  schemas: z
    .union([
      z.literal('all'),
      z
        .array(schemaName)
        .min(1)
        .max(100)
        .refine((names) => new Set(names).size === names.length, 'must not name a schema twice'),
    ])
    .default('all'),
  network: z
    .string()
    .regex(/^[a-z0-9-]{1,32}$/, 'must be the name of a network profile')
    .default('public'),
  tls: z
    .strictObject({
      mode: z.enum(['verify', 'off']).default('verify'),
      ca: z.string().max(32_768).includes('-----BEGIN CERTIFICATE-----').exactOptional(),
    })
    .default({ mode: 'verify' }),
};
const newDatabase = z.strictObject({
  ...databaseFields,
  backupCredentials: credentials,
  restoreCredentials: credentials.exactOptional(),
});
/** The whole record anew; credentials that are left out stay, and `null` removes those for restores. */
const changedDatabase = z.strictObject({
  ...databaseFields,
  backupCredentials: credentials.exactOptional(),
  restoreCredentials: credentials.nullable().exactOptional(),
});
const removalQuery = z.strictObject({ backups: z.enum(['keep', 'delete']).exactOptional() });

// Requests: runs and lists.
const page = {
  limit: z
    .string()
    .regex(/^([1-9]\d?|100)$/, 'must be a number from 1 to 100')
    .default('50')
    .transform(Number),
  cursor: z.string().min(1).max(500).exactOptional(),
};
const states = z.enum(['queued', 'running', 'completed', 'failed', 'cancelled', 'deleting', 'deleted']);
const runQuery = z.strictObject({
  ...page,
  databaseId: idOf('db').exactOptional(),
  state: states.exactOptional(),
  from: time.exactOptional(),
  until: time.exactOptional(),
});
const newBackup = z.strictObject({
  databaseId: idOf('db'),
  /** That a schema holds nothing any more is right, this once. */
  acceptEmptied: z.boolean().exactOptional(),
});
const newRestore = z.strictObject({
  /** The target. */
  databaseId: idOf('db'),
  /** Source schema → target schema; without it every schema goes under its own name. */
  schemas: z
    .record(z.string().min(1).max(64), z.string().min(1).max(64))
    .refine((names) => Object.keys(names).length > 0, 'must name a schema')
    .refine(
      (names) => Object.entries(names).every(([from, to]) => schemaName.safeParse(to).success || from === to),
      'must give plain names, and none of the server itself, as targets',
    )
    .exactOptional(),
  overwrite: z.boolean().default(false),
  /** The names of the target schemas, typed again. */
  confirm: z.union([z.string().max(64), z.array(z.string().max(64)).max(100)]).exactOptional(),
  events: z.enum(['disabled', 'as-stored']).exactOptional(),
});

// Answers. Kinds, codes and phases are plain text here: an old client must not break on a new one.
const text = z.string();
const shownCredentials = z.object({
  username: text.optional(),
  secretArn: text.optional(),
  managed: z.boolean(),
});
const failure = z.object({ code: text, reason: text, hint: text });
const server = z.object({ product: text, version: text, support: text });
const database = z.object({
  id: text,
  name: text,
  host: text,
  port: z.int(),
  schemas: z.union([z.literal('all'), z.array(text)]),
  network: text,
  tls: z.object({ mode: text, ca: text.optional() }),
  backupCredentials: shownCredentials,
  restoreCredentials: shownCredentials.optional(),
  server: server.optional(),
  createdAt: text,
  updatedAt: text,
  version: z.int(),
});
const probeReport = z.object({
  ok: z.boolean(),
  tls: z.object({ mode: text }),
  server: server.optional(),
  schemas: z.array(text).optional(),
  sizeBytes: z.number().optional(),
  latencyMs: z.number().optional(),
  missingGrants: z.array(text).optional(),
  failure: failure.optional(),
});
const loss = z.object({
  kind: text,
  schema: text,
  object: text,
  column: text.optional(),
  effect: text,
  certain: z.boolean(),
});
/** Of the phase that is under way; what cannot be told yet is absent. */
const count = z.number().optional();
const bytes = { bytesDone: count, bytesEstimated: count, bytesPerSecond: count };
const rows = { tablesDone: count, tablesTotal: count, rowsDone: count };
const progress = z.object({ phase: text, ...bytes, ...rows, estimatedEnd: text.optional() });
const run = {
  databaseId: text,
  state: states,
  requestedBy: text,
  tls: z.object({ mode: text }),
  server: server.optional(),
  createdAt: text,
  startedAt: text.optional(),
  endedAt: text.optional(),
  progress: progress.optional(),
  cancel: z.object({ requestedBy: text, requestedAt: text }).optional(),
  failure: failure.optional(),
  losses: z.array(loss).optional(),
  shortened: z.boolean().optional(),
};
const verification = z.object({
  state: text,
  requestedBy: text,
  requestedAt: text,
  startedAt: text.optional(),
  endedAt: text.optional(),
  bytesRead: z.number().optional(),
  bytesToRead: z.number().optional(),
  bytesOnly: z.array(text).optional(),
  failure: failure.optional(),
});
const backup = z.object({
  id: text,
  format: text,
  ...run,
  schemas: z
    .array(
      z.object({
        name: text,
        characterSet: text,
        collation: text,
        comment: text,
        counts: z.record(text, z.int()),
        notOfOneInstant: z.array(text),
        brokenViews: z.array(z.object({ name: text, definition: text })),
        definers: z.array(text),
      }),
    )
    .optional(),
  sizeBytes: z.number().optional(),
  dumpBytes: z.number().optional(),
  reread: z.boolean().optional(),
  acceptEmptied: z.boolean().optional(),
  comparedWith: text.optional(),
  shrunk: z
    .array(z.object({ schema: text, what: text, table: text.optional(), before: z.int(), now: z.int() }))
    .optional(),
  verification: verification.optional(),
  manifest: z.object({ signature: z.object({ key: text }).optional() }).optional(),
  adopted: z.boolean().optional(),
  shortened: z.boolean().optional(),
});
const restoredSchema = z.object({
  source: text,
  target: text,
  state: text,
  disabledEvents: z.array(text),
  /** Absent in records of before it was written down. */
  leftOut: z.array(text).optional(),
});
const restore = z.object({
  id: text,
  backupId: text,
  sourceDatabaseId: text,
  schemas: z.record(text, text),
  overwrite: z.boolean(),
  events: text.exactOptional(),
  ...run,
  restored: z.array(restoredSchema).optional(),
});
const link = z.object({
  schema: text,
  fileName: text,
  sizeBytes: z.number(),
  sha256: text,
  url: text,
});
const download = z.object({ expiresAt: text, dumps: z.array(link) });
const pageOf = <T extends z.ZodType>(item: T) =>
  z.object({ items: z.array(item), nextCursor: text.optional() });
const removal = z.object({ id: text, backupsQueuedForDeletion: z.int() });

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
