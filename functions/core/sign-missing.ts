import { isCode, SafeBaseError } from '../errors.ts';
import { completedByTurn, completedWithin } from './look-at-completed.ts';
import { manifestKey } from './manifest.ts';
import type { Log, ManifestSigner, Now, ObjectStore, RunStore } from './ports.ts';
import { readManifestBytes, readSmall } from './read-manifest.ts';
import type { Backup } from './run.ts';
import { checkSignature, digestOf, publicKeyKey, type Signature, signatureKey } from './signature.ts';

export interface SignPorts {
  readonly backups: RunStore<Backup>;
  readonly objects: ObjectStore;
  readonly signer: ManifestSigner;
  readonly log: Log;
  readonly now: Now;
}

export interface SignReport {
  readonly signed: number;
  readonly failed: number;
  /** Set where its time was over before it had looked at all. */
  readonly more?: true;
}

/**
 * Signs the manifest of every completed backup that has no signature. One that cannot be signed is logged, counted and
 * tried again by the next call; it stands in no other's way.
 * @param from all that began since then are looked at (ISO 8601) @default as of `completedByTurn`
 * @throws `unavailable` where KMS or the records are away
 */
export async function signMissing(
  ports: SignPorts,
  { from, deadline }: { readonly from?: string; readonly deadline: AbortSignal },
): Promise<SignReport> {
  const { backups } = ports;
  const counts = { signed: 0, failed: 0 };
  let publicKey: string | undefined;
  const looked =
    from === undefined ? completedByTurn(backups, ports.now()) : completedWithin(backups, { from });
  for await (const { id, manifest } of looked) {
    if (deadline.aborted) return { ...counts, more: true };
    if (manifest?.signature !== undefined) continue;
    publicKey ??= await ports.signer.publicKey();
    counts[await tryToSign(ports, id, publicKey)] += 1;
  }
  return counts;
}

async function tryToSign(
  ports: SignPorts,
  id: Backup['id'],
  publicKey: string,
): Promise<'signed' | 'failed'> {
  try {
    await signBackup(ports, id, publicKey);
    return 'signed';
  } catch (error) {
    if (isCode(error, 'unavailable')) throw error;
    ports.log.error('a manifest was not signed', { backupId: id, error });
    return 'failed';
  }
}

/** Never signs what nobody made: the manifest must be the one of the record, in its place, and name the same ids. */
async function signBackup(ports: SignPorts, id: Backup['id'], publicKey: string): Promise<void> {
  const backup = await ports.backups.get(id);
  if (backup?.state !== 'completed' || backup.manifest === undefined || backup.manifest.signature) return;
  const { manifest } = backup;
  const body = await readManifestBytes(ports.objects, manifest);
  const named: unknown = JSON.parse(body.toString('utf8'));
  if (manifest.key !== manifestKey(backup.databaseId, id) || !isOf(named, backup)) {
    throw new SafeBaseError('signature_invalid', `${manifest.key} is not the manifest of ${id}`);
  }
  const signature = await writeSignature(ports, backup, body, publicKey);
  await ports.backups.transition(
    id,
    { from: ['completed'], fence: backup.fence },
    { state: 'completed', manifest: { ...manifest, signature } },
  );
}

const isOf = (manifest: unknown, { id, databaseId }: Backup): boolean =>
  typeof manifest === 'object' &&
  manifest !== null &&
  'backupId' in manifest &&
  manifest.backupId === id &&
  'databaseId' in manifest &&
  manifest.databaseId === databaseId;

/** A call that died between the writes left one of them behind: what lies there counts if it is right. */
async function writeSignature(
  { objects, signer }: SignPorts,
  backup: Backup,
  body: Buffer,
  publicKey: string,
): Promise<Signature> {
  await writeOrFind(objects, publicKeyKey(backup), Buffer.from(publicKey), (found) => {
    if (found.toString('utf8') === publicKey) return;
    throw new SafeBaseError('signature_invalid', `another key lies beside the manifest of ${backup.id}`);
  });
  const made = await signer.sign(digestOf(body));
  checkSignature(body, made, publicKey);
  const key = signatureKey(backup);
  const versionId = await writeOrFind(objects, key, made, (found) => checkSignature(body, found, publicKey));
  return { key, versionId, publicKey };
}

async function writeOrFind(
  objects: ObjectStore,
  key: string,
  body: Buffer,
  check: (found: Buffer) => void,
): Promise<string> {
  for await (const found of objects.list(key)) {
    if (found.key !== key) continue;
    check(await readSmall(objects, found));
    return found.versionId;
  }
  const { versionId } = await objects.writeOnce(key, body, 'application/octet-stream');
  return versionId;
}
