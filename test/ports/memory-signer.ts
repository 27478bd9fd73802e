import { generateKeyPairSync } from 'node:crypto';
import type { ManifestSigner } from '../../functions/core/ports.ts';
import { signDigest } from '../../local/aws/kms/sign-digest.ts';

/** A signer with a key of its own. */
export function memorySigner(): ManifestSigner & { readonly digests: readonly Buffer[] } {
  const { privateKey, publicKey } = generateKeyPairSync('ec', {
    namedCurve: 'prime256v1',
    privateKeyEncoding: { format: 'der', type: 'pkcs8' },
    publicKeyEncoding: { format: 'pem', type: 'spki' },
  });
  const digests: Buffer[] = [];
  return {
    digests,
    async sign(digest) {
      digests.push(digest);
      return signDigest(privateKey, digest);
    },
    publicKey: async () => publicKey,
  };
}
