import { z } from 'zod';
import { ACCOUNT } from './resource-types.ts';

const texts = z.union([z.string().transform((one) => [one]), z.array(z.string())]);
/** The account itself stands for its IAM policies; a key that names roles or services is not known here. */
const document = z.strictObject({
  Version: z.literal('2012-10-17'),
  Statement: z.array(
    z.strictObject({
      Sid: z.string().optional(),
      Effect: z.literal('Allow'),
      Principal: z.strictObject({ AWS: z.literal(`arn:aws:iam::${ACCOUNT}:root`) }),
      Action: texts,
      Resource: z.literal('*'),
    }),
  ),
});

/** What CloudFormation gives a key without a policy. */
const EVERYTHING = ['kms:*'];

/**
 * The actions, with wildcards, that a key leaves to the account's IAM policies: without its own word, no role may use it,
 * whatever its policies say.
 * @throws Error naming each element that is not known
 * @see https://docs.aws.amazon.com/kms/latest/developerguide/key-policy-default.html#key-policy-default-allow-root-enable-iam
 */
export function delegatedActions(policy: unknown): readonly string[] {
  if (policy === undefined) return EVERYTHING;
  const parsed = document.safeParse(policy);
  if (!parsed.success) throw new Error(`policy of a key: ${z.prettifyError(parsed.error)}`);
  return parsed.data.Statement.flatMap(({ Action }) => Action);
}
