import { createPublicKey } from 'node:crypto';
import { GetPublicKeyCommand, type KMSClient, SignCommand } from '@aws-sdk/client-kms';
import type { ManifestSigner } from '../core/ports.ts';
import { SafeBaseError } from '../errors.ts';

/** Signs under an asymmetric key of KMS: only digests are sent, as KMS takes at most 4,096 bytes of a message. */
export const kmsManifestSigner = (client: KMSClient, keyId: string): ManifestSigner => ({
  async sign(digest) {
    const command = new SignCommand({
      KeyId: keyId,
      Message: digest,
      MessageType: 'DIGEST',
      SigningAlgorithm: 'ECDSA_SHA_256',
    });
    const { Signature: signature } = await client.send(command).catch(away);
    if (signature === undefined) throw new SafeBaseError('unavailable', 'manifests cannot be signed');
    return Buffer.from(signature);
  },
  async publicKey() {
    const { PublicKey: der } = await client.send(new GetPublicKeyCommand({ KeyId: keyId })).catch(away);
    if (der === undefined) throw new SafeBaseError('unavailable', 'KMS gives no public key');
    const key = createPublicKey({ key: Buffer.from(der), format: 'der', type: 'spki' });
    return key.export({ format: 'pem', type: 'spki' }).toString();
  },
});

const away = (error: unknown): never => {
  throw new SafeBaseError('unavailable', 'manifests cannot be signed', { cause: error });
};
