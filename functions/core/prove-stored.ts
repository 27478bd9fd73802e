import type { Loss } from '../engine/contents.ts';
import { checkDump } from '../engine/sql/check-dump.ts';
import { readVerifiedParts } from '../engine/sql/read-verified-parts.ts';
import { SafeBaseError } from '../errors.ts';
import type { Manifest } from './manifest.ts';
import type { ObjectStore } from './ports.ts';
import { differences } from './prepare-target.ts';

type Schema = Manifest['schemas'][number];

interface ProofOptions {
  /** What is known of the dump: where it cannot be loaded and says so, only its bytes are proved. */
  readonly losses: readonly Loss[];
  readonly signal: AbortSignal;
  /** Called with the bytes of SQL text so far. */
  readonly onProgress: (bytes: number) => void;
}

/**
 * Reads a stored dump as a restore will: every part with its SHA-256, the whole text to its end, every statement. The
 * checks of S3 itself look at parts on their way in, not at what a reader gets; and a dump that a restore would refuse,
 * or that holds other objects than the schema had, is no backup.
 * @throws `proof_failed`, `dump_incomplete`
 */
export async function proveStored(
  objects: ObjectStore,
  schema: Schema,
  options: ProofOptions,
): Promise<void> {
  const { name, dump } = schema;
  const read = (range: { readonly first: number; readonly last: number }) =>
    objects.read(dump.key, dump.versionId, range);
  const parts = readVerifiedParts(read, dump, options.signal);
  const stops = options.losses.some(({ kind, ...loss }) => STOPS.has(kind) && loss.schema === name);
  try {
    if (stops) await readAll(parts);
    else await proveText(schema, parts, options);
  } catch (error) {
    if (!isRefusal(error)) throw error;
    throw new SafeBaseError('proof_failed', `${dump.key}: ${error.message}`, { cause: error });
  }
}

/** Servers print these tables so that nobody can read them, neither they themselves nor the check. */
const STOPS: ReadonlySet<Loss['kind']> = new Set(['foreign_key_backtick']);

async function readAll(parts: AsyncGenerator<Buffer, void, undefined>): Promise<void> {
  for (let next = await parts.next(); !next.done; ) next = await parts.next();
}

async function proveText(
  schema: Schema,
  dump: AsyncIterable<Buffer>,
  { signal, onProgress }: ProofOptions,
): Promise<void> {
  const { name } = schema;
  const { dumpBytes } = schema.dump;
  const { created } = await checkDump({
    schema: name,
    targetSchema: name,
    dump,
    dumpBytes,
    signal,
    onProgress,
  });
  const differing = differences(schema, created);
  if (differing === '') return;
  throw new SafeBaseError('dump_incomplete', `the dump of ${name} creates ${differing}`);
}

const isRefusal = (error: unknown): error is SafeBaseError =>
  error instanceof SafeBaseError &&
  ['backup_damaged', 'dump_truncated', 'dump_escapes_target'].includes(error.code);
