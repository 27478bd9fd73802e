/** A server that is started anew where no connection of a run would break by it: between two of its schemas. */
import { everyday } from '../functions/engine-server.ts';
import { type MeddlingProxy, startMeddlingProxy } from './permissions/meddling-proxy.ts';
import { openScene, type Scene } from './scene.ts';
import { overwriting } from './strike-in.ts';

const START_MS = 240_000;
const TEST_MS = 120_000;

describe.each(everyday('mysql-9.7', 'mariadb-11.8'))('on %s', (engine) => {
  let scene: Scene;
  let aws: MeddlingProxy;
  let good: string;
  beforeAll(async () => {
    aws = await startMeddlingProxy();
    const way = `http://127.0.0.1:${aws.port}`;
    scene = await openScene(engine, {
      settings: { AWS_ENDPOINT_URL_S3: way, AWS_ENDPOINT_URL_DYNAMODB: way },
    });
    aws.lead(Number(new URL(scene.laptop.cloud.awsUrl).port));
    good = (await scene.laptop.backUp(scene.databaseId, { format: 'sql' })).id;
  }, START_MS);
  afterAll(async () => {
    await scene?.close();
    aws?.close();
  });

  const restart = async (): Promise<void> => {
    await scene.server().stop();
    await scene.restartServer();
  };
  const changed = {
    state: 'failed',
    failure: { code: 'server_changed', hint: expect.stringMatching(/^Run again/) },
  };

  it(
    'a backup is not made of two lives of a server, and the next one works',
    async () => {
      const { laptop, databaseId } = scene;
      // The dump tool of the first schema has ended well by then.
      aws.before(/^POST \S*\/schemas\/0\/dump\.sql\.zst\?\S*uploadId=/, restart);
      const failed = await laptop.backUp(databaseId, { format: 'sql' });
      expect(aws.reset()).toEqual([]);
      expect(failed).toMatchObject(changed);
      expect(failed.manifest).toBeUndefined();
      expect(await laptop.backUp(databaseId, { format: 'sql' })).toMatchObject({ state: 'completed' });
    },
    TEST_MS,
  );

  it(
    'a restore does not go on in another life of its target, and the next one works',
    async () => {
      const { laptop, databaseId } = scene;
      // The load of the first schema has ended well by then.
      aws.before(/\.UpdateItem\b.*"partial".*"partial"/s, restart);
      const failed = await laptop.restore(good, overwriting(databaseId));
      expect(aws.reset()).toEqual([]);
      expect(failed).toMatchObject({ ...changed, restored: [{ state: 'partial' }, { state: 'partial' }] });
      expect(await laptop.restore(good, overwriting(databaseId))).toMatchObject({ state: 'completed' });
      expect(await scene.differences()).toEqual([]);
    },
    TEST_MS,
  );
});
