import * as z from 'zod';
import { SafeBaseError } from '../errors.ts';
import { idPattern, parseBackupId, parseDatabaseId } from './ids.ts';
import { isInPlace, type Manifest, manifestKey } from './manifest.ts';

const bytes = z.int().min(0);
const sha256 = z.string().regex(/^[0-9a-f]{64}$/);
const time = z.iso.datetime();

const fingerprint = z.string().regex(/^[0-9a-f]{32}$/);

const file = z.object({
  key: z.string(),
  versionId: z.string().min(1),
  sizeBytes: bytes,
  sha256,
  parts: z.array(z.object({ number: z.int().min(1), sizeBytes: bytes, sha256 })).min(1),
});
const dump = file.extend({ dumpBytes: bytes });
const counts = z.object({
  tables: bytes,
  views: bytes,
  triggers: bytes,
  procedures: bytes,
  functions: bytes,
  events: bytes,
  sequences: bytes,
  packages: bytes,
});
const contents = {
  name: z.string().min(1),
  characterSet: z.string(),
  collation: z.string(),
  comment: z.string(),
  counts,
  notOfOneInstant: z.array(z.string()),
  readUnderLock: z.array(z.string()).exactOptional(),
  brokenViews: z.array(z.object({ name: z.string(), definition: z.string() })),
  definers: z.array(z.string()),
};
const sqlSchema = z.object({
  ...contents,
  tables: z.array(z.object({ name: z.string(), rows: bytes })).exactOptional(),
  instant: time,
  dump,
});
const table = z.object({
  name: z.string().min(1),
  rows: bytes,
  bytes,
  fingerprint,
  columns: z.array(z.object({ name: z.string(), type: z.string(), fullType: z.string() })),
  hasGenerated: z.boolean(),
  load: z.string(),
  period: z.tuple([z.string(), z.string()]).exactOptional(),
  chunks: z.array(file.extend({ rows: bytes, textBytes: bytes, fingerprint })),
});
const parallelSchema = z.object({
  ...contents,
  tables: z.array(table),
  instant: time,
  definitions: dump,
  objects: dump,
});
const loss = z.object({
  // Kinds that a later release knows are told as they are.
  kind: z.string(),
  schema: z.string(),
  object: z.string(),
  column: z.string().exactOptional(),
  effect: z.string(),
  certain: z.boolean(),
});
const shrunk = z.object({
  schema: z.string(),
  // As kinds of losses.
  what: z.string(),
  table: z.string().exactOptional(),
  before: bytes,
  now: bytes,
});
const common = {
  manifestVersion: z.literal(1),
  backupId: z.string().regex(idPattern('bk')).transform(parseBackupId),
  databaseId: z.string().regex(idPattern('db')).transform(parseDatabaseId),
  startedAt: time,
  completedAt: time,
  server: z.object({
    product: z.enum(['mariadb', 'mysql']),
    version: z.string(),
    support: z.enum(['tested', 'expected', 'unsupported']),
    identity: z.string(),
  }),
  program: z.object({ name: z.enum(['mariadb-dump', 'mysqldump']), version: z.string() }),
  compression: z.literal('zstd'),
  losses: z.array(loss),
  comparedWith: z.string().regex(idPattern('bk')).transform(parseBackupId).exactOptional(),
  shrunk: z.array(shrunk).exactOptional(),
  notCovered: z.array(z.string()),
};
const position = z.object({ file: z.string(), position: bytes, gtid: z.string().exactOptional() });
const snapshot = z.object({
  lanes: z.int().min(1),
  way: z.enum(['alone', 'backup_stage', 'lock_tables']),
  lockMs: bytes,
});
const manifest = z.discriminatedUnion('format', [
  z.object({
    ...common,
    format: z.literal('sql'),
    consistency: z.enum(['one-instant', 'per-schema']),
    schemas: z.array(sqlSchema).min(1),
  }),
  z.object({
    ...common,
    format: z.literal('parallel'),
    consistency: z.literal('one-instant'),
    position: position.exactOptional(),
    snapshot: snapshot.exactOptional(),
    attempts: z.int().min(2).max(3).exactOptional(),
    schemas: z.array(parallelSchema).min(1),
  }),
]);

/**
 * A manifest of which nothing is known but its bytes. Every field that this release reads must be there and of its
 * shape, and every object lie where the ids of the manifest say; fields that it does not know are left out.
 * @throws `backup_damaged`
 */
export function parseManifest(key: string, body: Buffer): Manifest {
  const parsed = manifest.safeParse(jsonIn(body));
  if (!parsed.success) {
    const [issue] = parsed.error.issues;
    const where = issue === undefined ? '' : `: ${issue.path.join('.')} ${issue.message}`;
    throw new SafeBaseError('backup_damaged', `${key} is no manifest that this release knows${where}`);
  }
  const read = parsed.data as Manifest;
  const { databaseId, backupId } = read;
  const isOwn = key === manifestKey(databaseId, backupId) && isInPlace(read, databaseId, backupId);
  if (!isOwn) throw new SafeBaseError('backup_damaged', `${key} belongs elsewhere by its own ids`);
  return read;
}

function jsonIn(body: Buffer): unknown {
  try {
    return JSON.parse(body.toString('utf8'));
  } catch {
    return undefined;
  }
}
