import { type Adoption, adoptBackups } from '../../../functions/core/adopt-backups.ts';
import { dumpKey, manifestKey } from '../../../functions/core/manifest.ts';
import { readManifest } from '../../../functions/core/read-manifest.ts';
import { signMissing } from '../../../functions/core/sign-missing.ts';
import { digestOf, signatureKey } from '../../../functions/core/signature.ts';
import { corePorts, registered } from '../../fixtures/core-ports.ts';
import { aManifest, storedBackup } from '../../fixtures/stored-backup.ts';
import { memorySigner } from '../../ports/memory-signer.ts';

const deadline = new AbortController().signal;

/** A bucket with signed backups, and a stack that knows nothing of them. */
async function scene(count = 1) {
  const old = { ...corePorts(), signer: memorySigner() };
  const database = await registered(old);
  const backups = [];
  for (let index = 0; index < count; index += 1) {
    backups.push(await storedBackup(old, database));
    old.clock.pass(1_000);
  }
  await signMissing(old, { deadline });
  const ports = { ...corePorts(), objects: old.objects };
  const publicKey = await old.signer.publicKey();
  return { old, ports, database, backups, publicKey };
}

const results = (manifests: readonly Adoption[]) => manifests.map(({ result }) => result);

describe('adoptBackups', () => {
  it('makes a record of each signed manifest, and a database that nothing reaches', async () => {
    const { ports, old, database, backups, publicKey } = await scene(2);
    const { manifests, cursor } = await adoptBackups(ports, { publicKey, deadline });
    expect(results(manifests)).toEqual(['adopted', 'adopted']);
    expect(cursor).toBeUndefined();
    for (const { id } of backups) {
      const [known, adopted] = [await old.backups.get(id), await ports.backups.get(id)];
      expect(adopted).toMatchObject({
        state: 'completed',
        adopted: true,
        manifest: known?.manifest,
        schemas: known?.schemas,
        createdAt: known?.createdAt,
        sizeBytes: 4,
        dumpBytes: 9,
        tls: { mode: 'unknown' },
      });
      if (adopted?.manifest) expect((await readManifest(ports.objects, adopted.manifest)).backupId).toBe(id);
    }
    expect(await ports.databases.get(database.id)).toMatchObject({
      host: 'unknown.invalid',
      schemas: ['shop'],
      backupCredentials: { managed: false },
    });
  });

  it('can be repeated, and leaves what is there as it is', async () => {
    const { ports, database, backups, publicKey } = await scene();
    await ports.databases.create(database);
    await adoptBackups(ports, { publicKey, deadline });
    const [first] = backups;
    const record = first && (await ports.backups.get(first.id));
    const { manifests } = await adoptBackups(ports, { publicKey, deadline });
    expect(manifests).toMatchObject([{ result: 'already_there', reason: 'completed' }]);
    expect(first && (await ports.backups.get(first.id))).toEqual(record);
    expect(await ports.databases.get(database.id)).toEqual(database);
  });

  it('goes on where its time ended', async () => {
    const { ports, publicKey } = await scene(3);
    const all: Adoption[] = [];
    let cursor: string | undefined;
    for (let calls = 0; calls < 20; calls += 1) {
      let looks = 0;
      const soon = {
        ...new AbortController().signal,
        get aborted() {
          looks += 1;
          return looks > 2;
        },
      };
      const report = await adoptBackups(ports, { publicKey, ...(cursor && { cursor }), deadline: soon });
      all.push(...report.manifests);
      cursor = report.cursor;
      if (cursor === undefined) break;
    }
    expect(cursor).toBeUndefined();
    expect(results(all)).toEqual(['adopted', 'adopted', 'adopted']);
  });

  it('refuses what another key has signed, even if that key lies beside it', async () => {
    const { ports, backups } = await scene();
    const publicKey = await memorySigner().publicKey();
    const { manifests } = await adoptBackups(ports, { publicKey, deadline });
    expect(manifests).toMatchObject(
      [{ result: 'refused', reason: /^signature_invalid/ }].map(() => ({ result: 'refused' })),
    );
    expect(manifests[0]?.reason).toMatch(/^signature_invalid: /);
    expect(backups[0] && (await ports.backups.get(backups[0].id))).toBeUndefined();
    expect((await ports.databases.list({ limit: 10 })).items).toEqual([]);
  });

  it.each([
    ['of another version', { manifestVersion: 2 }],
    ['of another backup', { backupId: 'bk_01J00000000000000000000000' }],
    ['without schemas', { schemas: [] }],
    ['with a field of another shape', { losses: 'none' }],
  ])('refuses a signed manifest %s', async (_, change) => {
    const { ports, old, database } = await scene();
    const backup = await storedBackup(old, database, change);
    const key = manifestKey(database.id, backup.id);
    const body = [...old.objects.stored].find(([name]) => name.startsWith(`${key} `))?.[1] ?? Buffer.alloc(0);
    await old.objects.writeOnce(signatureKey(backup), await old.signer.sign(digestOf(body)), 'x');
    const { manifests } = await adoptBackups(ports, { publicKey: await old.signer.publicKey(), deadline });
    const of = manifests.find((one) => one.key === key);
    expect(of).toMatchObject({ result: 'refused' });
    expect(of?.reason).toMatch(/^backup_damaged: /);
  });

  it('refuses one whose objects lie in another backup', async () => {
    const { ports, old, database, backups } = await scene();
    const [first] = backups;
    if (first === undefined) throw new Error('there is no backup');
    const backup = await storedBackup(old, database, { schemas: aManifest(first).schemas });
    await signMissing(old, { deadline });
    const { manifests } = await adoptBackups(ports, { publicKey: await old.signer.publicKey(), deadline });
    expect(manifests.find(({ key }) => key.includes(backup.id))).toMatchObject({ result: 'refused' });
  });

  it.each([
    ['gone', (): void => {}],
    [
      'there in another version only',
      (stored: Map<string, Buffer>, key: string) => stored.set(key, Buffer.from('dump')),
    ],
  ])('refuses one whose dump is %s', async (_, put) => {
    const { ports, database, backups, publicKey } = await scene();
    const [backup] = backups;
    if (backup === undefined) throw new Error('there is no backup');
    const dump = dumpKey(database.id, backup.id, 0);
    await ports.objects.removeAll(dump);
    put(ports.objects.stored, `${dump} v99`);
    const { manifests } = await adoptBackups(ports, { publicKey, deadline });
    expect(manifests).toMatchObject([{ result: 'refused' }]);
    expect(manifests[0]?.reason).toMatch(/^backup_damaged: .*not there/);
    expect(await ports.backups.get(backup.id)).toBeUndefined();
  });

  it('refuses one without a signature, and passes over what is no manifest', async () => {
    const { ports, old, database, publicKey } = await scene(0);
    await storedBackup(old, database);
    await old.objects.writeOnce('databases/db_x/backups/bk_y/manifest.json', Buffer.from('{}'), 'x');
    await old.objects.writeOnce('databases/db_x/other', Buffer.from('{}'), 'x');
    const { manifests } = await adoptBackups(ports, { publicKey, deadline });
    expect(results(manifests)).toEqual(['refused', 'refused']);
    expect(manifests.map(({ reason = '' }) => reason.split(':')[0]).sort()).toEqual([
      'invalid_request',
      'signature_invalid',
    ]);
  });
});
