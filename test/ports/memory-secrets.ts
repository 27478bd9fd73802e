import type { Secret, SecretStore } from '../../functions/core/ports.ts';
import { SafeBaseError } from '../../functions/errors.ts';

/** Secrets in a map, by ARN, which a test may look at. */
export function memorySecrets(): SecretStore & {
  readonly stored: Map<string, Secret>;
  readonly pending: Map<string, Secret>;
} {
  const stored = new Map<string, Secret>();
  const pending = new Map<string, Secret>();
  return {
    stored,
    pending,
    async create(name, secret) {
      const arn = `arn:aws:secretsmanager:us-east-1:000000000000:secret:${name}`;
      stored.set(arn, secret);
      return arn;
    },
    async replace(secretArn, secret) {
      if (!stored.has(secretArn)) throw new SafeBaseError('secret_unusable', 'there is no such secret');
      stored.set(secretArn, secret);
    },
    async read(secretArn) {
      const secret = stored.get(secretArn);
      if (secret === undefined) throw new SafeBaseError('secret_unusable', 'there is no such secret');
      return secret;
    },
    async readPending(secretArn) {
      return pending.get(secretArn);
    },
    async remove(secretArn) {
      stored.delete(secretArn);
    },
  };
}
