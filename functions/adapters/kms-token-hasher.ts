import { GenerateMacCommand, type KMSClient } from '@aws-sdk/client-kms';
import type { TokenHasher } from '../core/ports.ts';
import { SafeBaseError } from '../errors.ts';

/** Hashes under an HMAC key of KMS: who reads the table cannot try secrets against it. */
export const kmsTokenHasher = (client: KMSClient, keyId: string): TokenHasher => ({
  async hash(secret) {
    const message = Buffer.from(secret, 'utf8');
    const { Mac: mac } = await client
      .send(new GenerateMacCommand({ KeyId: keyId, MacAlgorithm: 'HMAC_SHA_256', Message: message }))
      .catch((error: unknown) => {
        throw new SafeBaseError('unavailable', 'tokens cannot be checked', { cause: error });
      });
    if (mac === undefined) throw new SafeBaseError('unavailable', 'tokens cannot be checked');
    return Buffer.from(mac).toString('hex');
  },
});
