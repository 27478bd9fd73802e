import { createHash } from 'node:crypto';
import { SafeBaseError } from '../errors.ts';
import type { Manifest } from './manifest.ts';
import type { ObjectStore } from './ports.ts';
import type { Backup } from './run.ts';

/** A manifest lists every part of every schema: 1,000 schemas of 5 GB stay well below this. */
const MAX_MANIFEST_BYTES = 64 * 1024 * 1024;

/**
 * Reads the manifest that the record names, by version, and trusts it only if its SHA-256 is the record's.
 * @throws `backup_damaged`
 */
export async function readManifest(
  objects: ObjectStore,
  stored: NonNullable<Backup['manifest']>,
): Promise<Manifest> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of objects.read(stored.key, stored.versionId)) {
    bytes += chunk.length;
    if (bytes > MAX_MANIFEST_BYTES) throw damaged(stored.key, 'is far too long');
    chunks.push(chunk);
  }
  const body = Buffer.concat(chunks);
  if (createHash('sha256').update(body).digest('hex') !== stored.sha256) {
    throw damaged(stored.key, 'is not the one that was written');
  }
  // The hash says that we wrote it: its shape is the one of the version that it names.
  const manifest: Manifest = JSON.parse(body.toString('utf8'));
  if (manifest.manifestVersion !== 1)
    throw damaged(stored.key, 'is of a version that this release does not know');
  return manifest;
}

const damaged = (key: string, what: string): SafeBaseError =>
  new SafeBaseError('backup_damaged', `${key} ${what}`);
