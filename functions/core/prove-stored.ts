import { createHash } from 'node:crypto';
import { SafeBaseError } from '../errors.ts';
import type { StoredObject } from './manifest.ts';
import type { ObjectStore } from './ports.ts';

/**
 * Reads a stored object whole and compares length and SHA-256 with what was sent: the checks of S3 itself look
 * at parts on their way in, not at what a reader gets.
 * @throws `proof_failed`
 */
export async function proveStored(
  objects: ObjectStore,
  object: StoredObject,
  options: { readonly signal: AbortSignal; readonly onProgress: (bytes: number) => void },
): Promise<void> {
  const hash = createHash('sha256');
  let bytes = 0;
  for await (const chunk of objects.read(object.key, object.versionId)) {
    options.signal.throwIfAborted();
    hash.update(chunk);
    bytes += chunk.length;
    options.onProgress(bytes);
  }
  if (bytes !== object.sizeBytes || hash.digest('hex') !== object.sha256) {
    throw new SafeBaseError('proof_failed', `${object.key} reads back otherwise than it was sent`);
  }
}
