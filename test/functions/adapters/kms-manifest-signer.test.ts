import { generateKeyPairSync } from 'node:crypto';
import { GetPublicKeyCommand, KMSClient, SignCommand } from '@aws-sdk/client-kms';
import { mockClient } from 'aws-sdk-client-mock';
import { kmsClient } from '../../../functions/adapters/aws-clients.ts';
import { kmsManifestSigner } from '../../../functions/adapters/kms-manifest-signer.ts';
import { checkSignature, digestOf } from '../../../functions/core/signature.ts';
import { startAws } from '../../local/aws/aws-fixture.ts';
import { temporaryFolder } from '../../local/temporary-folder.ts';

const digest = digestOf(Buffer.from('manifest'));

describe('kmsManifestSigner', () => {
  const client = new KMSClient({ region: 'us-east-1' });
  const kms = mockClient(client);
  const signer = kmsManifestSigner(client, 'key-1');
  beforeEach(() => kms.reset());

  it('sends the digest only', async () => {
    kms.on(SignCommand).resolves({ Signature: Uint8Array.of(1, 2) });
    expect(await signer.sign(digest)).toEqual(Buffer.of(1, 2));
    expect(kms.commandCalls(SignCommand)[0]?.args[0].input).toEqual({
      KeyId: 'key-1',
      Message: digest,
      MessageType: 'DIGEST',
      SigningAlgorithm: 'ECDSA_SHA_256',
    });
  });

  it('gives the public key as PEM', async () => {
    const { publicKey } = generateKeyPairSync('ec', { namedCurve: 'prime256v1' });
    kms.on(GetPublicKeyCommand).resolves({ PublicKey: publicKey.export({ format: 'der', type: 'spki' }) });
    expect(await signer.publicKey()).toBe(publicKey.export({ format: 'pem', type: 'spki' }));
  });

  it('is unavailable when KMS is, or answers nothing', async () => {
    kms.on(SignCommand).rejects(Object.assign(new Error('slow down'), { name: 'ThrottlingException' }));
    kms.on(GetPublicKeyCommand).rejects(Object.assign(new Error('off'), { name: 'DisabledException' }));
    await expect(signer.sign(digest)).rejects.toMatchObject({ code: 'unavailable' });
    await expect(signer.publicKey()).rejects.toMatchObject({ code: 'unavailable' });
    kms.on(SignCommand).resolves({});
    kms.on(GetPublicKeyCommand).resolves({});
    await expect(signer.sign(digest)).rejects.toMatchObject({ code: 'unavailable' });
    await expect(signer.publicKey()).rejects.toMatchObject({ code: 'unavailable' });
  });

  it('asks a throttled KMS four times', async () => {
    expect(await kmsClient().config.maxAttempts()).toBe(4);
  });
});

it('makes signatures that its public key confirms, with the KMS of the laptop', async () => {
  const resources = {
    signing: {
      Type: 'AWS::KMS::Key',
      Properties: { KeySpec: 'ECC_NIST_P256', KeyUsage: 'SIGN_VERIFY' },
    },
    alias: {
      Type: 'AWS::KMS::Alias',
      Properties: { AliasName: 'alias/signing', TargetKeyId: { Ref: 'signing' } },
    },
  };
  const aws = await startAws({ resources }, temporaryFolder());
  try {
    const signer = kmsManifestSigner(new KMSClient(aws.client), 'alias/signing');
    checkSignature(Buffer.from('manifest'), await signer.sign(digest), await signer.publicKey());
  } finally {
    await aws.stop();
  }
});
