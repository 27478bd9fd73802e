import { createHash, createPublicKey, verify } from 'node:crypto';
import { SafeBaseError } from '../errors.ts';
import type { BackupId, DatabaseId } from './ids.ts';
import { backupPrefix, manifestKey } from './manifest.ts';

/** The signature of a manifest, as a record keeps it. */
export interface Signature {
  readonly key: string;
  readonly versionId: string;
  /** PEM of the key that this stack trusted when it made or adopted the signature. */
  readonly publicKey: string;
}

interface Ids {
  readonly id: BackupId;
  readonly databaseId: DatabaseId;
}

/** Where the signature lies: ECDSA over P-256 and SHA-256, as DER. */
export const signatureKey = ({ databaseId, id }: Ids): string => `${manifestKey(databaseId, id)}.sig`;
/** Where a copy of the public key lies, for who checks by hand and has compared it with one kept elsewhere. */
export const publicKeyKey = ({ databaseId, id }: Ids): string =>
  `${backupPrefix(databaseId, id)}public-key.pem`;

/** What is signed: the SHA-256 of the whole manifest. */
export const digestOf = (manifest: Buffer): Buffer => createHash('sha256').update(manifest).digest();

/** @throws `signature_invalid` where the key or the signature is none, or they do not belong to these bytes */
export function checkSignature(manifest: Buffer, signature: Buffer, publicKey: string): void {
  let matches: boolean;
  try {
    matches = verify('sha256', manifest, createPublicKey(publicKey), signature);
  } catch (error) {
    throw new SafeBaseError('signature_invalid', 'the public key cannot be read', { cause: error });
  }
  if (!matches) throw new SafeBaseError('signature_invalid', 'the signature is not of this manifest');
}
