import { z } from 'zod';
import type { PropertiesSchema, Stack } from './stack.ts';

export interface FunctionModel {
  /** The id of its construct, as functions/config.ts names it; workers carry their network's name behind it. */
  readonly id: string;
  readonly logicalId: string;
  /** The physical name and ARN, both without a qualifier. */
  readonly name: string;
  readonly arn: string;
  /** `$LATEST`, or the number of a published version. */
  readonly version: string;
  /** The aliases that point to this version. */
  readonly aliases: readonly string[];
  readonly roleName: string;
  readonly codeFolder: string;
  /** The layers' contents, in the order of mounting. */
  readonly layerFolders: readonly string[];
  /** `file.export` */
  readonly handler: string;
  readonly timeoutSeconds: number;
  readonly memoryMegabytes: number;
  readonly environment: Readonly<Record<string, string>>;
  readonly logGroupName: string;
  readonly reservedConcurrency?: number;
  readonly asynchronous: { readonly maximumRetries: number; readonly maximumAgeSeconds: number };
  /** Of a durable function: how long an execution may take, and how long what it did is kept after its end. */
  readonly durable?: { readonly timeoutSeconds: number; readonly retentionDays: number };
}

/** A name or ARN as Lambda tells a function which version of it runs. */
export const withVersion = (nameOrArn: string, version: string): string =>
  version === '$LATEST' ? nameOrArn : `${nameOrArn}:${version}`;

/** Lambda's defaults, where the template is silent. */
const DEFAULT_TIMEOUT_SECONDS = 3;
const DEFAULT_MEMORY_MEGABYTES = 128;
const DEFAULT_RETENTION_DAYS = 14;

const code = z.object({ S3Key: z.string() });

const FUNCTION = {
  used: z.object({
    Code: code,
    Handler: z.string().regex(/^[^.]+\.\w+$/, 'is not of the form file.export'),
    Runtime: z.literal('nodejs24.x'),
    Role: z.string(),
    Timeout: z.int().default(DEFAULT_TIMEOUT_SECONDS),
    MemorySize: z.int().default(DEFAULT_MEMORY_MEGABYTES),
    Environment: z.object({ Variables: z.record(z.string(), z.string()) }).default({ Variables: {} }),
    Layers: z.array(z.string()).default([]),
    LoggingConfig: z.object({ LogGroup: z.string().optional() }).optional(),
    ReservedConcurrentExecutions: z.int().optional(),
    DurableConfig: z
      .object({ ExecutionTimeout: z.int(), RetentionPeriodInDays: z.int().default(DEFAULT_RETENTION_DAYS) })
      .optional(),
  }),
  // The processor, the network and the size of /tmp are the laptop's; a name is read by resource-types.ts.
  unused: [
    'Architectures',
    'Description',
    'EphemeralStorage',
    'FunctionName',
    'KmsKeyArn',
    'RecursiveLoop',
    'Tags',
    'TracingConfig',
    'VpcConfig',
  ],
} as const satisfies PropertiesSchema<z.ZodObject>;

const LAYER = {
  used: z.object({ Content: code }),
  unused: ['CompatibleArchitectures', 'CompatibleRuntimes', 'Description', 'LayerName', 'LicenseInfo'],
} as const satisfies PropertiesSchema<z.ZodObject>;

/** A function as its template says it, before what stands beside it: versions, aliases, asynchronous calls. */
export type LatestVersion = Omit<FunctionModel, 'asynchronous'>;

/** @param assets S3 key → folder on disk */
export function readLatestVersions(stack: Stack, assets: ReadonlyMap<string, string>): LatestVersion[] {
  const folderOf = (logicalId: string, key: string): string => {
    const folder = assets.get(key);
    if (folder === undefined) throw new Error(`${logicalId}: no asset of the assembly is ${key}`);
    return folder;
  };
  const layers = new Map(
    stack
      .resources('AWS::Lambda::LayerVersion', LAYER)
      .map(({ logicalId, reference, properties }) => [
        reference,
        folderOf(logicalId, properties.Content.S3Key),
      ]),
  );
  return stack.resources('AWS::Lambda::Function', FUNCTION).map((resource) => {
    const { logicalId, path, reference: name, attributes, properties } = resource;
    return {
      id: path.filter((id) => !WRAPPERS.has(id)).at(-1) ?? logicalId,
      logicalId,
      name,
      arn: attributes.Arn ?? '',
      version: '$LATEST',
      aliases: [],
      roleName: properties.Role.split('/').at(-1) ?? '',
      codeFolder: folderOf(logicalId, properties.Code.S3Key),
      layerFolders: properties.Layers.map((arn) => {
        const folder = layers.get(arn);
        if (folder === undefined) throw new Error(`${logicalId}: the layer ${arn} is not of this stack`);
        return folder;
      }),
      handler: properties.Handler,
      timeoutSeconds: properties.Timeout,
      memoryMegabytes: properties.MemorySize,
      environment: properties.Environment.Variables,
      logGroupName: properties.LoggingConfig?.LogGroup ?? `/aws/lambda/${name}`,
      ...(properties.ReservedConcurrentExecutions !== undefined && {
        reservedConcurrency: properties.ReservedConcurrentExecutions,
      }),
      ...(properties.DurableConfig !== undefined && {
        durable: {
          timeoutSeconds: properties.DurableConfig.ExecutionTimeout,
          retentionDays: properties.DurableConfig.RetentionPeriodInDays,
        },
      }),
    };
  });
}

/** Construct ids that only say that a construct wraps a Lambda function. */
const WRAPPERS: ReadonlySet<string> = new Set(['Function', 'Handler']);
