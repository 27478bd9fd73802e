/**
 * Bucket policies, as far as SafeBase writes them. An element that is not known here is an error when the policy is
 * set, never a pass.
 * @see https://docs.aws.amazon.com/AmazonS3/latest/userguide/bucket-policies.html
 */
import { z } from 'zod';
import { matchesWildcard } from '../wildcard.ts';

/** One use of a permission, with what conditions may ask about it; an absent key is one the request does not have. */
export interface AccessQuestion {
  readonly action: string;
  /** ARN of the bucket or object. */
  readonly resource: string;
  readonly conditionKeys: Readonly<Record<string, string | undefined>>;
}

/** The keys that every question answers, if only with "absent". */
const CONDITION_KEYS = [
  'aws:SecureTransport',
  'aws:CurrentTime',
  's3:TlsVersion',
  's3:authType',
  's3:if-match',
  's3:if-none-match',
  's3:ObjectCreationOperation',
  's3:VersionId',
  's3:prefix',
  's3:delimiter',
  's3:max-keys',
  's3:object-lock-mode',
  's3:object-lock-retain-until-date',
  's3:object-lock-legal-hold',
  's3:x-amz-server-side-encryption',
  's3:x-amz-server-side-encryption-aws-kms-key-id',
  's3:x-amz-storage-class',
] as const;

/** Whether a key's values fulfil an operator; `undefined` is a key that the request does not have. */
type Operator = (given: string | undefined, wanted: readonly string[]) => boolean;

const equals: Operator = (given, wanted) => given !== undefined && wanted.includes(given);
const like: Operator = (given, wanted) =>
  given !== undefined && wanted.some((pattern) => matchesWildcard(pattern, given));
const bool: Operator = (given, wanted) =>
  equals(
    given?.toLowerCase(),
    wanted.map((value) => value.toLowerCase()),
  );
const compare =
  (holds: (given: number, wanted: number) => boolean): Operator =>
  (given, wanted) =>
    given !== undefined && wanted.some((value) => holds(Number(given), Number(value)));

const OPERATORS: Readonly<Record<string, Operator>> = {
  Bool: bool,
  StringEquals: equals,
  StringNotEquals: (given, wanted) => !equals(given, wanted),
  StringLike: like,
  StringNotLike: (given, wanted) => !like(given, wanted),
  NumericLessThan: compare((given, wanted) => given < wanted),
  NumericLessThanEquals: compare((given, wanted) => given <= wanted),
  NumericGreaterThan: compare((given, wanted) => given > wanted),
  NumericGreaterThanEquals: compare((given, wanted) => given >= wanted),
  Null: (given, wanted) => wanted.includes(String(given === undefined)),
};
const IF_EXISTS = 'IfExists';

const plain = z.string().refine((value) => !value.includes('${'), 'policy variables are not known');
const text = z.union([plain, z.boolean().transform(String), z.number().transform(String)]);
const texts = z.union([text.transform((one) => [one]), z.array(text)]);
const operatorName = z.string().refine((name) => operatorNamed(name) !== undefined);
const conditionKey = z.string().refine((name) => keyNamed(name) !== undefined);
// A list of accounts or roles would need to know who holds an access key: that comes with the evaluation of IAM.
const everyone = z.union([
  z.literal('*'),
  z.strictObject({ AWS: z.union([z.literal('*'), z.tuple([z.literal('*')])]) }),
]);
const services = z.strictObject({ Service: texts });

const statement = z
  .strictObject({
    Sid: z.string().optional(),
    Effect: z.enum(['Allow', 'Deny']),
    Principal: z.union([everyone, services]),
    Action: texts.optional(),
    NotAction: texts.optional(),
    Resource: texts.optional(),
    NotResource: texts.optional(),
    Condition: z.record(operatorName, z.record(conditionKey, texts)).optional(),
  })
  .refine((one) => (one.Action === undefined) !== (one.NotAction === undefined), 'Action or NotAction')
  .refine(
    (one) => (one.Resource === undefined) !== (one.NotResource === undefined),
    'Resource or NotResource',
  );

const document = z.strictObject({
  Version: z.enum(['2012-10-17', '2008-10-17']).optional(),
  Id: z.string().optional(),
  // Not a union of both forms: its errors would not tell which element is unknown.
  Statement: z.preprocess((value) => (Array.isArray(value) ? value : [value]), z.array(statement)),
});

export type BucketPolicy = z.output<typeof document>;
type Statement = BucketPolicy['Statement'][number];

/** @throws Error naming each element that is not known */
export function parsePolicy(policy: unknown): BucketPolicy {
  const parsed = document.safeParse(policy);
  if (!parsed.success) throw new Error(`bucket policy: ${z.prettifyError(parsed.error)}`);
  return parsed.data;
}

/** What a policy says: a denial beats everything; undefined is no word either way. */
export function decide(policy: BucketPolicy, question: AccessQuestion): 'Allow' | 'Deny' | undefined {
  const effects = policy.Statement.filter((one) => applies(one, question)).map((one) => one.Effect);
  return effects.includes('Deny') ? 'Deny' : effects[0];
}

function applies(one: Statement, question: AccessQuestion): boolean {
  // The callers here are never AWS services.
  if (typeof one.Principal === 'object' && 'Service' in one.Principal) return false;
  const action = (patterns: readonly string[]) =>
    patterns.some((pattern) => matchesWildcard(pattern.toLowerCase(), question.action.toLowerCase()));
  const resource = (patterns: readonly string[]) =>
    patterns.some((pattern) => matchesWildcard(pattern, question.resource));
  return (
    (one.Action === undefined || action(one.Action)) &&
    (one.NotAction === undefined || !action(one.NotAction)) &&
    (one.Resource === undefined || resource(one.Resource)) &&
    (one.NotResource === undefined || !resource(one.NotResource)) &&
    Object.entries(one.Condition ?? {}).every(([operator, keys]) =>
      Object.entries(keys).every(([key, wanted]) =>
        holds(operator, question.conditionKeys[keyNamed(key) ?? ''], wanted),
      ),
    )
  );
}

function holds(name: string, given: string | undefined, wanted: readonly string[]): boolean {
  if (name.endsWith(IF_EXISTS) && given === undefined) return true;
  return operatorNamed(name)?.(given, wanted) ?? false;
}

function operatorNamed(name: string): Operator | undefined {
  if (name === 'Null') return OPERATORS.Null;
  const plain = name.endsWith(IF_EXISTS) ? name.slice(0, -IF_EXISTS.length) : name;
  return plain !== 'Null' && Object.hasOwn(OPERATORS, plain) ? OPERATORS[plain] : undefined;
}

/** Condition keys are named without regard to case. */
const keyNamed = (name: string): string | undefined =>
  CONDITION_KEYS.find((known) => known.toLowerCase() === name.toLowerCase());
