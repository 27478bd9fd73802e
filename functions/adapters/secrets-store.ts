import {
  CreateSecretCommand,
  DeleteSecretCommand,
  GetSecretValueCommand,
  PutSecretValueCommand,
  type SecretsManagerClient,
  SecretsManagerServiceException,
} from '@aws-sdk/client-secrets-manager';
import * as z from 'zod';
import type { Secret, SecretStore } from '../core/ports.ts';
import { SafeBaseError } from '../errors.ts';

/** What a secret of RDS looks like too; it holds more, which is none of our business. */
const secretFields = z.object({ username: z.string().min(1).optional(), password: z.string().min(1) });

/** What Secrets Manager says where it answers, but this secret cannot be had. */
const UNUSABLE = [
  'ResourceNotFoundException',
  'AccessDeniedException',
  'DecryptionFailure',
  'InvalidRequestException',
  'InvalidParameterException',
];

/** Secrets in Secrets Manager. @param prefix begins the names of those that SafeBase makes, before a `/` */
export const secretsManagerStore = (client: SecretsManagerClient, prefix: string): SecretStore => ({
  async create(name, secret) {
    const { ARN: arn } = await client
      .send(new CreateSecretCommand({ Name: `${prefix}/${name}`, SecretString: JSON.stringify(secret) }))
      .catch(refuse('make a secret'));
    if (arn === undefined) throw new SafeBaseError('secrets_unreachable', 'the new secret has no ARN');
    return arn;
  },

  async replace(secretArn, secret) {
    const command = new PutSecretValueCommand({ SecretId: secretArn, SecretString: JSON.stringify(secret) });
    await client.send(command).catch(refuse('change the secret'));
  },

  async read(secretArn) {
    const { SecretString: text } = await client
      .send(new GetSecretValueCommand({ SecretId: secretArn }))
      .catch(refuse('read the secret'));
    return parseSecret(text);
  },

  async readPending(secretArn) {
    const command = new GetSecretValueCommand({ SecretId: secretArn, VersionStage: 'AWSPENDING' });
    const answer = await client.send(command).catch((error: unknown) => {
      if (nameOf(error) !== 'ResourceNotFoundException') refuse('read the secret')(error);
    });
    // A rotation makes the version before it has a value.
    return answer?.SecretString === undefined ? undefined : parseSecret(answer.SecretString);
  },

  async remove(secretArn) {
    const command = new DeleteSecretCommand({ SecretId: secretArn, ForceDeleteWithoutRecovery: true });
    await client.send(command).catch((error: unknown) => {
      if (nameOf(error) !== 'ResourceNotFoundException') refuse('remove the secret')(error);
    });
  },
});

/** Neither the text nor the parser's words about it may stand in the error: they hold the password. */
function parseSecret(text: string | undefined): Secret {
  const unusable = new SafeBaseError('secret_unusable', 'the secret is not JSON with a password');
  let value: unknown;
  try {
    value = JSON.parse(text ?? '');
  } catch {
    throw unusable;
  }
  const parsed = secretFields.safeParse(value);
  if (!parsed.success) throw unusable;
  const { username, password } = parsed.data;
  return username === undefined ? { password } : { username, password };
}

const nameOf = (error: unknown): string =>
  error instanceof SecretsManagerServiceException ? error.name : '';

const refuse =
  (could: string) =>
  (error: unknown): never => {
    const name = nameOf(error);
    const code = UNUSABLE.includes(name) ? 'secret_unusable' : 'secrets_unreachable';
    throw new SafeBaseError(code, `could not ${could} (${name || 'no answer'})`, { cause: error });
  };
