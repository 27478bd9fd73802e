import { ulid } from 'ulid';
import { SafeBaseError } from '../errors.ts';
import type { Credentials } from './database.ts';
import type { DatabaseId } from './ids.ts';
import type { DatabaseStore, Log, SecretStore } from './ports.ts';

interface SecretPorts {
  readonly secrets: SecretStore;
  readonly log: Log;
}

/** Credentials as they are given: a password, or the ARN of a secret that the owner keeps. */
export interface GivenCredentials {
  readonly username?: string | undefined;
  readonly password?: string | undefined;
  readonly secretArn?: string | undefined;
}

/**
 * Puts a password away and keeps where it lies; a secret that the owner keeps is only noted.
 * Each managed secret has a name of its own, so that an old one can stay until the record points at the new.
 * @throws `secrets_unreachable`
 */
export async function storeCredentials(
  { secrets }: SecretPorts,
  databaseId: DatabaseId,
  { username, password, secretArn }: GivenCredentials,
): Promise<Credentials> {
  const user = username === undefined ? {} : { username };
  if (password === undefined) {
    if (secretArn !== undefined) return { ...user, secretArn, managed: false };
    throw new SafeBaseError('invalid_request', 'credentials hold neither a password nor a secretArn');
  }
  const arn = await secrets.create(`${databaseId}/${ulid()}`, { ...user, password });
  return { ...user, secretArn: arn, managed: true };
}

/**
 * Removes those of these secrets that SafeBase made and the record does not use, as it stands now: a write that failed
 * may have been done all the same. What cannot be removed is logged by its ARN; it makes nothing fail.
 */
export async function dropUnused(
  { databases, secrets, log }: SecretPorts & { readonly databases: DatabaseStore },
  databaseId: DatabaseId,
  credentials: readonly (Credentials | undefined)[],
): Promise<void> {
  const arns = credentials.flatMap((one) => (one?.managed ? [one.secretArn] : []));
  if (arns.length === 0) return;
  try {
    const stored = await databases.get(databaseId);
    const used = [stored?.backupCredentials.secretArn, stored?.restoreCredentials?.secretArn];
    for (const arn of arns.filter((one) => !used.includes(one))) await secrets.remove(arn);
  } catch (error) {
    log.error('secrets perhaps left behind', { databaseId, arns, error });
  }
}
