import { createHash } from 'node:crypto';
import { decodeTime } from 'ulid';
import { isCode, SafeBaseError } from '../errors.ts';
import type { Database } from './database.ts';
import { parseBackupId, parseDatabaseId } from './ids.ts';
import { backupPrefix, type Manifest } from './manifest.ts';
import { parseManifest } from './parse-manifest.ts';
import type { DatabaseStore, Now, ObjectStore, RunStore } from './ports.ts';
import { readSmall, readUnknownManifest } from './read-manifest.ts';
import { recordOfManifest } from './record-of-manifest.ts';
import type { Backup } from './run.ts';
import { checkSignature, signatureKey } from './signature.ts';
import { holdsAllFiles, versionsUnder } from './told-by-manifest.ts';

export interface AdoptPorts {
  readonly databases: DatabaseStore;
  readonly backups: RunStore<Backup>;
  readonly objects: ObjectStore;
  readonly now: Now;
}

/** What came of one manifest. */
export interface Adoption {
  readonly key: string;
  readonly result: 'adopted' | 'already_there' | 'refused';
  /** Why it was refused, with the code of the failure; of one that is there, the state of its record. */
  readonly reason?: string;
}
export interface AdoptReport {
  readonly manifests: readonly Adoption[];
  /** Set where more is to be looked at: give it to the next call. */
  readonly cursor?: string;
}

/** The answer of a Lambda holds 6 MB; an entry takes some 300 bytes. */
const MAX_MANIFESTS = 2_000;
const MANIFEST = /^databases\/(db_[^/]+)\/backups\/(bk_[^/]+)\/manifest\.json$/;

/**
 * Makes records of the backups that lie in the bucket and have none: the way back when the table is lost. A manifest
 * counts only if its signature is of `publicKey` (the key that lies beside it proves nothing) and every dump that it
 * names is there. Safe to repeat.
 * @param publicKey PEM
 * @param cursor where an earlier call ended
 * @throws `unavailable`
 */
export async function adoptBackups(
  ports: AdoptPorts,
  {
    publicKey,
    cursor,
    deadline,
  }: { readonly publicKey: string; readonly cursor?: string; readonly deadline: AbortSignal },
): Promise<AdoptReport> {
  const manifests: Adoption[] = [];
  let lastKey = cursor;
  for await (const place of ports.objects.list('databases/', cursor)) {
    if (deadline.aborted || manifests.length >= MAX_MANIFESTS) {
      return { manifests, ...(lastKey === undefined ? {} : { cursor: lastKey }) };
    }
    lastKey = place.key;
    if (MANIFEST.test(place.key)) manifests.push(await tryToAdopt(ports, place, publicKey));
  }
  return { manifests };
}

interface Place {
  readonly key: string;
  readonly versionId: string;
}

async function tryToAdopt(ports: AdoptPorts, place: Place, publicKey: string): Promise<Adoption> {
  const { key } = place;
  try {
    const [, databaseId = '', backupId = ''] = MANIFEST.exec(key) ?? [];
    const ids = { databaseId: parseDatabaseId(databaseId), id: parseBackupId(backupId) };
    const known = await ports.backups.get(ids.id);
    if (known !== undefined) return { key, result: 'already_there', reason: known.state };
    const backup = await readSigned(ports, place, ids, publicKey);
    await adopt(ports, backup);
    return { key, result: 'adopted' };
  } catch (error) {
    if (isCode(error, 'unavailable') || !(error instanceof SafeBaseError)) throw error;
    return { key, result: 'refused', reason: `${error.code}: ${error.message}` };
  }
}

/** @throws `signature_invalid`, `backup_damaged` */
async function readSigned(
  { objects }: AdoptPorts,
  place: Place,
  ids: Pick<Backup, 'id' | 'databaseId'>,
  publicKey: string,
): Promise<Backup> {
  const versions = await versionsUnder(objects, backupPrefix(ids.databaseId, ids.id));
  const at = signatureKey(ids);
  const signatureVersion = versions.get(at);
  if (signatureVersion === undefined) {
    throw new SafeBaseError('signature_invalid', `${place.key} has no signature`, {
      hint: 'Restore it by hand: docs/backup-format.md.',
    });
  }
  const signedBy = { key: at, versionId: signatureVersion };
  const body = await readUnknownManifest(objects, place);
  checkSignature(body, await readSmall(objects, signedBy), publicKey);
  const sha256 = createHash('sha256').update(body).digest('hex');
  const manifest = parseManifest(place.key, body);
  // A removal that broke off leaves a manifest behind as it is.
  if (!holdsAllFiles(versions, manifest)) {
    throw new SafeBaseError('backup_damaged', `${place.key} names objects that are not there`);
  }
  return recordOf(manifest, { ...place, sha256, signature: { ...signedBy, publicKey } });
}

/** The record as far as the manifest tells. */
function recordOf(manifest: Manifest, stored: NonNullable<Backup['manifest']>): Backup {
  return {
    id: manifest.backupId,
    databaseId: manifest.databaseId,
    format: manifest.format,
    state: 'completed',
    adopted: true,
    requestedBy: 'reindex',
    tls: { mode: 'unknown' },
    server: manifest.server,
    createdAt: new Date(decodeTime(manifest.backupId.slice(3))).toISOString(),
    startedAt: manifest.startedAt,
    endedAt: manifest.completedAt,
    fence: 0,
    manifest: stored,
    ...recordOfManifest(manifest),
  };
}

async function adopt(ports: AdoptPorts, backup: Backup): Promise<void> {
  const database = stubOf(backup, new Date(ports.now()).toISOString());
  if ((await ports.databases.get(database.id)) === undefined) {
    await ports.databases.create(database).catch(unlessThere);
  }
  await ports.backups.create(backup).catch(unlessThere);
}

/** Two calls at once come to the same record. */
function unlessThere(error: unknown): void {
  if (!isCode(error, 'version_conflict')) throw error;
}

/**
 * A database of which only its backups are known: it can be listed and its backups restored elsewhere, but nothing
 * reaches it until PUT gives host and credentials. The name of the host is one that never resolves.
 * @see https://www.rfc-editor.org/rfc/rfc2606#section-2
 */
const stubOf = ({ databaseId, schemas = [] }: Backup, now: string): Database => ({
  id: databaseId,
  name: `adopted ${databaseId}`,
  host: 'unknown.invalid',
  port: 3306,
  schemas: schemas.map(({ name }) => name),
  network: 'public',
  tls: { mode: 'verify' },
  backupCredentials: { secretArn: 'unknown', managed: false },
  createdAt: now,
  updatedAt: now,
  version: 1,
});
