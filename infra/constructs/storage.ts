import { CfnOutput, Duration, RemovalPolicy, Validations } from 'aws-cdk-lib';
import { AttributeType, BillingMode, Table, TableEncryption } from 'aws-cdk-lib/aws-dynamodb';
import { AnyPrincipal, Effect, PolicyStatement } from 'aws-cdk-lib/aws-iam';
import { Key } from 'aws-cdk-lib/aws-kms';
import { BlockPublicAccess, Bucket, BucketEncryption, ObjectOwnership } from 'aws-cdk-lib/aws-s3';
import { Construct } from 'constructs';

const text = (name: string) => ({ name, type: AttributeType.STRING });

/** What must outlive everything: the bucket of backups, the table of records, and the key that encrypts both. */
export class Storage extends Construct {
  readonly dataKey: Key;
  readonly bucket: Bucket;
  readonly table: Table;

  constructor(scope: Construct, id: string) {
    super(scope, id);
    this.dataKey = new Key(this, 'data-key', {
      description: 'SafeBase: backups and records',
      enableKeyRotation: true,
      removalPolicy: RemovalPolicy.RETAIN,
    });
    this.bucket = this.makeBucket();
    this.table = this.makeTable();
    new CfnOutput(this, 'bucket-name', {
      description: 'Where backups lie',
      value: this.bucket.bucketName,
    }).overrideLogicalId('BucketName');
  }

  private makeBucket(): Bucket {
    const bucket = new Bucket(this, 'bucket', {
      versioned: true,
      // Capable only: no retention is set, so nothing is locked until a backup asks for it.
      objectLockEnabled: true,
      encryption: BucketEncryption.KMS,
      encryptionKey: this.dataKey,
      bucketKeyEnabled: true,
      enforceSSL: true,
      blockPublicAccess: BlockPublicAccess.BLOCK_ALL,
      objectOwnership: ObjectOwnership.BUCKET_OWNER_ENFORCED,
      // Only what was never completed ends by itself. Versions go by the expire job alone, which records why.
      lifecycleRules: [{ abortIncompleteMultipartUploadAfter: Duration.days(1) }],
      removalPolicy: RemovalPolicy.RETAIN,
    });
    bucket.addToResourcePolicy(demandIfNoneMatch(bucket));
    Validations.of(bucket).acknowledge({
      id: 'AwsSolutions-S1',
      reason:
        'Server access logs hold whole request lines, so also the signatures of presigned downloads, and are ' +
        'delivered at best effort. CloudTrail data events do this with identity: docs/deploy.md.',
    });
    return bucket;
  }

  private makeTable(): Table {
    const table = new Table(this, 'core', {
      partitionKey: text('pk'),
      sortKey: text('sk'),
      billingMode: BillingMode.PAY_PER_REQUEST,
      timeToLiveAttribute: 'ttl',
      pointInTimeRecoverySpecification: { pointInTimeRecoveryEnabled: true },
      encryption: TableEncryption.CUSTOMER_MANAGED,
      encryptionKey: this.dataKey,
      deletionProtection: true,
      removalPolicy: RemovalPolicy.RETAIN,
    });
    const indexes = [
      { indexName: 'byKind', partitionKey: text('kind'), sortKey: text('id') },
      { indexName: 'byDatabase', partitionKey: text('databaseKind'), sortKey: text('id') },
      { indexName: 'byActive', partitionKey: text('active'), sortKey: text('leaseExpiresAt') },
    ];
    for (const index of indexes) table.addGlobalSecondaryIndex(index);
    return table;
  }
}

/**
 * Refuses every write that could replace an object: nobody overwrites a backup, its manifest or an audit entry.
 * Beginning an upload and sending its parts take no condition; completing it does.
 * @see https://docs.aws.amazon.com/AmazonS3/latest/userguide/conditional-writes-enforce.html
 */
const demandIfNoneMatch = (bucket: Bucket): PolicyStatement =>
  new PolicyStatement({
    sid: 'DemandIfNoneMatch',
    effect: Effect.DENY,
    principals: [new AnyPrincipal()],
    actions: ['s3:PutObject'],
    resources: [bucket.arnForObjects('databases/*'), bucket.arnForObjects('audit/*')],
    conditions: { Null: { 's3:if-none-match': 'true' }, Bool: { 's3:ObjectCreationOperation': 'true' } },
  });
