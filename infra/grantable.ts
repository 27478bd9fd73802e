import { ArnFormat, type Stack } from 'aws-cdk-lib';
import type { Alias } from 'aws-cdk-lib/aws-lambda';
import type { LogGroup } from 'aws-cdk-lib/aws-logs';
import type { Queue } from 'aws-cdk-lib/aws-sqs';
import type { Permission } from './acknowledge-wildcards.ts';
import type { Identity } from './constructs/identity.ts';
import type { LambdaFunction } from './constructs/lambda-function.ts';
import type { Signatures } from './constructs/signatures.ts';
import type { Storage } from './constructs/storage.ts';
import type { Settings } from './settings.ts';

export interface Grantees {
  readonly settings: Settings;
  /** Managed secrets have names that begin with this and `/`. */
  readonly secretPrefix: string;
  readonly storage: Storage;
  readonly identity: Identity;
  readonly signatures: Signatures;
}

/** The first word of a partition key in the table `core`. */
type Kind = 'DB' | 'BK' | 'RS' | 'LOCK' | 'IDEM' | 'TOKEN';
type ObjectAction =
  | 'PutObject'
  | 'GetObject'
  | 'GetObjectVersion'
  | 'DeleteObjectVersion'
  | 'AbortMultipartUpload';
/** What a backup is made of, and what is put beside it afterwards. */
type BackupFile =
  | 'dump.sql.zst'
  | 'schema.sql.zst'
  | 'objects.sql.zst'
  | '*.tsv.zst'
  | 'manifest.json'
  | 'manifest.json.sig'
  | 'public-key.pem';

/**
 * The permissions that there are to give, each narrowed as far as AWS allows; permissions.ts gives them.
 * @see https://docs.aws.amazon.com/service-authorization/latest/reference/reference_policies_actions-resources-contextkeys.html
 */
export const grantable = (stack: Stack, grantees: Grantees) => ({
  ...onRecords(stack, grantees),
  ...onObjects(stack, grantees),
  ...onSecrets(stack, grantees),
  ...onFunctions,

  hashTokens: (): Permission => ({
    actions: ['kms:GenerateMac'],
    resources: [grantees.identity.tokenKey.keyArn],
  }),
  useSignKey: (...actions: ('Sign' | 'GetPublicKey')[]): Permission => ({
    actions: actions.map((action) => `kms:${action}`),
    resources: [grantees.signatures.key.keyArn],
  }),
});
export type May = ReturnType<typeof grantable>;

/** A key that only works inside a call of another service, to which the role needs a right as well. */
const throughService = (stack: Stack, service: string) => ({
  StringEquals: { 'kms:ViaService': `${service}.${stack.region}.amazonaws.com` },
});

function onRecords(stack: Stack, { storage: { table, dataKey } }: Grantees) {
  /** A read or write of one item, by the kind of record that its key names. */
  const item = (action: string, kinds: readonly Kind[]): Permission => ({
    actions: [`dynamodb:${action}`],
    resources: [table.tableArn],
    conditions: {
      'ForAllValues:StringLike': { 'dynamodb:LeadingKeys': kinds.map((kind) => `${kind}#*`) },
      // Without it the condition would also hold for a call that names no key.
      Null: { 'dynamodb:LeadingKeys': 'false' },
    },
  });
  return {
    getItem: (...kinds: Kind[]) => item('GetItem', kinds),
    putItem: (...kinds: Kind[]) => item('PutItem', kinds),
    updateItem: (...kinds: Kind[]) => item('UpdateItem', kinds),
    deleteItem: (...kinds: Kind[]) => item('DeleteItem', kinds),
    query: (...indexes: ('byKind' | 'byDatabase' | 'byActive')[]): Permission => ({
      actions: ['dynamodb:Query'],
      resources: indexes.map((index) => `${table.tableArn}/index/${index}`),
    }),
    /**
     * DynamoDB uses the key of an encrypted table in the name of its caller.
     * @see https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/encryption.usagenotes.html
     */
    useDataKeyThroughTable: (): Permission => ({
      actions: ['kms:Decrypt', 'kms:DescribeKey', 'kms:Encrypt', 'kms:GenerateDataKey'],
      resources: [dataKey.keyArn],
      conditions: throughService(stack, 'dynamodb'),
    }),
  };
}

function onObjects(stack: Stack, { storage: { bucket, dataKey } }: Grantees) {
  return {
    useObjects: (prefix: 'databases' | 'audit', ...actions: ObjectAction[]): Permission => ({
      actions: actions.map((action) => `s3:${action}`),
      resources: [bucket.arnForObjects(`${prefix}/*`)],
      wildcardReason: 'Keys hold ids that are made at run time; the prefix is as far as they are known.',
    }),
    /** Writes objects of backups, by the end of their key: who makes a backup must not be able to sign it. */
    writeBackupFiles: (...names: BackupFile[]): Permission => ({
      actions: ['s3:PutObject'],
      resources: names.map((name) => bucket.arnForObjects(`databases/*/${name}`)),
      wildcardReason: 'Keys hold ids that are made at run time; only the name of the file is known.',
    }),
    useDataKeyThroughS3: (...actions: ('GenerateDataKey' | 'Decrypt')[]): Permission => ({
      actions: actions.map((action) => `kms:${action}`),
      resources: [dataKey.keyArn],
      conditions: throughService(stack, 's3'),
    }),
    /** S3 answers 403 instead of 404 to who may not list: a lost object must not look like a lost permission. */
    seeWhatIsMissing: (): Permission => ({ actions: ['s3:ListBucket'], resources: [bucket.bucketArn] }),
    listVersions: (): Permission => ({
      actions: ['s3:ListBucketVersions'],
      resources: [bucket.bucketArn],
    }),
    listForRemoval: (): Permission => ({
      actions: ['s3:ListBucketVersions', 's3:ListBucketMultipartUploads'],
      resources: [bucket.bucketArn],
    }),
  };
}

function onSecrets(stack: Stack, { settings, secretPrefix }: Grantees) {
  const managed = stack.formatArn({
    service: 'secretsmanager',
    resource: 'secret',
    resourceName: `${secretPrefix}/*`,
    arnFormat: ArnFormat.COLON_RESOURCE_NAME,
  });
  return {
    useManagedSecrets: (...actions: ('CreateSecret' | 'PutSecretValue' | 'DeleteSecret')[]): Permission => ({
      actions: actions.map((action) => `secretsmanager:${action}`),
      resources: [managed],
      wildcardReason: 'Secrets are made at run time, one for each credential, all under this prefix.',
    }),
    /** The managed ones, and those of the user that the setting `secretArns` names. */
    readSecrets: (): Permission => ({
      actions: ['secretsmanager:GetSecretValue'],
      resources: [managed, ...settings.secretArns],
      wildcardReason:
        'Managed secrets are made at run time under this prefix; of the others the setting secretArns says how far.',
    }),
    useSecretKeys: (): Permission => ({
      actions: ['kms:Decrypt'],
      resources: settings.secretKeyArns,
      conditions: throughService(stack, 'secretsmanager'),
    }),
  };
}

const onFunctions = {
  /** Functions, or durable ones by their alias. */
  invoke: (...functions: (LambdaFunction | Alias)[]): Permission => ({
    actions: ['lambda:InvokeFunction'],
    resources: functions.map(({ functionArn }) => functionArn),
  }),
  /** A function by any of its versions: those of earlier deploys still end what they began. */
  invokeVersions: (...functions: LambdaFunction[]): Permission => ({
    actions: ['lambda:InvokeFunction'],
    resources: functions.map(({ functionArn }) => `${functionArn}:*`),
    wildcardReason: 'Versions are numbered at deploy, and a run ends on the one that it started with.',
  }),
  /** @see https://docs.aws.amazon.com/lambda/latest/dg/durable-security.html */
  goOnWithExecutions: (workflow: LambdaFunction): Permission => ({
    actions: ['lambda:CheckpointDurableExecution', 'lambda:GetDurableExecutionState'],
    resources: [`${workflow.functionArn}:*`],
    wildcardReason: 'Executions lie under the versions of their function, which are numbered at deploy.',
  }),
  send: (queue: Queue): Permission => ({ actions: ['sqs:SendMessage'], resources: [queue.queueArn] }),
  writeLogs: (group: LogGroup): Permission => ({
    actions: ['logs:CreateLogStream', 'logs:PutLogEvents'],
    resources: [group.logGroupArn],
  }),
  /** @see https://docs.aws.amazon.com/lambda/latest/dg/configuration-vpc.html#configuration-vpc-permissions */
  joinVpc: (): Permission => ({
    actions: [
      'ec2:CreateNetworkInterface',
      'ec2:DescribeNetworkInterfaces',
      'ec2:DescribeSubnets',
      'ec2:DeleteNetworkInterface',
      'ec2:AssignPrivateIpAddresses',
      'ec2:UnassignPrivateIpAddresses',
    ],
    resources: ['*'],
    wildcardReason:
      'Lambda makes the network interfaces of a function with its role, and checks for these rights on all ' +
      'resources: Describe actions know no other, and the interfaces get their ids only then.',
  }),
};
