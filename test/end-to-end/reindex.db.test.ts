import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { type Cloud, startCloud } from '../../local/cloud.ts';
import { temporaryFolder } from '../local/temporary-folder.ts';
import { assemblyIn } from './assembly.ts';
import { type ApiCalls, callApi } from './laptop.ts';
import { openSource, type Source } from './source.ts';

const START_MS = 240_000;
const TEST_MS = 240_000;

const assemblyFolder = temporaryFolder();
const dataFolder = temporaryFolder();
let source: Source;
let cloud: Cloud;
let api: ApiCalls;

async function start(): Promise<void> {
  cloud = await startCloud({ assemblyFolder, dataFolder });
  const { token } = (await cloud.invoke('admin-token', { name: 'end-to-end' })) as { token: string };
  api = callApi(cloud.apiUrl, token);
}
beforeAll(async () => {
  await assemblyIn(assemblyFolder);
  source = await openSource('mariadb-11.8');
  await start();
}, START_MS);
afterAll(async () => {
  await cloud?.stop();
  await source?.close();
});

it(
  'finds its way back to every signed backup when the records are lost',
  async () => {
    const databaseId = await source.register(api);
    const backups = [await api.backUp(databaseId), await api.backUp(databaseId, { format: 'parallel' })];
    expect(backups.map(({ state }) => state)).toEqual(['completed', 'completed']);
    for (const { manifest } of backups) expect(manifest?.signature).toBeUndefined();
    expect(await cloud.invoke('sign', {})).toEqual({ signed: 2, failed: 0 });
    for (const { id } of backups) {
      const signed = await api.api('GET', `/backup/${id}`);
      expect(signed.body.manifest).toEqual({
        signature: { key: `databases/${databaseId}/backups/${id}/manifest.json.sig` },
      });
    }
    const unsigned = await api.backUp(databaseId);

    await cloud.stop();
    rmSync(join(dataFolder, 'dynamodb'), { recursive: true });
    await start();
    for (const { id } of backups)
      expect(await api.api('GET', `/backup/${id}`)).toMatchObject({ status: 404 });

    const adopts = expect.objectContaining({ result: 'adopted' });
    expect(await cloud.invoke('reindex', {})).toEqual({ manifests: [adopts, adopts, expect.anything()] });
    const isThere = { result: 'already_there', reason: 'completed' };
    expect(await cloud.invoke('reindex', {})).toMatchObject({
      manifests: [
        isThere,
        isThere,
        { result: 'refused', reason: expect.stringMatching(/^signature_invalid: .*no signature/) },
      ],
    });
    expect(await api.api('GET', `/backup/${unsigned.id}`)).toMatchObject({ status: 404 });

    for (const { id, format, sizeBytes, dumpBytes, schemas } of backups) {
      expect((await api.api('GET', `/backup/${id}`)).body).toMatchObject({
        format,
        state: 'completed',
        adopted: true,
        databaseId,
        endedAt: expect.any(String),
        sizeBytes,
        dumpBytes,
        schemas,
      });
    }
    expect((await api.api('GET', '/databases')).body.items).toMatchObject([
      { id: databaseId, host: 'unknown.invalid' },
    ]);
    // Nothing reaches a database of which only backups are known.
    expect(await api.backUp(databaseId)).toMatchObject({ state: 'failed' });

    const target = await source.register(api);
    for (const { id, schemas } of backups) {
      const confirm = schemas.map(({ name }: { name: string }) => name);
      const restored = await api.restore(id, { databaseId: target, overwrite: true, confirm });
      expect(restored).toMatchObject({ state: 'completed' });
      expect(await source.differences()).toEqual([]);
    }
  },
  TEST_MS,
);
