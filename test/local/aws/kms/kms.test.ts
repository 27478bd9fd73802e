import { createHash, createPublicKey, verify as verifySignature } from 'node:crypto';
import { statSync } from 'node:fs';
import { join } from 'node:path';
import {
  GenerateMacCommand,
  GetPublicKeyCommand,
  KMSClient,
  SignCommand,
  type SignCommandInput,
  VerifyMacCommand,
} from '@aws-sdk/client-kms';
import { temporaryFolder } from '../../temporary-folder.ts';
import { type AwsFixture, startAws } from '../aws-fixture.ts';

const key = (Properties: Readonly<Record<string, unknown>>) => ({ Type: 'AWS::KMS::Key', Properties });
const FIXTURE = {
  resources: {
    tokens: key({ KeySpec: 'HMAC_256', KeyUsage: 'GENERATE_VERIFY_MAC' }),
    data: key({}),
    signing: key({ KeySpec: 'ECC_NIST_P256', KeyUsage: 'SIGN_VERIFY' }),
    signingAlias: {
      Type: 'AWS::KMS::Alias',
      Properties: { AliasName: 'alias/signing', TargetKeyId: { Ref: 'signing' } },
    },
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

const digestOf = (text: string): Buffer => createHash('sha256').update(text).digest();
const sign = (change: Partial<SignCommandInput>) =>
  new KMSClient(aws.client).send(
    new SignCommand({
      KeyId: 'alias/signing',
      Message: Buffer.from('manifest'),
      SigningAlgorithm: 'ECDSA_SHA_256',
      ...change,
    }),
  );
const publicKey = async () => {
  const answer = await new KMSClient(aws.client).send(new GetPublicKeyCommand({ KeyId: 'alias/signing' }));
  const key = createPublicKey({ key: Buffer.from(answer.PublicKey ?? []), format: 'der', type: 'spki' });
  return { answer, key };
};

describe('signatures of KMS', () => {
  it('match, whether KMS hashes the message or is given its hash', async () => {
    const { answer, key } = await publicKey();
    expect(answer).toMatchObject({
      KeySpec: 'ECC_NIST_P256',
      KeyUsage: 'SIGN_VERIFY',
      SigningAlgorithms: ['ECDSA_SHA_256'],
    });
    // Often enough that numbers with a leading zero or a first bit come up.
    for (let round = 0; round < 20; round += 1) {
      const text = `manifest ${round}`;
      const raw = await sign({ Message: Buffer.from(text) });
      const digest = await sign({ Message: digestOf(text), MessageType: 'DIGEST' });
      for (const { Signature: signature = new Uint8Array() } of [raw, digest]) {
        expect(verifySignature('sha256', Buffer.from(text), key, signature)).toBe(true);
        expect(verifySignature('sha256', Buffer.from(`${text}.`), key, signature)).toBe(false);
      }
    }
  });

  it.each([
    ['a key for other uses', { KeyId: 'alias/tokens' }, 'InvalidKeyUsageException'],
    ['an unknown key', { KeyId: 'alias/none' }, 'NotFoundException'],
    ['another algorithm', { SigningAlgorithm: 'ECDSA_SHA_384' }, 'InvalidKeyUsageException'],
    [
      'a digest of another length',
      { Message: Buffer.alloc(31), MessageType: 'DIGEST' },
      'ValidationException',
    ],
    ['an empty message', { Message: Buffer.alloc(0) }, 'ValidationException'],
    ['a message over 4,096 bytes', { Message: Buffer.alloc(4097) }, 'ValidationException'],
  ] as const)('are refused for %s', async (_, change, name) => {
    await expect(sign(change)).rejects.toMatchObject({ name, $metadata: { httpStatusCode: 400 } });
  });

  it('come from the same key after a restart', async () => {
    const before = await publicKey();
    await aws.stop();
    aws = await startAws(FIXTURE, folder);
    expect((await publicKey()).answer).toMatchObject({ PublicKey: before.answer.PublicKey });
    expect(statSync(join(folder, 'kms.json')).mode & 0o777).toBe(0o600);
  });
});
