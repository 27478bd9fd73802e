/** Whom a manifest belongs to, whatever its bytes are vouched for by. */
import { createHash } from 'node:crypto';
import { readManifestOf } from '../../../functions/core/read-manifest.ts';
import { corePorts, registered } from '../../fixtures/core-ports.ts';
import { parallelBackup } from '../../fixtures/parallel-backup.ts';

/** A backup whose manifest says something else, and whose record has the hash of that. */
async function scene(change: (manifest: string) => string) {
  const ports = corePorts();
  const backup = await parallelBackup(ports, await registered(ports));
  const { key = '', versionId = '' } = backup.manifest ?? {};
  const place = `${key} ${versionId}`;
  const body = Buffer.from(change(String(ports.objects.stored.get(place))));
  ports.objects.stored.set(place, body);
  const manifest = { key, versionId, sha256: createHash('sha256').update(body).digest('hex') };
  return { ports, backup: { ...backup, manifest } };
}
const OTHER = '01J00000000000000000000000';
const damaged = expect.objectContaining({ code: 'backup_damaged' });

describe('a manifest', () => {
  it('is read where it belongs to its record', async () => {
    const { ports, backup } = await scene((manifest) => manifest);
    expect(await readManifestOf(ports.objects, backup)).toMatchObject({ backupId: backup.id });
  });

  it.each<[string, (manifest: string) => string]>([
    ['of a later version', (manifest) => manifest.replace('"manifestVersion":1', '"manifestVersion":2')],
    ['of another backup', (manifest) => manifest.replace(/"backupId":"bk_\w+"/, `"backupId":"bk_${OTHER}"`)],
    [
      'of another database',
      (manifest) => manifest.replace(/"databaseId":"db_\w+"/, `"databaseId":"db_${OTHER}"`),
    ],
    [
      'that leads to rows of another backup',
      (manifest) => manifest.replace(/\/bk_\w+(\/schemas\/0\/rows\/0\/1)/, `/bk_${OTHER}$1`),
    ],
    [
      'that leads to definitions of another backup',
      (manifest) => manifest.replace(/\/bk_\w+(\/schemas\/0\/schema)/, `/bk_${OTHER}$1`),
    ],
    [
      'that leads to objects of another backup',
      (manifest) => manifest.replace(/\/bk_\w+(\/schemas\/0\/objects)/, `/bk_${OTHER}$1`),
    ],
    ['that names a chunk twice', (manifest) => manifest.replace('/rows/0/1.tsv', '/rows/0/0.tsv')],
  ])('is not taken %s', async (_, change) => {
    const { ports, backup } = await scene(change);
    await expect(readManifestOf(ports.objects, backup)).rejects.toEqual(damaged);
  });

  it('is not taken from another place, whatever it says of itself', async () => {
    const { ports, backup } = await scene((manifest) => manifest);
    const key = `${backup.manifest.key}.copy`;
    const body = ports.objects.stored.get(`${backup.manifest.key} ${backup.manifest.versionId}`);
    ports.objects.stored.set(`${key} ${backup.manifest.versionId}`, body ?? Buffer.alloc(0));
    const moved = { ...backup, manifest: { ...backup.manifest, key } };
    await expect(readManifestOf(ports.objects, moved)).rejects.toEqual(damaged);
  });
});
