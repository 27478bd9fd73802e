/** Every run-time setting of every function: its variable, shape, unit and default; parsed once at cold start. */
import * as z from 'zod';

const json = <T extends z.ZodType>(schema: T) =>
  z.string().transform((text, context) => {
    try {
      return schema.parse(JSON.parse(text));
    } catch (error) {
      context.addIssue({ code: 'custom', message: `is not the expected JSON: ${String(error)}` });
      return z.NEVER;
    }
  });

/** What hosts a network profile may reach; link-local and metadata addresses never. */
const networkRules = z.record(z.string(), z.object({ private: z.boolean(), loopback: z.boolean() }));
/** Network profile → names of its worker functions. */
const workerNames = z.record(
  z.string(),
  z.object({ probe: z.string(), backup: z.string(), restore: z.string() }),
);

const MIB = 1024 * 1024;

export const SETTINGS = {
  /** The DynamoDB table `core`. */
  TABLE_NAME: z.string().min(1),
  /** The bucket of backups and audit entries. */
  BUCKET_NAME: z.string().min(1),
  /** The KMS HMAC key that hashes API tokens. */
  TOKEN_KEY_ID: z.string().min(1),
  /** The KMS key that signs manifests. */
  SIGN_KEY_ID: z.string().min(1),
  /** Names of managed secrets begin with this and `/`. */
  SECRET_PREFIX: z.string().min(1),
  NETWORKS: json(networkRules),
  WORKERS: json(workerNames),
  EXPIRE_FUNCTION: z.string().min(1),
  VERIFY_FUNCTION: z.string().min(1),
  /** The durable function that drives runs, by its alias. */
  WORKFLOW_FUNCTION: z.string().min(1),
  /** Where the layer mysql-client is mounted. */
  MYSQL_CLIENT_ROOT: z.string().min(1),
  /** zstd level of dumps, 1 to 19. */
  ZSTD_LEVEL: z.coerce.number().int().min(1).max(19).default(3),
  /**
   * Format `parallel`: tables larger than this are cut into chunks of about so many bytes. It bounds what a restore does
   * again, and how uneven lanes end; a hundredth of it would still be worth its object.
   */
  CHUNK_BYTES: z.coerce
    .number()
    .int()
    .positive()
    .default(64 * MIB),
  /**
   * Format `parallel`: connections that read rows side by side. One thread turns the rows of all of them into lines: with
   * two it does not wait for the server, with more they would wait for it. One takes no lock.
   */
  LANES: z.coerce.number().int().min(1).max(8).default(2),
  /** From the request for the lock under which lanes begin, until it is given back (ms); then one lane goes on without. */
  LOCK_BUDGET_MS: z.coerce.number().int().min(1).default(5_000),
  /** Backups up to this many stored bytes are re-read whole after the upload; larger ones are left to verify. */
  REREAD_LIMIT_BYTES: z.coerce
    .number()
    .int()
    .min(0)
    .default(64 * MIB),
  /**
   * Bytes of tables that one worker dumps in a second. A third of the slowest that was measured (docs/performance.md: 79 MB
   * in format `parallel`, `mix`; 120 in `sql`), as its processors and the way to its server may be slower.
   */
  DUMP_BYTES_PER_SECOND: z.coerce
    .number()
    .positive()
    .default(25 * MIB),
  /** Bytes of tables that one worker loads in a second: a third of what was measured (22 MB, `restore mix`). */
  LOAD_BYTES_PER_SECOND: z.coerce
    .number()
    .positive()
    .default(7 * MIB),
  /** A worker that gave no sign of life for this long (ms) is dead. */
  LEASE_MS: z.coerce.number().int().positive().default(60_000),
  /** How often a worker gives a sign of life, and reads whether it is to end (ms); at most a quarter of the lease. */
  HEARTBEAT_MS: z.coerce.number().int().positive().default(3_000),
  /** How long a start may wait for its worker (ms). */
  QUEUE_LEASE_MS: z.coerce.number().int().positive().default(120_000),
} as const satisfies Record<string, z.ZodType>;

export type SettingName = keyof typeof SETTINGS;
type Settings<N extends SettingName> = { readonly [K in N]: z.output<(typeof SETTINGS)[K]> };

/** The deployed functions (workers once per network profile) and the settings that each of them gets. */
export const FUNCTION_SETTINGS = {
  'api-databases': [
    'TABLE_NAME',
    'TOKEN_KEY_ID',
    'SECRET_PREFIX',
    'NETWORKS',
    'WORKERS',
    'WORKFLOW_FUNCTION',
  ],
  'api-backups': ['TABLE_NAME', 'TOKEN_KEY_ID', 'BUCKET_NAME', 'WORKFLOW_FUNCTION', 'QUEUE_LEASE_MS'],
  'api-restores': ['TABLE_NAME', 'TOKEN_KEY_ID', 'WORKFLOW_FUNCTION', 'QUEUE_LEASE_MS'],
  'api-health': [],
  backup: [
    'TABLE_NAME',
    'BUCKET_NAME',
    'NETWORKS',
    'MYSQL_CLIENT_ROOT',
    'ZSTD_LEVEL',
    'CHUNK_BYTES',
    'LANES',
    'LOCK_BUDGET_MS',
    'REREAD_LIMIT_BYTES',
    'DUMP_BYTES_PER_SECOND',
    'LOAD_BYTES_PER_SECOND',
    'LEASE_MS',
    'HEARTBEAT_MS',
  ],
  restore: [
    'TABLE_NAME',
    'BUCKET_NAME',
    'NETWORKS',
    'MYSQL_CLIENT_ROOT',
    'LOAD_BYTES_PER_SECOND',
    'LEASE_MS',
    'HEARTBEAT_MS',
  ],
  probe: ['TABLE_NAME', 'NETWORKS', 'MYSQL_CLIENT_ROOT'],
  expire: ['TABLE_NAME', 'BUCKET_NAME'],
  verify: ['TABLE_NAME', 'BUCKET_NAME', 'LEASE_MS', 'HEARTBEAT_MS'],
  dispatch: ['TABLE_NAME', 'WORKFLOW_FUNCTION', 'QUEUE_LEASE_MS'],
  workflow: ['TABLE_NAME', 'BUCKET_NAME', 'WORKERS', 'EXPIRE_FUNCTION', 'VERIFY_FUNCTION'],
  sweep: ['TABLE_NAME', 'BUCKET_NAME', 'WORKFLOW_FUNCTION', 'QUEUE_LEASE_MS'],
  'admin-token': ['TABLE_NAME', 'TOKEN_KEY_ID', 'BUCKET_NAME'],
  sign: ['TABLE_NAME', 'BUCKET_NAME', 'SIGN_KEY_ID'],
  reindex: ['TABLE_NAME', 'BUCKET_NAME', 'SIGN_KEY_ID'],
} as const satisfies Record<string, readonly SettingName[]>;

export type FunctionName = keyof typeof FUNCTION_SETTINGS;

/** The environment that a function must be given at deploy; settings with a default may be left out. */
type Defaulted = { [K in SettingName]: (typeof SETTINGS)[K] extends z.ZodDefault ? K : never }[SettingName];
export type FunctionEnvironment<F extends FunctionName> = {
  readonly [K in Exclude<(typeof FUNCTION_SETTINGS)[F][number], Defaulted>]: string;
} & { readonly [K in Extract<(typeof FUNCTION_SETTINGS)[F][number], Defaulted>]?: string };

/**
 * Parses the environment of a function.
 * @throws Error naming every setting that is missing or wrong: a function must not start half configured
 */
export function readConfig<F extends FunctionName>(
  name: F,
  environment: Readonly<Record<string, string | undefined>>,
): Settings<(typeof FUNCTION_SETTINGS)[F][number]> {
  const wanted = FUNCTION_SETTINGS[name] as readonly SettingName[];
  const shape = z.object(Object.fromEntries(wanted.map((setting) => [setting, SETTINGS[setting]])));
  const parsed = shape.safeParse(environment);
  if (!parsed.success) throw new Error(`settings of function ${name}: ${z.prettifyError(parsed.error)}`);
  return parsed.data as Settings<(typeof FUNCTION_SETTINGS)[F][number]>;
}
