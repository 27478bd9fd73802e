/** What a deploy can be told, from the CDK context: by `-c key=value`, or under `stages.<stage>` in cdk.json. */
import * as z from 'zod';
import { SETTINGS } from '../functions/config.ts';
import { SetUpError } from '../layers/set-up-error.ts';
import { type NetworkSettings, networks } from './network-settings.ts';

/** The days that CloudWatch Logs can keep a group. @see https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_PutRetentionPolicy.html */
const RETENTION_DAYS = [7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1096, 1827, 2192, 2557, 3653];
const STAGE = /^[a-z][a-z0-9-]{0,15}$/;
const SECRET_ARN = /^arn:[a-z-]+:secretsmanager:[a-z0-9-]+:\d{12}:secret:[\w/+=.@!-]+\*?$/;
const KEY_ARN = /^arn:[a-z-]+:kms:[a-z0-9-]+:\d{12}:key\/[\w-]+$/;

const shape = z.strictObject({
  /** The processor of all functions. arm64 costs a fifth less. */
  architecture: z.enum(['arm64', 'x86_64']).default('arm64'),
  networks,
  /** Requests to the API a second, and how many at once on top: over it the gateway answers 429. */
  throttle: z
    .strictObject({ rate: z.number().positive().max(10_000), burst: z.int().positive().max(5_000) })
    .default({ rate: 20, burst: 40 }),
  /** How long logs of functions and of the API are kept. */
  logRetentionDays: z
    .number()
    .refine((days) => RETENTION_DAYS.includes(days), `must be one of ${RETENTION_DAYS.join(', ')}`)
    .default(90),
  /** zstd level of dumps: 3 compresses at 150 to 300 MB/s on one core, 19 at 2. */
  zstdLevel: SETTINGS.ZSTD_LEVEL,
  /** Backups up to this many stored bytes are read back whole before they count; larger ones are verified afterwards. */
  rereadLimitBytes: SETTINGS.REREAD_LIMIT_BYTES,
  /** ARNs of your own secrets that databases may name, each exact or with `*` at its end: `…:secret:rds!*`. */
  secretArns: z
    .array(z.string().regex(SECRET_ARN, 'must be the ARN of a secret, at most its end a *'))
    .default([]),
  /** ARNs of the KMS keys of those secrets, where they are not encrypted with `aws/secretsmanager`. */
  secretKeyArns: z.array(z.string().regex(KEY_ARN, 'must be the ARN of a KMS key')).default([]),
  /** Deploy a layer whose packages are not those of the lock file. */
  acceptLayerDrift: z.boolean().default(false),
});

type Shape = z.output<typeof shape>;
export interface Settings extends Omit<Shape, 'networks'> {
  /** Part of the stack's name and of the names of managed secrets: stages live side by side in one account. */
  readonly stage: string;
  readonly networks: Readonly<Record<string, NetworkSettings>>;
}

/**
 * Reads the settings; a value given by `-c` wins over the one of the stage.
 * @param context all of the app's context, also the CDK's own keys
 * @throws SetUpError naming each context key that is wrong, and what would be right
 */
export function readSettings(context: Readonly<Record<string, unknown>>): Settings {
  const {
    stage = 'dev',
    stages,
    ...given
  } = Object.fromEntries(
    // Keys with one of these signs are those of the CDK itself, such as `aws:cdk:bundling-stacks`.
    Object.entries(context).filter(([key]) => !/[@:/]/.test(key)),
  );
  if (typeof stage !== 'string' || !STAGE.test(stage)) {
    throw wrong(['stage: must be up to 16 lower-case letters, digits and dashes, beginning with a letter']);
  }
  const parsed = shape.safeParse({ ...ofStage(stages, stage), ...mapValues(given, parseJson) });
  if (!parsed.success) throw wrong(parsed.error.issues.flatMap(sentences));
  return { ...parsed.data, stage };
}

/** A misspelt stage would deploy a new, empty stack beside the one that is meant. */
function ofStage(given: unknown, stage: string): Record<string, unknown> {
  if (given === undefined) return {};
  const stages = z.record(z.string(), z.record(z.string(), z.unknown())).safeParse(parseJson(given));
  if (!stages.success) throw wrong(['stages: must hold the settings of each stage under its name']);
  const settings = stages.data[stage];
  if (settings === undefined) {
    throw wrong([
      `stage: ${stage} is none of the stages of cdk.json (${Object.keys(stages.data).join(', ')})`,
    ]);
  }
  return settings;
}

/** The CDK passes whatever stands behind `-c key=` as text. */
function parseJson(value: unknown): unknown {
  if (typeof value !== 'string') return value;
  try {
    return JSON.parse(value);
  } catch {
    return value;
  }
}

const mapValues = (record: Record<string, unknown>, change: (value: unknown) => unknown) =>
  Object.fromEntries(Object.entries(record).map(([key, value]) => [key, change(value)]));

function sentences(issue: z.core.$ZodIssue): string[] {
  const key = issue.path.join('.');
  if (issue.code !== 'unrecognized_keys') return [`${key}: ${issue.message}`];
  return issue.keys.map((name) => `${key === '' ? name : `${key}.${name}`}: is no setting`);
}

const wrong = (problems: readonly string[]): SetUpError =>
  new SetUpError(`the settings in the CDK context are wrong\n  ${problems.join('\n  ')}`, {
    hint: 'Correct them in cdk.json or behind -c; docs/deploy.md lists all settings with examples.',
  });
