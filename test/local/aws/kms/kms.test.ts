import { statSync } from 'node:fs';
import { join } from 'node:path';
import { GenerateMacCommand, KMSClient, VerifyMacCommand } from '@aws-sdk/client-kms';
import { temporaryFolder } from '../../temporary-folder.ts';
import { type AwsFixture, startAws } from '../aws-fixture.ts';

const key = (Properties: Readonly<Record<string, unknown>>) => ({ Type: 'AWS::KMS::Key', Properties });
const FIXTURE = {
  resources: {
    tokens: key({ KeySpec: 'HMAC_256', KeyUsage: 'GENERATE_VERIFY_MAC' }),
    data: key({}),
    alias: {
      Type: 'AWS::KMS::Alias',
      Properties: { AliasName: 'alias/tokens', TargetKeyId: { Ref: 'tokens' } },
    },
    dataAlias: {
      Type: 'AWS::KMS::Alias',
      Properties: { AliasName: 'alias/data', TargetKeyId: { Ref: 'data' } },
    },
  },
};

const folder = temporaryFolder();
let aws: AwsFixture;
beforeAll(async () => {
  aws = await startAws(FIXTURE, folder);
});
afterAll(() => aws.stop());

const generate = (text: string, KeyId = 'alias/tokens') =>
  new KMSClient(aws.client).send(
    new GenerateMacCommand({ KeyId, Message: Buffer.from(text), MacAlgorithm: 'HMAC_SHA_256' }),
  );
const verify = (text: string, Mac: Uint8Array) =>
  new KMSClient(aws.client).send(
    new VerifyMacCommand({
      KeyId: 'alias/tokens',
      Message: Buffer.from(text),
      Mac,
      MacAlgorithm: 'HMAC_SHA_256',
    }),
  );

describe('KMS', () => {
  it('makes the same MAC of the same message, by alias and by ARN', async () => {
    const first = await generate('token');
    expect(first.Mac).toHaveLength(32);
    expect(first.KeyId).toMatch(/^arn:aws:kms:us-east-1:000000000000:key\/[0-9a-f-]{36}$/);
    expect((await generate('token', first.KeyId)).Mac).toEqual(first.Mac);
    expect((await generate('other')).Mac).not.toEqual(first.Mac);
  });

  it('verifies a MAC', async () => {
    const { Mac = new Uint8Array() } = await generate('token');
    expect((await verify('token', Mac)).MacValid).toBe(true);
    await expect(verify('other', Mac)).rejects.toMatchObject({ name: 'KMSInvalidMacException' });
    await expect(verify('token', Mac.slice(1))).rejects.toMatchObject({ name: 'KMSInvalidMacException' });
  });

  it.each([
    ['an unknown key', 'alias/none', 'token', 'NotFoundException'],
    ['a key for other uses', 'alias/data', 'token', 'InvalidKeyUsageException'],
    ['an empty message', 'alias/tokens', '', 'ValidationException'],
    ['a message over 4,096 bytes', 'alias/tokens', 'x'.repeat(4097), 'ValidationException'],
  ])('refuses %s', async (_, keyId, text, name) => {
    await expect(generate(text, keyId)).rejects.toMatchObject({ name, $metadata: { httpStatusCode: 400 } });
  });

  it('keeps its keys, and for itself', async () => {
    const { Mac } = await generate('token');
    await aws.stop();
    aws = await startAws(FIXTURE, folder);
    expect((await generate('token')).Mac).toEqual(Mac);
    expect(statSync(join(folder, 'kms.json')).mode & 0o777).toBe(0o600);
  });
});
