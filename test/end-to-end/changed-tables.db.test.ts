/** Tables that their owner changes while format `parallel` reads rows: nobody waits for the backup, which begins anew. */
import { GetObjectCommand } from '@aws-sdk/client-s3';
import { waitUntil } from '../local/wait-until.ts';
import { END_TO_END_ENGINES } from './engines.ts';
import { operatorS3 } from './operator.ts';
import { openScene, type Scene } from './scene.ts';
import { strikeIn } from './strike-in.ts';

const START_MS = 240_000;
const TEST_MS = 120_000;
/** Amid the large table of the schema noise. */
const MIDDLE = { kind: 'backup', bytes: 9_000_000, format: 'parallel' } as const;

describe.each(END_TO_END_ENGINES)('on %s', (engine) => {
  let scene: Scene;
  beforeAll(async () => {
    scene = await openScene(engine);
    await asRoot(
      'SET GLOBAL local_infile = 1',
      'CREATE TABLE noise.z_items (id INT PRIMARY KEY)',
      'INSERT INTO noise.z_items VALUES (1), (2)',
    );
  }, START_MS);
  afterAll(() => scene?.close());

  async function asRoot(...statements: readonly string[]): Promise<void> {
    const root = await scene.server().connect();
    for (const statement of statements) await root.query(statement);
    await root.end();
  }
  const manifestOf = async (id: string) => {
    const { cloud } = scene.laptop;
    const s3 = operatorS3(cloud);
    const Key = `databases/${scene.databaseId}/backups/${id}/manifest.json`;
    const { Body } = await s3.send(new GetObjectCommand({ Bucket: cloud.stack.buckets[0]?.name, Key }));
    const text = (await Body?.transformToString()) ?? '';
    s3.destroy();
    return JSON.parse(text);
  };

  it(
    'a backup lets the owner through, holds what there is then, and keeps nothing of its first attempt',
    async () => {
      let waitedMs = 0;
      const backup = await strikeIn(scene, {
        ...MIDDLE,
        strike: async () => {
          const began = performance.now();
          await asRoot('ALTER TABLE noise.z_items ADD COLUMN more INT DEFAULT 7, ALGORITHM=COPY');
          waitedMs = performance.now() - began;
        },
      });
      expect(backup.failure).toBeUndefined();
      expect(backup).toMatchObject({ state: 'completed', reread: true, attempts: 2 });
      expect(waitedMs).toBeLessThan(8_000);
      const manifest = await manifestOf(backup.id);
      expect(manifest).toMatchObject({ attempts: 2 });
      const noise = manifest.schemas.find(({ name }: { name: string }) => name === 'noise');
      const table = noise.tables.find(({ name }: { name: string }) => name === 'z_items');
      expect(table.columns.map(({ name }: { name: string }) => name)).toEqual(['id', 'more']);
      const left = async () => {
        const { objects } = await scene.stored(backup.id);
        return objects.filter((key) => key.endsWith('.zst') && !key.includes('/attempt-2/'));
      };
      await waitUntil(
        async () => (await left()).length === 0,
        () => 'all of the first attempt is removed',
      );
      const { laptop, databaseId } = scene;
      const restore = await laptop.restore(backup.id, { databaseId, schemas: { noise: 'again' } });
      expect(restore.failure).toBeUndefined();
      expect(restore).toMatchObject({ state: 'completed' });
    },
    TEST_MS,
  );
});
