/** Evaluates IAM: what the template's roles allow to the function that signed, and what that needs of KMS. */
import type { StackModel } from '../template/model.ts';
import type { AccessKeys } from './access-keys.ts';
import { AwsError } from './aws-error.ts';
import { allows, type Use } from './identity-policy.ts';
import { matchesWildcard } from './wildcard.ts';

/** A call as IAM looks at it. */
export interface Call extends Use {
  readonly accessKeyId: string;
  /** What the bucket's policy says; its permission is as good as the role's. */
  readonly bucketPolicy?: 'Allow' | undefined;
}

/** A use of a permission that the policies allow to a function. */
export interface AllowedUse extends Use {
  /** The id of the function's construct, such as `sweep`. */
  readonly functionId: string;
}

/** Asked before every call of every service. @throws AwsError `AccessDeniedException` where it is not allowed */
export type Authorize = (call: Call) => void;

/** Whoever runs this cloud, as the administrator of an account: may everything. */
export const OPERATOR = 'operator';

interface Listeners {
  /** Told of each denial, with the name of the function. */
  readonly log?: (line: string) => void;
  /** Asked about each use that is allowed; false denies it all the same. */
  readonly alsoAsk?: ((use: AllowedUse) => boolean) | undefined;
}

export function createAuthorize(
  keys: AccessKeys,
  stack: StackModel,
  { log = () => undefined, alsoAsk = () => true }: Listeners = {},
): Authorize {
  const functions = new Map(stack.functions.map((model) => [model.name, model]));
  return ({ accessKeyId, bucketPolicy, ...call }) => {
    const owner = keys.ownerOf(accessKeyId);
    if (owner === OPERATOR) return;
    const { id: functionId = '', roleName = '' } = functions.get(owner ?? '') ?? {};
    const policies = stack.rolePolicies.get(roleName) ?? [];
    const uses = [...(bucketPolicy === 'Allow' ? [] : [call]), ...usesOfKeys(stack, call)];
    for (const use of uses) {
      const { action, resource } = use;
      const allowed = allows(policies, use) && keyDelegates(stack, action, resource);
      if (allowed && alsoAsk({ ...use, functionId })) continue;
      log(`IAM denies ${owner ?? 'an unknown key'} ${action} on ${resource}`);
      const message = `not authorized to perform: ${action} on resource: ${resource}`;
      throw new AwsError(403, 'AccessDeniedException', message);
    }
  };
}

/** A key of the stack obeys the policies of roles only as far as its own policy says so. */
function keyDelegates({ keys }: StackModel, action: string, resource: string): boolean {
  const key = action.startsWith('kms:') ? keys.find(({ arn }) => arn === resource) : undefined;
  return key?.delegated.some((pattern) => matchesWildcard(pattern, action)) ?? true;
}

/**
 * Secrets Manager too, where a secret has a key of its owner.
 * @param keyArn of the secret
 * @see https://docs.aws.amazon.com/secretsmanager/latest/userguide/security-encryption.html
 */
export function usesOfSecretKey(region: string, operation: string, keyArn: string): Use[] {
  const actions = { GetSecretValue: ['Decrypt'], PutSecretValue: ['GenerateDataKey', 'Decrypt'] }[operation];
  return (actions ?? []).map((name) => ({
    action: `kms:${name}`,
    resource: keyArn,
    conditionKeys: { 'kms:ViaService': `secretsmanager.${region}.amazonaws.com` },
  }));
}

/** S3 and DynamoDB use the key that encrypts in the name of their caller. */
function usesOfKeys(
  { region, buckets, tables }: StackModel,
  { action, resource, conditionKeys }: Use,
): Use[] {
  const through = (service: string, key: string | undefined, ...actions: string[]): Use[] =>
    (key === undefined ? [] : actions).map((name) => ({
      action: `kms:${name}`,
      resource: key ?? '',
      conditionKeys: { 'kms:ViaService': `${service}.${region}.amazonaws.com` },
    }));
  const bucketKey = buckets.find(({ arn }) => resource.startsWith(`${arn}/`))?.kmsKeyArn;
  const tableKey = tables.find(({ arn }) => resource === arn || resource.startsWith(`${arn}/`))?.kmsKeyArn;
  if (/^s3:GetObject(Version)?$/.test(action)) return through('s3', bucketKey, 'Decrypt');
  if (action === 's3:PutObject') {
    const isPart = conditionKeys?.['s3:ObjectCreationOperation'] === 'false';
    return through('s3', bucketKey, 'GenerateDataKey', ...(isPart ? ['Decrypt'] : []));
  }
  return action.startsWith('dynamodb:') ? through('dynamodb', tableKey, 'Decrypt') : [];
}
