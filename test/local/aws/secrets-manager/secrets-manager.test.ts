import { statSync } from 'node:fs';
import { join } from 'node:path';
import {
  CreateSecretCommand,
  DeleteSecretCommand,
  DescribeSecretCommand,
  GetSecretValueCommand,
  PutSecretValueCommand,
  SecretsManagerClient,
} from '@aws-sdk/client-secrets-manager';
import { temporaryFolder } from '../../temporary-folder.ts';
import { type AwsFixture, startAws } from '../aws-fixture.ts';

const folder = temporaryFolder();
let aws: AwsFixture;
let client: SecretsManagerClient;
const connect = async () => {
  aws = await startAws({}, folder);
  client = new SecretsManagerClient(aws.client);
};
beforeAll(connect);
afterAll(() => aws.stop());

let made = 0;
/** A new secret with one value. */
async function create(SecretString: string) {
  made += 1;
  const { ARN = '', Name = '' } = await client.send(
    new CreateSecretCommand({ Name: `app/secret-${made}`, SecretString }),
  );
  return { ARN, Name };
}
const read = (SecretId: string, VersionStage?: string) =>
  client.send(new GetSecretValueCommand({ SecretId, ...(VersionStage && { VersionStage }) }));
const put = (SecretId: string, SecretString: string, ClientRequestToken?: string) =>
  client.send(
    new PutSecretValueCommand({ SecretId, SecretString, ...(ClientRequestToken && { ClientRequestToken }) }),
  );
const remove = (SecretId: string, ForceDeleteWithoutRecovery: boolean) =>
  client.send(new DeleteSecretCommand({ SecretId, ForceDeleteWithoutRecovery }));

describe('Secrets Manager', () => {
  it('gives a secret back by name, ARN and the ARN without its random end', async () => {
    const { ARN, Name } = await create('s3cret');
    expect(ARN).toMatch(/^arn:aws:secretsmanager:us-east-1:000000000000:secret:app\/secret-\d+-[0-9a-f]{6}$/);
    for (const id of [Name, ARN, ARN.slice(0, -7)]) {
      expect(await read(id)).toMatchObject({
        SecretString: 's3cret',
        VersionStages: ['AWSCURRENT'],
        ARN,
        Name,
      });
    }
  });

  it('keeps the value before as the previous one', async () => {
    const { ARN } = await create('one');
    await put(ARN, 'two');
    await put(ARN, 'three');
    expect((await read(ARN)).SecretString).toBe('three');
    expect((await read(ARN, 'AWSPREVIOUS')).SecretString).toBe('two');
    const { VersionIdsToStages } = await client.send(new DescribeSecretCommand({ SecretId: ARN }));
    expect(
      Object.values(VersionIdsToStages ?? {})
        .flat()
        .sort(),
    ).toEqual(['AWSCURRENT', 'AWSPREVIOUS']);
  });

  it('keeps the value of a rotation that is pending beside the current one', async () => {
    const { ARN } = await create('one');
    await expect(read(ARN, 'AWSPENDING')).rejects.toMatchObject({ name: 'ResourceNotFoundException' });
    const SecretString = 'two';
    await client.send(
      new PutSecretValueCommand({ SecretId: ARN, SecretString, VersionStages: ['AWSPENDING'] }),
    );
    expect((await read(ARN, 'AWSPENDING')).SecretString).toBe('two');
    expect((await read(ARN)).SecretString).toBe('one');
  });

  it('counts a repeated write as one, and refuses another value under its token', async () => {
    const { ARN } = await create('one');
    const token = '0123456789abcdef0123456789abcdef';
    const first = await put(ARN, 'two', token);
    expect((await put(ARN, 'two', token)).VersionId).toBe(first.VersionId);
    expect((await read(ARN, 'AWSPREVIOUS')).SecretString).toBe('one');
    await expect(put(ARN, 'other', token)).rejects.toMatchObject({ name: 'ResourceExistsException' });
  });

  it('refuses a name that is taken', async () => {
    const { Name } = await create('one');
    const again = client.send(new CreateSecretCommand({ Name, SecretString: 'two' }));
    await expect(again).rejects.toMatchObject({ name: 'ResourceExistsException' });
    expect((await read(Name)).SecretString).toBe('one');
  });

  it.each([
    ['reading', () => read('app/none')],
    ['writing', () => put('app/none', 'x')],
    ['describing', () => client.send(new DescribeSecretCommand({ SecretId: 'app/none' }))],
    ['deleting', () => remove('app/none', false)],
  ])('does not find what is not there when %s', async (_, call) => {
    await expect(call()).rejects.toMatchObject({ name: 'ResourceNotFoundException' });
  });

  it('finds no value at a stage that none has', async () => {
    const { ARN } = await create('one');
    await expect(read(ARN, 'AWSPENDING')).rejects.toMatchObject({ name: 'ResourceNotFoundException' });
  });

  it('hides a secret that waits for its deletion', async () => {
    const { ARN } = await create('one');
    const { DeletionDate } = await remove(ARN, false);
    expect(DeletionDate?.getTime()).toBeGreaterThan(Date.now() + 29 * 86_400_000);
    await expect(read(ARN)).rejects.toMatchObject({ name: 'InvalidRequestException' });
    await expect(put(ARN, 'two')).rejects.toMatchObject({ name: 'InvalidRequestException' });
    expect((await client.send(new DescribeSecretCommand({ SecretId: ARN }))).DeletedDate).toBeInstanceOf(
      Date,
    );
  });

  it('forgets a secret at once where that is forced, also twice', async () => {
    const { ARN, Name } = await create('one');
    await remove(ARN, true);
    await remove(ARN, true);
    await expect(read(ARN)).rejects.toMatchObject({ name: 'ResourceNotFoundException' });
    await client.send(new CreateSecretCommand({ Name, SecretString: 'new' }));
    expect((await read(Name)).SecretString).toBe('new');
  });

  it('keeps secrets over a restart, in a file that others cannot read', async () => {
    const { ARN } = await create('kept');
    await aws.stop();
    await connect();
    expect((await read(ARN)).SecretString).toBe('kept');
    expect(statSync(join(folder, 'secrets.sqlite')).mode & 0o777).toBe(0o600);
  });
});
