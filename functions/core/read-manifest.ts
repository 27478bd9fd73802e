import { createHash } from 'node:crypto';
import { SafeBaseError } from '../errors.ts';
import { isInPlace, MAX_MANIFEST_BYTES, type Manifest, manifestKey } from './manifest.ts';
import type { ObjectStore } from './ports.ts';
import type { Backup } from './run.ts';
import { checkSignature } from './signature.ts';

/** A signature of P-256 has at most 72 bytes, its public key 178. */
const MAX_SMALL_BYTES = 4_096;

/** What is read without a signal is waited for by a request, or by other runs behind this one. */
const READ_MS = 20_000;

type Stored = NonNullable<Backup['manifest']>;

/**
 * The manifest of a backup, which must be whole and this backup's own: it lies in its place, names its ids and leads to
 * its objects alone.
 * @param signal ends the reading @default 20 s for each object
 * @throws `backup_damaged`, `signature_invalid`, `unavailable`, the reason of the signal
 */
export async function readManifestOf(
  objects: ObjectStore,
  { id, databaseId, manifest: stored }: Pick<Backup, 'id' | 'databaseId' | 'manifest'>,
  signal?: AbortSignal,
): Promise<Manifest> {
  if (stored === undefined)
    throw new SafeBaseError('backup_damaged', `the record of ${id} names no manifest`);
  const manifest = await readManifest(objects, stored, signal);
  const isOwn =
    stored.key === manifestKey(databaseId, id) &&
    manifest.backupId === id &&
    manifest.databaseId === databaseId &&
    isInPlace(manifest, databaseId, id);
  if (!isOwn)
    throw damaged(stored.key, `is not the manifest of ${id}, or leads to objects of another backup`);
  return manifest;
}

/**
 * Reads the manifest that the record names, by version, and trusts it only if its SHA-256 is the record's; where the
 * record names a signature, that must match as well.
 * @throws as `readManifestOf`
 */
export async function readManifest(
  objects: ObjectStore,
  stored: Stored,
  signal?: AbortSignal,
): Promise<Manifest> {
  const body = await readManifestBytes(objects, stored, signal);
  // The hash says that we wrote it: its shape is the one of the version that it names.
  const manifest: Manifest = JSON.parse(body.toString('utf8'));
  if (manifest.manifestVersion !== 1)
    throw damaged(stored.key, 'is of a version that this release does not know');
  return manifest;
}

/** The same as bytes. @throws as `readManifestOf` */
export async function readManifestBytes(
  objects: ObjectStore,
  stored: Stored,
  signal?: AbortSignal,
): Promise<Buffer> {
  const body = await readWhole(objects, stored, MAX_MANIFEST_BYTES, signal);
  if (createHash('sha256').update(body).digest('hex') !== stored.sha256) {
    throw damaged(stored.key, 'is not the one that was written');
  }
  const { signature } = stored;
  if (signature !== undefined) {
    checkSignature(body, await readSmall(objects, signature, signal), signature.publicKey);
  }
  return body;
}

interface Place {
  readonly key: string;
  readonly versionId: string;
}

/** A manifest of which nothing is known yet. @throws `backup_damaged`, `unavailable` */
export const readUnknownManifest = (objects: ObjectStore, place: Place): Promise<Buffer> =>
  readWhole(objects, place, MAX_MANIFEST_BYTES);

/** A signature or a key. @param signal as of `readManifestOf` @throws `backup_damaged`, `unavailable` */
export const readSmall = (objects: ObjectStore, place: Place, signal?: AbortSignal): Promise<Buffer> =>
  readWhole(objects, place, MAX_SMALL_BYTES, signal);

async function readWhole(
  objects: ObjectStore,
  { key, versionId }: Place,
  maxBytes: number,
  signal?: AbortSignal,
): Promise<Buffer> {
  const until = signal ?? AbortSignal.timeout(READ_MS);
  const chunks: Buffer[] = [];
  let bytes = 0;
  try {
    for await (const chunk of objects.read(key, versionId, undefined, until)) {
      bytes += chunk.length;
      if (bytes > maxBytes) throw damaged(key, 'is far too long');
      chunks.push(chunk);
    }
  } catch (error) {
    if (signal !== undefined || !until.aborted) throw error;
    throw new SafeBaseError('unavailable', `${key} was not read within ${READ_MS} ms`, { cause: error });
  }
  return Buffer.concat(chunks);
}

const damaged = (key: string, what: string): SafeBaseError =>
  new SafeBaseError('backup_damaged', `${key} ${what}`);
