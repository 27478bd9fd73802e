import { throwIfOver } from '../engine/deadline.ts';
import { decompressDump } from '../engine/sql/decompress-dump.ts';
import { readVerifiedParts } from '../engine/sql/read-verified-parts.ts';
import { SafeBaseError } from '../errors.ts';
import { checkStored, type OpenFile } from './check-stored.ts';
import { type Manifest, type StoredFile, type StoredSchema, sizeBytesOf } from './manifest.ts';
import type { ObjectStore } from './ports.ts';
import { refuseOtherCounts } from './prepare-target.ts';
import { readManifestOf } from './read-manifest.ts';
import type { Backup } from './run.ts';

interface VerifyOptions {
  readonly signal: AbortSignal;
  /** Called with the stored bytes that were read so far, and all that there are. */
  readonly onProgress: (bytesRead: number, bytesToRead: number) => void;
}

/**
 * Reads everything of a backup as a restore would, and needs no database for it: the manifest that the record names, every
 * part of every object with its SHA-256, every statement, every row, and holds the objects and the rows of each table
 * against the manifest.
 * @returns the schemas whose statements nobody can read, which are proved by their bytes alone
 * @throws `backup_damaged`, `signature_invalid`, `dump_truncated`, `dump_escapes_target`, `unavailable`, the reason of the
 * signal
 */
export async function verifyBackup(
  objects: ObjectStore,
  backup: Backup,
  { signal, onProgress }: VerifyOptions,
): Promise<{ readonly bytesOnly: readonly string[] }> {
  const manifest = await readManifestOf(objects, backup, signal);
  const bytesToRead = manifest.schemas.reduce((total, schema) => total + sizeBytesOf(schema), 0);
  let bytesRead = 0;
  onProgress(bytesRead, bytesToRead);
  const bytesOnly: string[] = [];
  for (const schema of manifest.schemas) {
    const open = (file: StoredFile) =>
      partsOf(objects, file, signal, (bytes) => {
        bytesRead += bytes;
        onProgress(bytesRead, bytesToRead);
      });
    const isReadable = !isUnreadable(manifest, schema);
    if (!isReadable) bytesOnly.push(schema.name);
    await checkSchema(schema, open, { signal, isReadable }).catch((error: unknown) => {
      if (!(error instanceof SafeBaseError) || signal.aborted) throw error;
      const { code, hint } = error;
      throw new SafeBaseError(code, `schema ${schema.name}: ${error.message}`, { cause: error, hint });
    });
  }
  throwIfOver(signal);
  return { bytesOnly };
}

/** What a table of this name prints can be told from nothing else: the dump was never looked through. */
const isUnreadable = ({ losses }: Manifest, { name, tables }: StoredSchema): boolean =>
  tables === undefined &&
  losses.some(({ kind, schema }) => kind === 'foreign_key_backtick' && schema === name);

function partsOf(
  objects: ObjectStore,
  file: StoredFile,
  signal: AbortSignal,
  onBytes: (bytes: number) => void,
): AsyncGenerator<Buffer> {
  return readVerifiedParts(read, file, signal);

  async function* read(range: { readonly first: number; readonly last: number }) {
    for await (const chunk of objects.read(file.key, file.versionId, range, signal)) {
      // A part may have a quarter of a gigabyte: the end of the time must not wait for it.
      throwIfOver(signal);
      onBytes(chunk.length);
      yield chunk;
    }
  }
}

async function checkSchema(
  schema: StoredSchema,
  open: OpenFile,
  { signal, isReadable }: { readonly signal: AbortSignal; readonly isReadable: boolean },
): Promise<void> {
  const onProgress = (): void => {};
  if (isReadable || !('dump' in schema)) {
    const checked = await checkStored({ open, schema, signal, onProgress });
    refuseOtherCounts({ contents: schema }, checked);
    return;
  }
  const { dump } = schema;
  // To its end, where the SHA-256 of the whole and the end line are looked at.
  const input = { dump: open(dump), dumpBytes: dump.dumpBytes, signal, onProgress };
  for await (const _ of decompressDump(input));
}
