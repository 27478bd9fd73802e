import { manifestKey } from '../../../functions/core/manifest.ts';
import type { ManifestSigner } from '../../../functions/core/ports.ts';
import { readManifest } from '../../../functions/core/read-manifest.ts';
import type { Backup } from '../../../functions/core/run.ts';
import { signMissing } from '../../../functions/core/sign-missing.ts';
import { checkSignature, publicKeyKey, signatureKey } from '../../../functions/core/signature.ts';
import { SafeBaseError } from '../../../functions/errors.ts';
import { corePorts, registered } from '../../fixtures/core-ports.ts';
import { aBackup } from '../../fixtures/records.ts';
import { storedBackup } from '../../fixtures/stored-backup.ts';
import { memorySigner } from '../../ports/memory-signer.ts';

const deadline = new AbortController().signal;

async function scene(change: object = {}) {
  const ports = { ...corePorts(), signer: memorySigner() };
  const database = await registered(ports);
  const backup = await storedBackup(ports, database, change);
  const stored = (key: string): Buffer | undefined =>
    [...ports.objects.stored].find(([name]) => name.startsWith(`${key} `))?.[1];
  const record = async (): Promise<Backup> => {
    const found = await ports.backups.get(backup.id);
    if (found === undefined) throw new Error('the record is gone');
    return found;
  };
  return { ports, database, backup, stored, record };
}

describe('signMissing', () => {
  it('signs each complete backup once, puts signature and key beside it, and notes them', async () => {
    const { ports, backup, stored, record } = await scene();
    expect(await signMissing(ports, { deadline })).toEqual({ signed: 1, failed: 0 });
    const publicKey = await ports.signer.publicKey();
    const signature = stored(signatureKey(backup)) ?? Buffer.alloc(0);
    const manifest = stored(manifestKey(backup.databaseId, backup.id)) ?? Buffer.alloc(0);
    checkSignature(manifest, signature, publicKey);
    expect(String(stored(publicKeyKey(backup)))).toBe(publicKey);
    expect((await record()).manifest).toMatchObject({
      ...backup.manifest,
      signature: { key: signatureKey(backup), publicKey },
    });
    expect(await signMissing(ports, { deadline })).toEqual({ signed: 0, failed: 0 });
    expect(ports.signer.digests).toHaveLength(1);
  });

  it.each([
    ['of another backup', { backupId: 'bk_01J00000000000000000000000' }],
    ['of another database', { databaseId: 'db_01J00000000000000000000000' }],
  ])('signs no manifest %s', async (_, change) => {
    const { ports, record } = await scene(change);
    expect(await signMissing(ports, { deadline })).toEqual({ signed: 0, failed: 1 });
    expect(ports.signer.digests).toEqual([]);
    expect((await record()).manifest?.signature).toBeUndefined();
  });

  it('signs no manifest that lies elsewhere than its record says it should', async () => {
    const { ports, backup } = await scene();
    const { key = '', versionId = '', sha256 = '' } = backup.manifest ?? {};
    const body = ports.objects.stored.get(`${key} ${versionId}`) ?? Buffer.alloc(0);
    const elsewhere = `${key}.copy`;
    ports.objects.stored.set(`${elsewhere} ${versionId}`, body);
    await ports.backups.transition(
      backup.id,
      { from: ['completed'], fence: backup.fence },
      { state: 'completed', manifest: { key: elsewhere, versionId, sha256 } },
    );
    expect(await signMissing(ports, { deadline })).toEqual({ signed: 0, failed: 1 });
    expect(ports.signer.digests).toEqual([]);
  });

  it('signs no manifest that is not the one of the record, and goes on with the next', async () => {
    const { ports, database, backup } = await scene();
    await storedBackup(ports, database);
    const { key = '', versionId = '' } = backup.manifest ?? {};
    ports.objects.stored.set(`${key} ${versionId}`, Buffer.from('{}'));
    expect(await signMissing(ports, { deadline })).toEqual({ signed: 1, failed: 1 });
  });

  it('takes up a signature whose note was lost', async () => {
    const { ports, backup, record } = await scene();
    const lost = {
      ...ports,
      backups: {
        ...ports.backups,
        transition: () => Promise.reject(new SafeBaseError('unavailable', 'away')),
      },
    };
    await expect(signMissing(lost, { deadline })).rejects.toMatchObject({ code: 'unavailable' });
    expect((await record()).manifest?.signature).toBeUndefined();
    expect(await signMissing(ports, { deadline })).toEqual({ signed: 1, failed: 0 });
    await readManifest(ports.objects, (await record()).manifest ?? { key: '', versionId: '', sha256: '' });
    expect(
      [...ports.objects.stored.keys()].filter((name) => name.startsWith(signatureKey(backup))),
    ).toHaveLength(1);
  });

  it.each([
    ['signature', signatureKey],
    ['key', publicKeyKey],
  ])('trusts no foreign %s that lies there already', async (_, keyOf) => {
    const { ports, backup, record } = await scene();
    await ports.objects.writeOnce(keyOf(backup), Buffer.from('planted'), 'text/plain');
    expect(await signMissing(ports, { deadline })).toEqual({ signed: 0, failed: 1 });
    expect((await record()).manifest?.signature).toBeUndefined();
  });

  it('stores nothing that its own key does not confirm', async () => {
    const { ports, stored, backup } = await scene();
    const signer: ManifestSigner = { ...ports.signer, sign: (digest) => memorySigner().sign(digest) };
    expect(await signMissing({ ...ports, signer }, { deadline })).toEqual({ signed: 0, failed: 1 });
    expect(stored(signatureKey(backup))).toBeUndefined();
  });

  it('fails where KMS is away, and says that more is to do where its time is over', async () => {
    const { ports } = await scene();
    const away = () => Promise.reject(new SafeBaseError('unavailable', 'away'));
    await expect(
      signMissing({ ...ports, signer: { ...ports.signer, sign: away } }, { deadline }),
    ).rejects.toMatchObject({ code: 'unavailable' });
    expect(await signMissing(ports, { deadline: AbortSignal.abort() })).toEqual({
      signed: 0,
      failed: 0,
      more: true,
    });
  });
});

describe('what signMissing looks at', () => {
  it('is what began in the last two days, or since the time that is given', async () => {
    const { ports } = await scene();
    const from = ports.clock.iso();
    ports.clock.pass(49 * 3_600_000);
    expect(await signMissing(ports, { deadline })).toEqual({ signed: 0, failed: 0 });
    expect(await signMissing(ports, { from, deadline })).toEqual({ signed: 1, failed: 0 });
  });

  it('is within six hours all there is', async () => {
    const { ports } = await scene();
    ports.clock.pass(1_000 * 24 * 3_600_000);
    let signed = 0;
    for (let minute = 0; minute < 360; minute += 1) {
      signed += (await signMissing(ports, { deadline })).signed;
      ports.clock.pass(60_000);
    }
    expect(signed).toBe(1);
  });

  it('is not more than a thousand and those whose turn it is, where no time is given', async () => {
    const { ports, database } = await scene();
    const first = ports.clock.iso();
    const [item] = (await ports.backups.list({}, { limit: 1 })).items;
    if (item?.manifest === undefined) throw new Error('there is no backup');
    const manifest = { ...item.manifest, signature: { key: 'k', versionId: 'v', publicKey: 'p' } };
    const signed = (): Backup => ({ ...item, id: aBackup(database.id).id, manifest });
    let pages = 0;
    const list: typeof ports.backups.list = async ({ until }) => {
      if (until !== undefined) return { items: [] };
      pages += 1;
      const items = Array.from({ length: 100 }, signed);
      return pages % 30 === 0 ? { items } : { items, nextCursor: 'next' };
    };
    const many = { ...ports, backups: { ...ports.backups, list } };
    expect(await signMissing(many, { deadline })).toEqual({ signed: 0, failed: 0 });
    expect(pages).toBe(10);
    pages = 0;
    expect(await signMissing(many, { from: first, deadline })).toEqual({ signed: 0, failed: 0 });
    expect(pages).toBe(30);
  });
});

describe('a manifest with a signature', () => {
  it('is refused where the signature is not of it, damaged or gone', async () => {
    const { ports, record } = await scene();
    await signMissing(ports, { deadline });
    const { manifest } = await record();
    if (manifest?.signature === undefined) throw new Error('there is no signature');
    await readManifest(ports.objects, manifest);

    const publicKey = await memorySigner().publicKey();
    const otherKey = { ...manifest, signature: { ...manifest.signature, publicKey } };
    await expect(readManifest(ports.objects, otherKey)).rejects.toMatchObject({ code: 'signature_invalid' });

    const place = `${manifest.signature.key} ${manifest.signature.versionId}`;
    const right = ports.objects.stored.get(place) ?? Buffer.alloc(0);
    for (const wrong of [
      Buffer.alloc(0),
      right.subarray(1),
      Buffer.concat([right.subarray(0, -3), Buffer.of(1, 2, 3)]),
    ]) {
      ports.objects.stored.set(place, wrong);
      await expect(readManifest(ports.objects, manifest)).rejects.toMatchObject({
        code: 'signature_invalid',
      });
    }
    ports.objects.stored.delete(place);
    await expect(readManifest(ports.objects, manifest)).rejects.toMatchObject({ code: 'backup_damaged' });
  });
});
