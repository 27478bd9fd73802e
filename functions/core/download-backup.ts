import { SafeBaseError } from '../errors.ts';
import type { BackupId } from './ids.ts';
import { backupPrefix, filesOf } from './manifest.ts';
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
/** The answer of a function holds 6 MB, and an address up to 2 KB. */
const MAX_LINKS = 2_000;

/**
 * Addresses under which the objects of a backup can be fetched for 15 minutes, each with the SHA-256 to check it by.
 * @throws `not_found`, `backup_not_restorable`, `too_many_files`, `backup_damaged`, `unavailable`
 */
export async function downloadBackup(
  ports: DownloadPorts,
  id: BackupId,
): Promise<{ readonly expiresAt: string; readonly dumps: readonly DownloadableDump[] }> {
  const backup = await readRun(ports.backups, id, ports.now());
  if (backup.state !== 'completed') {
    throw new SafeBaseError('backup_not_restorable', `${id} is ${backup.state}`);
  }
  const { schemas } = await readManifestOf(ports.objects, backup);
  const files = schemas.flatMap((schema) => filesOf(schema).map((file) => ({ schema: schema.name, file })));
  if (files.length > MAX_LINKS) {
    throw new SafeBaseError('too_many_files', `${id} consists of ${files.length} objects`, {
      hint: `aws s3 cp --recursive s3://BUCKET/${backupPrefix(backup.databaseId, id)} . fetches all of them.`,
    });
  }
  const expiresAt = new Date(ports.now() + LINK_SECONDS * 1_000).toISOString();
  const dumps = await Promise.all(
    files.map(async ({ schema, file: { key, versionId, sizeBytes, sha256 } }) => {
      const fileName = fileNameOf(schema, key);
      const url = await ports.links.sign({ key, versionId, fileName }, LINK_SECONDS);
      return { schema, fileName, sizeBytes, sha256, url };
    }),
  );
  return { expiresAt, dumps };
}

/** The schema's name, and where the object lies below it: `shop.sql.zst`, `shop.rows.0.0.tsv.zst`. */
function fileNameOf(schema: string, key: string): string {
  const [, below = ''] = /\/schemas\/\d+\/(.+)$/.exec(key) ?? [];
  return `${schema}.${below.replace(/^dump\./, '').replaceAll('/', '.')}`;
}
