/** The sweeper, on real runs: what it finds is what a worker left behind that died. */
import { DynamoDBClient, UpdateItemCommand } from '@aws-sdk/client-dynamodb';
import { openScene, type Scene } from './scene.ts';
import { holdRunIn, overwriting } from './strike-in.ts';

const START_MS = 240_000;
const TEST_MS = 120_000;
const MIDDLE = 19_000_000;

let scene: Scene;
beforeAll(async () => {
  scene = await openScene('mariadb-11.8');
}, START_MS);
afterAll(() => scene?.close());

const swept = () => scene.laptop.cloud.invoke('sweep', {});

/** Puts the record of a backup back to where it was when its manifest had just been written. */
async function forgetTheEnd(id: string): Promise<void> {
  const { awsUrl, operator, stack } = scene.laptop.cloud;
  const client = new DynamoDBClient({ endpoint: awsUrl, region: operator.region, credentials: operator });
  const gone = ['manifest', 'endedAt', 'schemas', 'losses', 'sizeBytes', 'dumpBytes'];
  await client.send(
    new UpdateItemCommand({
      TableName: stack.tables[0]?.name,
      Key: { pk: { S: `BK#${id.slice(3)}` }, sk: { S: 'META' } },
      ConditionExpression: 'attribute_exists(pk)',
      UpdateExpression: `SET #state = :running, active = :kind, leaseExpiresAt = :past REMOVE ${gone.join(', ')}`,
      ExpressionAttributeNames: { '#state': 'state' },
      ExpressionAttributeValues: {
        ':running': { S: 'running' },
        ':kind': { S: 'BK' },
        ':past': { S: new Date(Date.now() - 1_000).toISOString() },
      },
    }),
  );
  client.destroy();
}

it(
  'ends a backup whose worker was killed: no upload is left, and the next one runs',
  async () => {
    const { laptop, databaseId, proxy } = scene;
    const path = await holdRunIn(scene, { kind: 'backup', bytes: MIDDLE });
    process.kill(scene.worker('backup').pid, 'SIGKILL');
    proxy.release();
    const shown = await laptop.ended(path);
    expect(shown).toMatchObject({ state: 'failed', failure: { code: 'worker_lost' } });
    // The workflow has ended the run: what is left for the sweeper is what lies in the bucket.
    expect(await swept()).toMatchObject({ completed: 0, failed: 0, troubles: 0 });
    expect((await laptop.api('GET', path)).body).toEqual(shown);
    expect(await scene.stored(shown.id)).toEqual({ objects: [], uploads: [] });
    expect(await swept()).toMatchObject({ completed: 0, failed: 0, uploadsAborted: 0, troubles: 0 });
    expect(await laptop.backUp(databaseId)).toMatchObject({ state: 'completed' });
  },
  TEST_MS,
);

it(
  'completes a backup whose worker died behind its manifest, and it restores exactly',
  async () => {
    const { laptop, databaseId } = scene;
    const { manifest: _, ...made } = await laptop.backUp(databaseId);
    await forgetTheEnd(made.id);
    expect((await laptop.api('GET', `/backup/${made.id}`)).body).toMatchObject({ state: 'failed' });
    expect(await swept()).toMatchObject({ completed: 1, failed: 0, troubles: 0 });
    const { body } = await laptop.api('GET', `/backup/${made.id}`);
    expect(body).toMatchObject({ ...made, endedAt: expect.any(String) });
    expect(await laptop.restore(made.id, overwriting(databaseId))).toMatchObject({ state: 'completed' });
    expect(await scene.differences()).toEqual([]);
  },
  TEST_MS,
);
