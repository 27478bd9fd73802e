/** A password that is changed while a run is under way. */

import { DynamoDBClient, GetItemCommand } from '@aws-sdk/client-dynamodb';
import { PutSecretValueCommand, SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { unmarshall } from '@aws-sdk/util-dynamodb';
import type { Cloud } from '../../local/cloud.ts';
import { everyday } from '../functions/engine-server.ts';
import { openScene, type Scene } from './scene.ts';
import { overwriting, strikeIn } from './strike-in.ts';

const START_MS = 240_000;
const TEST_MS = 120_000;
const MIDDLE = { backup: 19_000_000, restore: 1_500_000 };
const ACCOUNT = 'rotated';
const PENDING = ['AWSPENDING'];

describe.each(everyday('mariadb-11.8', 'mysql-9.7'))('on %s', (engine) => {
  let scene: Scene;
  let secrets: SecretsManagerClient;
  /** Of the same server, by an account of its own. */
  let databaseId: string;
  let secretArn: string;
  let passwords = 0;
  const asRoot = async (statement: string): Promise<void> => {
    const root = await scene.server().connect();
    await root.query(statement);
    await root.end();
  };
  beforeAll(async () => {
    scene = await openScene(engine);
    const { laptop, proxy } = scene;
    const { cloud } = laptop;
    const { region } = cloud.operator;
    secrets = new SecretsManagerClient({ endpoint: cloud.awsUrl, region, credentials: cloud.operator });
    await asRoot(`CREATE USER ${ACCOUNT}@'%' IDENTIFIED BY 'pw-0'`);
    await asRoot(`GRANT ALL ON *.* TO ${ACCOUNT}@'%' WITH GRANT OPTION`);
    const backupCredentials = { username: ACCOUNT, password: 'pw-0' };
    const server = { ...scene.server(), port: proxy.port };
    databaseId = await laptop.register(server, ['noise', 'shop', 'warehouse'], { backupCredentials });
    secretArn = await secretOf(cloud, databaseId);
  }, START_MS);
  afterAll(async () => {
    secrets?.destroy();
    await scene?.close();
  });

  /** Sets the next password on the server, and puts it into the secret. */
  const rotate = async (VersionStages = ['AWSCURRENT']): Promise<void> => {
    passwords += 1;
    const password = `pw-${passwords}`;
    await asRoot(`ALTER USER ${ACCOUNT}@'%' IDENTIFIED BY '${password}'`);
    const SecretString = JSON.stringify({ username: ACCOUNT, password });
    await secrets.send(new PutSecretValueCommand({ SecretId: secretArn, SecretString, VersionStages }));
  };

  it(
    'backup and restore go on with the new password, and with one that is pending',
    async () => {
      const { laptop } = scene;
      const backUp = (strike: () => Promise<void>) =>
        strikeIn({ ...scene, databaseId }, { kind: 'backup', bytes: MIDDLE.backup, strike });
      const first = await backUp(() => rotate());
      expect(first.failure).toBeUndefined();
      const backup = await backUp(() => rotate(PENDING));
      expect(backup.failure).toBeUndefined();
      expect(backup).toMatchObject({ state: 'completed' });

      // It begins with what is current: the rotation before has set the pending one, and has yet to end.
      const restore = await strikeIn(
        { ...scene, databaseId },
        { kind: 'restore', bytes: MIDDLE.restore, backupId: backup.id, strike: async () => {} },
      );
      expect(restore.failure).toBeUndefined();
      expect(restore).toMatchObject({ state: 'completed' });
      await rotate();
      const later = await strikeIn(
        { ...scene, databaseId },
        { kind: 'restore', bytes: MIDDLE.restore, backupId: backup.id, strike: () => rotate(PENDING) },
      );
      expect(later.failure).toBeUndefined();
      expect(await scene.differences()).toEqual([]);
      await rotate();
      const order = overwriting(databaseId);
      expect(await laptop.restore(backup.id, order)).toMatchObject({ state: 'completed' });
    },
    TEST_MS,
  );

  it(
    'a backup fails where the secret does not know the new one',
    async () => {
      const failed = await strikeIn(
        { ...scene, databaseId },
        {
          kind: 'backup',
          bytes: MIDDLE.backup,
          strike: () => asRoot(`ALTER USER ${ACCOUNT}@'%' IDENTIFIED BY 'nobody knows'`),
        },
      );
      expect(failed).toMatchObject({ state: 'failed', failure: { code: 'credentials_rejected' } });
      expect(await scene.stored(failed.id)).toMatchObject({ uploads: [] });
    },
    TEST_MS,
  );
});

/** No answer of the API tells the secrets that SafeBase makes. */
async function secretOf({ awsUrl, operator, stack }: Cloud, databaseId: string): Promise<string> {
  const { region } = operator;
  const dynamoDb = new DynamoDBClient({ endpoint: awsUrl, region, credentials: operator });
  const Key = { pk: { S: `DB#${databaseId.slice(3)}` }, sk: { S: 'META' } };
  const { Item = {} } = await dynamoDb.send(new GetItemCommand({ TableName: stack.tables[0]?.name, Key }));
  dynamoDb.destroy();
  return unmarshall(Item).backupCredentials.secretArn;
}
