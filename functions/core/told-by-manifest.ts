import { createHash } from 'node:crypto';
import { isCode } from '../errors.ts';
import { backupPrefix, filesOf, type Manifest, manifestKey } from './manifest.ts';
import { parseManifest } from './parse-manifest.ts';
import type { ObjectStore } from './ports.ts';
import { readUnknownManifest } from './read-manifest.ts';
import { recordOfManifest } from './record-of-manifest.ts';
import type { Backup, BackupResult } from './run.ts';

/** What the end of a backup adds to its record, as far as the manifest tells, and when that was. */
export interface ToldByManifest {
  readonly result: BackupResult & { readonly manifest: NonNullable<Backup['manifest']> };
  readonly completedAt: string;
}

/**
 * Looks whether the manifest of a backup lies in the bucket and is whole: its ids are those of the record, its shape is
 * known, and every object that it names lies there in the version that it names. Only the run's own worker could have
 * written it (If-None-Match), and only after it had proved the rest.
 * @returns undefined where there is none, or what lies there is not whole
 * @throws `unavailable`
 */
export async function askManifest(objects: ObjectStore, run: Backup): Promise<ToldByManifest | undefined> {
  const key = manifestKey(run.databaseId, run.id);
  const versions = await versionsUnder(objects, backupPrefix(run.databaseId, run.id));
  const versionId = versions.get(key);
  if (versionId === undefined) return undefined;
  try {
    const body = await readUnknownManifest(objects, { key, versionId });
    // This also says that its ids are those of the key, which is made of the record's.
    const manifest = parseManifest(key, body);
    if (!holdsAllFiles(versions, manifest)) return undefined;
    const result = {
      ...recordOfManifest(manifest),
      manifest: { key, versionId, sha256: createHash('sha256').update(body).digest('hex') },
    };
    return { result, completedAt: manifest.completedAt };
  } catch (error) {
    if (isCode(error, 'backup_damaged')) return undefined;
    throw error;
  }
}

/** Key → newest version. @throws `unavailable` */
export async function versionsUnder(
  objects: ObjectStore,
  prefix: string,
): Promise<ReadonlyMap<string, string>> {
  const versions = new Map<string, string>();
  for await (const { key, versionId } of objects.list(prefix)) versions.set(key, versionId);
  return versions;
}

/** Whether every object that a manifest names lies there in the version that it names. @param versions as of `versionsUnder` */
export const holdsAllFiles = (versions: ReadonlyMap<string, string>, { schemas }: Manifest): boolean =>
  schemas.every((schema) => filesOf(schema).every(({ key, versionId }) => versions.get(key) === versionId));
