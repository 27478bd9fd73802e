import { createHash } from 'node:crypto';
import { throwIfOver } from '../engine/deadline.ts';
import { isCode, SafeBaseError } from '../errors.ts';
import type { StoredObject } from './manifest.ts';
import type { ObjectStore } from './ports.ts';

interface ProofOptions {
  readonly signal: AbortSignal;
  /** Called with the stored bytes so far. */
  readonly onProgress: (bytes: number) => void;
}

/**
 * Reads a stored object from its first byte to its last and compares the SHA-256 of the whole. The checks of S3 itself
 * look at parts on their way in, not at what a reader gets.
 * @throws `proof_failed`; what the store throws; the reason of the signal
 */
export async function proveStored(
  objects: ObjectStore,
  { key, versionId, sizeBytes, sha256 }: Pick<StoredObject, 'key' | 'versionId' | 'sizeBytes' | 'sha256'>,
  { signal, onProgress }: ProofOptions,
): Promise<void> {
  const hash = createHash('sha256');
  let bytes = 0;
  try {
    const whole = { first: 0, last: sizeBytes - 1 };
    for await (const chunk of objects.read(key, versionId, whole, signal)) {
      throwIfOver(signal);
      hash.update(chunk);
      bytes += chunk.length;
      onProgress(bytes);
    }
  } catch (error) {
    if (!isCode(error, 'backup_damaged')) throw error;
    throw new SafeBaseError('proof_failed', error.message, { cause: error });
  }
  if (bytes !== sizeBytes) throw differs(key, `${bytes} bytes, not ${sizeBytes}`);
  const found = hash.digest('hex');
  if (found !== sha256) throw differs(key, `the SHA-256 ${found}, not ${sha256}`);
}

const differs = (key: string, what: string): SafeBaseError =>
  new SafeBaseError('proof_failed', `${key}, read back, has ${what}`);
