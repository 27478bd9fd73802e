/** Workers of a restore that are killed in its middle: the next ones go on, through the workflow that is deployed. */
import { killWorkers } from './permissions/steps.ts';
import { openScene, type Scene } from './scene.ts';
import { strikeIn } from './strike-in.ts';

const START_MS = 240_000;
const TEST_MS = 120_000;
/** How much has gone to the server by then: amid the rows. */
const MIDDLE = 1_500_000;

describe('a restore in format parallel', () => {
  let scene: Scene;
  beforeAll(async () => {
    scene = await openScene('mariadb-11.8');
  }, START_MS);
  afterAll(() => scene?.close());

  it(
    'goes on in the next worker when its worker is killed, and is completed',
    async () => {
      const { laptop, databaseId } = scene;
      const { id: backupId } = await laptop.backUp(databaseId);
      const killed: number[] = [];
      const restore = await strikeIn(scene, {
        kind: 'restore',
        bytes: MIDDLE,
        backupId,
        strike: async (path) => {
          killed.push(...killWorkers(scene, 'restore-public'));
          expect((await laptop.api('GET', path)).body).toMatchObject({
            restored: [{ state: 'partial' }, {}],
          });
        },
      });
      expect(killed).toHaveLength(1);
      expect(restore.failure).toBeUndefined();
      expect(restore).toMatchObject({
        state: 'completed',
        restored: [{ state: 'restored' }, { state: 'restored' }],
      });
      expect(await scene.differences()).toEqual([]);
    },
    TEST_MS,
  );
});
