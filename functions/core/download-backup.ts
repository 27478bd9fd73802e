import { SafeBaseError } from '../errors.ts';
import type { BackupId } from './ids.ts';
import type { DownloadLinks, Now, ObjectStore, RunStore } from './ports.ts';
import { readManifestOf } from './read-manifest.ts';
import { readRun } from './read-run.ts';
import type { Backup } from './run.ts';

interface DownloadPorts {
  readonly backups: RunStore<Backup>;
  readonly objects: ObjectStore;
  readonly links: DownloadLinks;
  readonly now: Now;
}

export interface DownloadableDump {
  readonly schema: string;
  readonly fileName: string;
  readonly sizeBytes: number;
  readonly sha256: string;
  /** Good for one version of one object; never log it. */
  readonly url: string;
}

const LINK_SECONDS = 15 * 60;

/**
 * Addresses under which the dumps of a backup can be fetched for 15 minutes, each with the SHA-256 to check it by.
 * @throws `not_found`, `backup_not_restorable`, `backup_damaged`, `unavailable`
 */
export async function downloadBackup(
  ports: DownloadPorts,
  id: BackupId,
): Promise<{ readonly expiresAt: string; readonly dumps: readonly DownloadableDump[] }> {
  const backup = await readRun(ports.backups, id, ports.now());
  if (backup.state !== 'completed') {
    throw new SafeBaseError('backup_not_restorable', `${id} is ${backup.state}`);
  }
  const manifest = await readManifestOf(ports.objects, backup);
  const expiresAt = new Date(ports.now() + LINK_SECONDS * 1_000).toISOString();
  const dumps = await Promise.all(
    manifest.schemas.map(async ({ name, dump: { key, versionId, sizeBytes, sha256 } }) => {
      const fileName = `${name}.sql.zst`;
      const url = await ports.links.sign({ key, versionId, fileName }, LINK_SECONDS);
      return { schema: name, fileName, sizeBytes, sha256, url };
    }),
  );
  return { expiresAt, dumps };
}
