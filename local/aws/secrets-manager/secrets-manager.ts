/** Secrets Manager, as far as passwords of databases need it. */
import { randomBytes } from 'node:crypto';
import { AwsError } from '../aws-error.ts';
import type { Operations } from '../json-protocol.ts';
import { INPUTS, parse } from './inputs.ts';
import type { SecretsFile, StoredSecret, StoredVersion } from './store.ts';

interface Service {
  readonly file: SecretsFile;
  /** `arn:aws:secretsmanager:<region>:<account>:secret:` */
  readonly arnPrefix: string;
  /** Milliseconds since the epoch. */
  readonly now: () => number;
}

const DEFAULT_RECOVERY_DAYS = 30;
const CURRENT = 'AWSCURRENT';
const PREVIOUS = 'AWSPREVIOUS';

export const createSecretsManager = (service: Service): Operations => ({
  CreateSecret: (input) => service.file.transaction(() => createSecret(service, input)),
  GetSecretValue: (input) => getSecretValue(service, input),
  PutSecretValue: (input) => service.file.transaction(() => putSecretValue(service, input)),
  DescribeSecret: (input) => describeSecret(service, input),
  DeleteSecret: (input) => service.file.transaction(() => deleteSecret(service, input)),
});

function createSecret({ file, arnPrefix, now }: Service, input: unknown): object {
  const request = parse(INPUTS.CreateSecret, input);
  const { Name, Description = null, Tags, ClientRequestToken: id, SecretString: value } = request;
  const { KmsKeyId: key = null } = request;
  const present = file.find(Name);
  if (present !== undefined) {
    // A repeated call with the same token and value is the same call.
    const same = file.versions(present.arn).find((version) => version.id === id);
    if (present.deleted !== null || same === undefined || same.value !== value) {
      throw exists(`The operation failed because the secret ${Name} already exists.`);
    }
    return { ARN: present.arn, Name, VersionId: id };
  }
  const arn = `${arnPrefix}${Name}-${randomBytes(3).toString('hex')}`;
  const created = now() / 1000;
  file.insert({
    arn,
    name: Name,
    description: Description,
    tags: JSON.stringify(Tags),
    created,
    deleted: null,
    key,
  });
  if (value === undefined) return { ARN: arn, Name };
  file.putVersion(arn, { id, value, created, stages: [CURRENT] });
  return { ARN: arn, Name, VersionId: id };
}

function getSecretValue({ file }: Service, input: unknown): object {
  const { SecretId, VersionId, VersionStage } = parse(INPUTS.GetSecretValue, input);
  const secret = findLiving(file, SecretId);
  const stage = VersionStage ?? (VersionId === undefined ? CURRENT : undefined);
  const isWanted = ({ id, stages }: StoredVersion): boolean =>
    (VersionId === undefined || id === VersionId) && (stage === undefined || stages.includes(stage));
  const version = file.versions(secret.arn).find(isWanted);
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
}

function putSecretValue({ file, now }: Service, input: unknown): object {
  const request = parse(INPUTS.PutSecretValue, input);
  const { SecretId, ClientRequestToken: id, SecretString: value, VersionStages } = request;
  const secret = findLiving(file, SecretId);
  const versions = file.versions(secret.arn);
  const same = versions.find((version) => version.id === id);
  if (same !== undefined && same.value !== value) {
    throw exists('You cannot change the value of a version; use another ClientRequestToken.');
  }
  if (same === undefined) {
    for (const version of moveStages(versions, VersionStages)) file.putVersion(secret.arn, version);
    file.putVersion(secret.arn, { id, value, created: now() / 1000, stages: VersionStages });
  }
  return { ARN: secret.arn, Name: secret.name, VersionId: id, VersionStages };
}

function describeSecret({ file }: Service, input: unknown): object {
  const secret = find(file, parse(INPUTS.DescribeSecret, input).SecretId);
  const staged = file.versions(secret.arn).filter(({ stages }) => stages.length > 0);
  return {
    ARN: secret.arn,
    Name: secret.name,
    ...(secret.description !== null && { Description: secret.description }),
    ...(secret.deleted !== null && { DeletedDate: secret.deleted }),
    CreatedDate: secret.created,
    Tags: JSON.parse(secret.tags),
    VersionIdsToStages: Object.fromEntries(staged.map(({ id, stages }) => [id, stages])),
  };
}

function deleteSecret({ file, now }: Service, input: unknown): object {
  const request = parse(INPUTS.DeleteSecret, input);
  const { SecretId, ForceDeleteWithoutRecovery: force, RecoveryWindowInDays: days } = request;
  const at = now() / 1000;
  if (!force) {
    const { arn, name } = findLiving(file, SecretId);
    file.markDeleted(arn, at);
    return { ARN: arn, Name: name, DeletionDate: at + (days ?? DEFAULT_RECOVERY_DAYS) * 86_400 };
  }
  if (days !== undefined) {
    throw new AwsError(
      400,
      'InvalidParameterException',
      "You can't use ForceDeleteWithoutRecovery in conjunction with RecoveryWindowInDays.",
    );
  }
  // Forced deletion of a secret that is already gone is no error, on AWS neither.
  const { arn, name } = file.find(SecretId) ?? { arn: SecretId, name: SecretId };
  file.remove(arn);
  return { ARN: arn, Name: name, DeletionDate: at };
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

function find(file: SecretsFile, id: string): StoredSecret {
  const secret = file.find(id);
  if (secret === undefined) throw notFound("Secrets Manager can't find the specified secret.");
  return secret;
}

function findLiving(file: SecretsFile, id: string): StoredSecret {
  const secret = find(file, id);
  if (secret.deleted === null) return secret;
  throw new AwsError(
    400,
    'InvalidRequestException',
    "You can't perform this operation on the secret because it was marked for deletion.",
  );
}

const notFound = (message: string): AwsError => new AwsError(400, 'ResourceNotFoundException', message);
const exists = (message: string): AwsError => new AwsError(400, 'ResourceExistsException', message);
