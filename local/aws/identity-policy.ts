/**
 * Policies of roles, as far as SafeBase writes them. An element that is not known here is an error when the stack is
 * read, never a pass.
 * @see https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_evaluation-logic.html
 */
import { z } from 'zod';
import { matchesWildcard } from './wildcard.ts';

/** One use of a permission; a condition key that is absent is one the request does not have. */
export interface Use {
  /** `dynamodb:GetItem` */
  readonly action: string;
  /** The ARN of what it acts on. */
  readonly resource: string;
  readonly conditionKeys?: Readonly<Record<string, string | readonly string[] | undefined>>;
}

type Operator = (given: readonly string[] | undefined, wanted: readonly string[]) => boolean;

const like = (wanted: readonly string[]) => (one: string) =>
  wanted.some((pattern) => matchesWildcard(pattern, one));
const OPERATORS: Readonly<Record<string, Operator>> = {
  StringEquals: (given, wanted) => given?.some((one) => wanted.includes(one)) ?? false,
  StringLike: (given, wanted) => given?.some(like(wanted)) ?? false,
  // Holds for a key that is absent, which is why policies ask for Null beside it.
  'ForAllValues:StringLike': (given, wanted) => given?.every(like(wanted)) ?? true,
  Null: (given, wanted) => wanted.includes(String(given === undefined)),
};

/** What calls tell of themselves here: any other key would be absent from all of them, and might so hold. */
const CONDITION_KEYS = ['dynamodb:LeadingKeys', 'kms:ViaService'];
const text = z.string().refine((value) => !value.includes('${'), 'policy variables are not known');
const texts = z.union([text.transform((one) => [one]), z.array(text)]);
const conditionKey = z.string().refine((name) => CONDITION_KEYS.includes(name), 'unknown condition key');
const operatorName = z
  .string()
  .refine((name) => Object.hasOwn(OPERATORS, name), 'unknown condition operator');
const document = z.strictObject({
  Version: z.literal('2012-10-17'),
  Statement: z.array(
    z.strictObject({
      Sid: z.string().optional(),
      Effect: z.enum(['Allow', 'Deny']),
      Action: texts,
      Resource: texts,
      Condition: z.record(operatorName, z.record(conditionKey, texts)).optional(),
    }),
  ),
});
export type IdentityPolicy = z.output<typeof document>;
type Statement = IdentityPolicy['Statement'][number];

/** @throws Error naming each element that is not known */
export function parseIdentityPolicy(policy: unknown): IdentityPolicy {
  const parsed = document.safeParse(policy);
  if (!parsed.success) throw new Error(`policy of a role: ${z.prettifyError(parsed.error)}`);
  return parsed.data;
}

/** Whether a role with these policies may: a denial beats everything, and no word is a denial. */
export function allows(policies: readonly IdentityPolicy[], use: Use): boolean {
  const effects = policies
    .flatMap((policy) => policy.Statement)
    .filter((statement) => applies(statement, use))
    .map(({ Effect }) => Effect);
  return effects.includes('Allow') && !effects.includes('Deny');
}

const applies = (statement: Statement, { action, resource, conditionKeys = {} }: Use): boolean =>
  statement.Action.some((pattern) => matchesWildcard(pattern.toLowerCase(), action.toLowerCase())) &&
  statement.Resource.some((pattern) => matchesWildcard(pattern, resource)) &&
  Object.entries(statement.Condition ?? {}).every(([operator, keys]) =>
    Object.entries(keys).every(([key, wanted]) => {
      const given = conditionKeys[key];
      return OPERATORS[operator]?.(typeof given === 'string' ? [given] : given, wanted) ?? false;
    }),
  );
