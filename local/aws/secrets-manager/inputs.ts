import { z } from 'zod';
import { AwsError } from '../aws-error.ts';

const name = z.string().regex(/^[A-Za-z0-9/_+=.@-]{1,512}$/);
const secretId = z.string().min(1).max(2048);
const versionId = z.string().min(32).max(64);
const secretString = z.string().min(1).max(65_536);

/**
 * What each operation takes. Strict: an argument that is not here is one that would be ignored silently.
 * @see https://docs.aws.amazon.com/secretsmanager/latest/apireference/API_Operations.html
 */
export const INPUTS = {
  CreateSecret: z.strictObject({
    Name: name,
    ClientRequestToken: versionId,
    SecretString: secretString.optional(),
    Description: z.string().optional(),
    // Nothing is encrypted with it here; whether the caller may use it is for the policies to say.
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
    VersionStages: z.array(z.string()).min(1).default(['AWSCURRENT']),
  }),
  DescribeSecret: z.strictObject({ SecretId: secretId }),
  DeleteSecret: z.strictObject({
    SecretId: secretId,
    RecoveryWindowInDays: z.int().min(7).max(30).optional(),
    ForceDeleteWithoutRecovery: z.boolean().default(false),
  }),
};

/** @throws AwsError `InvalidParameterException`, or 501 for an argument that is not emulated */
export function parse<T extends z.ZodType>(schema: T, input: unknown): z.output<T> {
  const parsed = schema.safeParse(input);
  if (parsed.success) return parsed.data;
  const strange = parsed.error.issues.some(({ code }) => code === 'unrecognized_keys');
  throw strange
    ? new AwsError(501, 'NotImplemented', `the local cloud: ${z.prettifyError(parsed.error)}`)
    : new AwsError(400, 'InvalidParameterException', z.prettifyError(parsed.error));
}
