/** Which permissions a call of a JSON service needs, as IAM names what it acts on. */
import { z } from 'zod';
import type { StackModel } from '../template/model.ts';
import { AwsError } from './aws-error.ts';
import type { Use } from './identity-policy.ts';
import { findKey } from './kms/kms.ts';

/** What of the stack calls act on. */
export type Targets = Pick<StackModel, 'accountId' | 'region' | 'tables' | 'keys'>;

const key = z.record(z.string(), z.object({ S: z.string().optional() })).optional();
const input = z.object({
  TableName: z.string().optional(),
  IndexName: z.string().optional(),
  Key: key,
  Item: key,
  KeyId: z.string().optional(),
  SecretId: z.string().optional(),
  Name: z.string().optional(),
});
type Input = z.output<typeof input>;

/** @param operation as the call names it: `GetItem` */
export function useOf(targets: Targets, service: string, operation: string, body: unknown): Use {
  const parsed = input.safeParse(body);
  if (!parsed.success) throw new AwsError(400, 'SerializationException', z.prettifyError(parsed.error));
  const action = `${service}:${operation}`;
  switch (service) {
    case 'dynamodb':
      return { action, ...itemOf(targets, parsed.data) };
    case 'kms':
      return { action, resource: findKey(targets.keys, parsed.data.KeyId ?? '')?.arn ?? '*' };
    case 'secretsmanager':
      return { action, resource: secretArn(targets, parsed.data) };
    default:
      return { action, resource: '*' };
  }
}

/** @see https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/specifying-conditions.html */
function itemOf({ tables }: Targets, { TableName, IndexName, Key, Item }: Input): Omit<Use, 'action'> {
  const table = tables.find(({ name }) => name === TableName);
  const resource = `${table?.arn ?? '*'}${IndexName === undefined ? '' : `/index/${IndexName}`}`;
  const partition = table?.keySchema.find(({ KeyType }) => KeyType === 'HASH')?.AttributeName ?? '';
  const leading = (Key ?? Item)?.[partition]?.S;
  return {
    resource,
    conditionKeys: { 'dynamodb:LeadingKeys': leading === undefined ? undefined : [leading] },
  };
}

/** Secrets Manager puts six characters of its own behind the name of a secret. */
function secretArn({ region, accountId }: Targets, { SecretId, Name }: Input): string {
  if (SecretId?.startsWith('arn:')) return SecretId;
  return `arn:aws:secretsmanager:${region}:${accountId}:secret:${SecretId ?? Name ?? ''}-000000`;
}
