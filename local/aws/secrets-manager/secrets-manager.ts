/**
 * Secrets Manager, as far as passwords of databases need it.
 * @see https://docs.aws.amazon.com/secretsmanager/latest/apireference/API_Operations.html
 */
import { randomBytes } from 'node:crypto';
import { z } from 'zod';
import { AwsError } from '../aws-error.ts';
import type { Operations } from '../json-protocol.ts';
import type { SecretsFile, StoredSecret, StoredVersion } from './store.ts';

const DEFAULT_RECOVERY_DAYS = 30;
const CURRENT = 'AWSCURRENT';
const PREVIOUS = 'AWSPREVIOUS';

const name = z.string().regex(/^[A-Za-z0-9/_+=.@-]{1,512}$/);
const secretId = z.string().min(1).max(2048);
const versionId = z.string().min(32).max(64);
const secretString = z.string().min(1).max(65_536);

const INPUTS = {
  CreateSecret: z.strictObject({
    Name: name,
    ClientRequestToken: versionId,
    SecretString: secretString.optional(),
    Description: z.string().optional(),
    // Which key encrypts is of no meaning here; whether the caller may use it is for the policies to say.
    KmsKeyId: z.string().optional(),
    Tags: z.array(z.object({ Key: z.string(), Value: z.string() })).default([]),
  }),
  GetSecretValue: z.strictObject({
    SecretId: secretId,
    VersionId: versionId.optional(),
    VersionStage: z.string().optional(),
  }),
  PutSecretValue: z.strictObject({
    SecretId: secretId,
    ClientRequestToken: versionId,
    SecretString: secretString,
    VersionStages: z.array(z.string()).min(1).default([CURRENT]),
  }),
  DescribeSecret: z.strictObject({ SecretId: secretId }),
  DeleteSecret: z.strictObject({
    SecretId: secretId,
    RecoveryWindowInDays: z.int().min(7).max(30).optional(),
    ForceDeleteWithoutRecovery: z.boolean().default(false),
  }),
};

/**
 * @param arnPrefix `arn:aws:secretsmanager:<region>:<account>:secret:`
 * @param now milliseconds since the epoch
 */
export function createSecretsManager(file: SecretsFile, arnPrefix: string, now: () => number): Operations {
  const seconds = (): number => now() / 1000;
  const find = (id: string): StoredSecret => {
    const secret = file.find(id);
    if (secret === undefined) throw notFound("Secrets Manager can't find the specified secret.");
    return secret;
  };
  const findLiving = (id: string): StoredSecret => {
    const secret = find(id);
    if (secret.deleted === null) return secret;
    throw new AwsError(
      400,
      'InvalidRequestException',
      "You can't perform this operation on the secret because it was marked for deletion.",
    );
  };

  return {
    CreateSecret: (input) => {
      const request = parse(INPUTS.CreateSecret, input);
      return file.transaction(() => {
        const present = file.find(request.Name);
        const arn = present?.arn ?? `${arnPrefix}${request.Name}-${randomBytes(3).toString('hex')}`;
        if (present !== undefined) {
          // A repeated call with the same token and value is the same call.
          const same = file.versions(arn).find(({ id }) => id === request.ClientRequestToken);
          if (present.deleted === null && same !== undefined && same.value === request.SecretString) {
            return { ARN: arn, Name: request.Name, VersionId: same.id };
          }
          throw exists(`The operation failed because the secret ${request.Name} already exists.`);
        }
        const { Name, Description = null, Tags, ClientRequestToken: id, SecretString: value } = request;
        const created = seconds();
        file.insert({
          arn,
          name: Name,
          description: Description,
          tags: JSON.stringify(Tags),
          created,
          deleted: null,
        });
        if (value === undefined) return { ARN: arn, Name };
        file.putVersion(arn, { id, value, created, stages: [CURRENT] });
        return { ARN: arn, Name, VersionId: id };
      });
    },

    GetSecretValue: (input) => {
      const request = parse(INPUTS.GetSecretValue, input);
      const secret = findLiving(request.SecretId);
      const stage = request.VersionStage ?? (request.VersionId === undefined ? CURRENT : undefined);
      const version = file
        .versions(secret.arn)
        .find(
          ({ id, stages }) =>
            (request.VersionId === undefined || id === request.VersionId) &&
            (stage === undefined || stages.includes(stage)),
        );
      if (version === undefined) {
        throw notFound(`Secrets Manager can't find the specified secret value for staging label: ${stage}`);
      }
      return {
        ARN: secret.arn,
        Name: secret.name,
        VersionId: version.id,
        SecretString: version.value,
        VersionStages: version.stages,
        CreatedDate: version.created,
      };
    },

    PutSecretValue: (input) => {
      const request = parse(INPUTS.PutSecretValue, input);
      return file.transaction(() => {
        const secret = findLiving(request.SecretId);
        const { ClientRequestToken: id, SecretString: value, VersionStages } = request;
        const versions = file.versions(secret.arn);
        const same = versions.find((version) => version.id === id);
        if (same !== undefined && same.value !== value) {
          throw exists('You cannot change the value of a version; use another ClientRequestToken.');
        }
        const answer = { ARN: secret.arn, Name: secret.name, VersionId: id, VersionStages };
        if (same !== undefined) return answer;
        for (const version of moveStages(versions, VersionStages)) file.putVersion(secret.arn, version);
        file.putVersion(secret.arn, { id, value, created: seconds(), stages: VersionStages });
        return answer;
      });
    },

    DescribeSecret: (input) => {
      const secret = find(parse(INPUTS.DescribeSecret, input).SecretId);
      return {
        ARN: secret.arn,
        Name: secret.name,
        ...(secret.description !== null && { Description: secret.description }),
        ...(secret.deleted !== null && { DeletedDate: secret.deleted }),
        CreatedDate: secret.created,
        Tags: JSON.parse(secret.tags),
        VersionIdsToStages: Object.fromEntries(
          file
            .versions(secret.arn)
            .filter(({ stages }) => stages.length > 0)
            .map(({ id, stages }) => [id, stages]),
        ),
      };
    },

    DeleteSecret: (input) => {
      const request = parse(INPUTS.DeleteSecret, input);
      const force = request.ForceDeleteWithoutRecovery;
      if (force && request.RecoveryWindowInDays !== undefined) {
        throw new AwsError(
          400,
          'InvalidParameterException',
          "You can't use ForceDeleteWithoutRecovery in conjunction with RecoveryWindowInDays.",
        );
      }
      const at = seconds();
      const known = file.find(request.SecretId);
      // Forced deletion of a secret that is already gone is no error, on AWS neither.
      if (known === undefined && force)
        return { ARN: request.SecretId, Name: request.SecretId, DeletionDate: at };
      const secret = force ? find(request.SecretId) : findLiving(request.SecretId);
      const answer = { ARN: secret.arn, Name: secret.name };
      if (force) {
        file.remove(secret.arn);
        return { ...answer, DeletionDate: at };
      }
      file.markDeleted(secret.arn, at);
      return {
        ...answer,
        DeletionDate: at + (request.RecoveryWindowInDays ?? DEFAULT_RECOVERY_DAYS) * 86_400,
      };
    },
  };
}

/** A stage is on one version only; the one that was current before becomes the previous one. */
function moveStages(versions: readonly StoredVersion[], taken: readonly string[]): StoredVersion[] {
  return versions.map((version) => {
    const kept = version.stages.filter((stage) => !taken.includes(stage));
    if (!taken.includes(CURRENT)) return { ...version, stages: kept };
    const stages = kept.filter((stage) => stage !== PREVIOUS);
    return { ...version, stages: version.stages.includes(CURRENT) ? [...stages, PREVIOUS] : stages };
  });
}

const notFound = (message: string): AwsError => new AwsError(400, 'ResourceNotFoundException', message);
const exists = (message: string): AwsError => new AwsError(400, 'ResourceExistsException', message);

function parse<T extends z.ZodType>(schema: T, input: unknown): z.output<T> {
  const parsed = schema.safeParse(input);
  if (parsed.success) return parsed.data;
  // What the schema does not know would be ignored silently: it is refused instead.
  const strange = parsed.error.issues.some(({ code }) => code === 'unrecognized_keys');
  throw strange
    ? new AwsError(501, 'NotImplemented', `the local cloud: ${z.prettifyError(parsed.error)}`)
    : new AwsError(400, 'InvalidParameterException', z.prettifyError(parsed.error));
}
