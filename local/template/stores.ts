import { z } from 'zod';
import { delegatedActions } from './key-policy.ts';
import type { PropertiesSchema, Stack } from './stack.ts';

const keySchema = z.array(z.object({ AttributeName: z.string(), KeyType: z.enum(['HASH', 'RANGE']) }));

/** A bucket as S3's own operations would describe it. */
export interface BucketModel {
  readonly name: string;
  readonly arn: string;
  readonly versioned: boolean;
  readonly objectLock: boolean;
  /** The KMS key that objects are encrypted with, where the template names one. */
  readonly kmsKeyArn?: string;
  readonly bucketKey: boolean;
  /** IAM policy documents, resolved. */
  readonly policies: readonly Readonly<Record<string, unknown>>[];
  /** CloudFormation's `LifecycleConfiguration.Rules`. */
  readonly lifecycleRules: readonly Readonly<Record<string, unknown>>[];
}

export interface TableModel {
  readonly name: string;
  readonly arn: string;
  readonly attributes: readonly { readonly AttributeName: string; readonly AttributeType: 'S' | 'N' | 'B' }[];
  readonly keySchema: z.output<typeof keySchema>;
  readonly indexes: readonly z.output<typeof index>[];
  /** The KMS key that the table is encrypted with, where the template names one. */
  readonly kmsKeyArn?: string;
}

export interface KeyModel {
  readonly id: string;
  readonly arn: string;
  /** `HMAC_256`, `SYMMETRIC_DEFAULT`, … */
  readonly spec: string;
  readonly usage: string;
  /** Names that begin with `alias/`. */
  readonly aliases: readonly string[];
  /** Actions, with wildcards, that its policy leaves to the policies of roles. */
  readonly delegated: readonly string[];
}

const BUCKET = {
  used: z.object({
    VersioningConfiguration: z.object({ Status: z.string() }).optional(),
    ObjectLockEnabled: z.boolean().default(false),
    BucketEncryption: z
      .object({
        ServerSideEncryptionConfiguration: z.array(
          z.object({
            BucketKeyEnabled: z.boolean().default(false),
            ServerSideEncryptionByDefault: z.object({ KMSMasterKeyID: z.string().optional() }).optional(),
          }),
        ),
      })
      .optional(),
    LifecycleConfiguration: z.object({ Rules: z.array(z.record(z.string(), z.unknown())) }).optional(),
  }),
  // Nothing on the laptop is public; nobody reads access logs of a loopback port.
  unused: [
    'BucketName',
    'LoggingConfiguration',
    'OwnershipControls',
    'PublicAccessBlockConfiguration',
    'Tags',
  ],
} as const satisfies PropertiesSchema<z.ZodObject>;

const BUCKET_POLICY = {
  used: z.object({ Bucket: z.string(), PolicyDocument: z.record(z.string(), z.unknown()) }),
  unused: [],
} as const satisfies PropertiesSchema<z.ZodObject>;

/** @throws Error where a bucket or its policy holds what cannot be resolved */
export function readBuckets(stack: Stack): BucketModel[] {
  const policies = stack
    .resources('AWS::S3::BucketPolicy', BUCKET_POLICY)
    .map(({ properties }) => properties);
  return stack.resources('AWS::S3::Bucket', BUCKET).map(({ reference, attributes, properties }) => {
    const encryption = properties.BucketEncryption?.ServerSideEncryptionConfiguration[0];
    const kmsKeyArn = encryption?.ServerSideEncryptionByDefault?.KMSMasterKeyID;
    return {
      name: reference,
      arn: attributes.Arn ?? '',
      versioned: properties.VersioningConfiguration?.Status === 'Enabled',
      objectLock: properties.ObjectLockEnabled,
      ...(kmsKeyArn !== undefined && { kmsKeyArn }),
      bucketKey: encryption?.BucketKeyEnabled ?? false,
      policies: policies
        .filter(({ Bucket }) => Bucket === reference)
        .map(({ PolicyDocument }) => PolicyDocument),
      lifecycleRules: properties.LifecycleConfiguration?.Rules ?? [],
    };
  });
}

const index = z.object({
  IndexName: z.string(),
  KeySchema: keySchema,
  // Only an index that holds whole items can be compared with its table after a crash.
  Projection: z.strictObject({ ProjectionType: z.literal('ALL') }),
});

const TABLE = {
  used: z.object({
    AttributeDefinitions: z.array(
      z.object({ AttributeName: z.string(), AttributeType: z.enum(['S', 'N', 'B']) }),
    ),
    KeySchema: keySchema,
    GlobalSecondaryIndexes: z.array(index).default([]),
    BillingMode: z.literal('PAY_PER_REQUEST'),
    SSESpecification: z.object({ KMSMasterKeyId: z.string().optional() }).optional(),
  }),
  // Expiry by TTL is late by days on AWS too and decides nothing; the others guard data that only AWS keeps.
  unused: [
    'ContributorInsightsSpecification',
    'DeletionProtectionEnabled',
    'PointInTimeRecoverySpecification',
    'Replicas',
    'TableClass',
    'TableName',
    'Tags',
    'TimeToLiveSpecification',
  ],
} as const satisfies PropertiesSchema<z.ZodObject>;

/** Tables of both CloudFormation types. */
export function readTables(stack: Stack): TableModel[] {
  return ['AWS::DynamoDB::Table', 'AWS::DynamoDB::GlobalTable']
    .flatMap((type) => stack.resources(type, TABLE))
    .map(({ reference, attributes, properties }) => ({
      name: reference,
      arn: attributes.Arn ?? '',
      attributes: properties.AttributeDefinitions,
      keySchema: properties.KeySchema,
      indexes: properties.GlobalSecondaryIndexes,
      ...(properties.SSESpecification?.KMSMasterKeyId !== undefined && {
        kmsKeyArn: properties.SSESpecification.KMSMasterKeyId,
      }),
    }));
}

const KEY = {
  used: z.object({
    KeySpec: z.string().default('SYMMETRIC_DEFAULT'),
    KeyUsage: z.string().default('ENCRYPT_DECRYPT'),
    KeyPolicy: z.unknown().optional(),
  }),
  unused: ['Description', 'EnableKeyRotation', 'Enabled', 'PendingWindowInDays', 'Tags'],
} as const satisfies PropertiesSchema<z.ZodObject>;

const ALIAS = {
  used: z.object({ AliasName: z.string(), TargetKeyId: z.string() }),
  unused: [],
} as const satisfies PropertiesSchema<z.ZodObject>;

/** KMS keys and the aliases that point at them. */
export function readKeys(stack: Stack): KeyModel[] {
  const aliases = stack.resources('AWS::KMS::Alias', ALIAS).map(({ properties }) => properties);
  return stack.resources('AWS::KMS::Key', KEY).map(({ reference, attributes, properties }) => ({
    id: reference,
    arn: attributes.Arn ?? '',
    spec: properties.KeySpec,
    usage: properties.KeyUsage,
    aliases: aliases
      .filter(({ TargetKeyId }) => TargetKeyId === reference || TargetKeyId === attributes.Arn)
      .map(({ AliasName }) => AliasName),
    delegated: delegatedActions(properties.KeyPolicy),
  }));
}
