import { CfnOutput, RemovalPolicy, Stack } from 'aws-cdk-lib';
import { Key, KeySpec, KeyUsage } from 'aws-cdk-lib/aws-kms';
import { Construct } from 'constructs';
import type { Settings } from '../settings.ts';
import { ASKED_AGAIN, everyMinute } from './every-minute.ts';
import { LambdaFunction } from './lambda-function.ts';
import type { Storage } from './storage.ts';

export interface SignaturesProps {
  readonly settings: Settings;
  readonly storage: Storage;
}

/** What proves, also without the table, that a backup is ours: the key that signs manifests, and who uses it. */
export class Signatures extends Construct {
  /** Asymmetric: KMS cannot rotate it, and everybody can check what it signed. */
  readonly key: Key;
  /** The only function that may sign; in no VPC, and it never speaks to a database. */
  readonly sign: LambdaFunction<'sign'>;
  /** Behind no route, as `admin-token`: makes records of what lies in the bucket. */
  readonly reindex: LambdaFunction<'reindex'>;

  constructor(scope: Construct, id: string, { settings, storage }: SignaturesProps) {
    super(scope, id);
    this.key = new Key(this, 'sign-key', {
      description: 'SafeBase: signatures of manifests',
      alias: `safebase/${settings.stage}/manifests`,
      keySpec: KeySpec.ECC_NIST_P256,
      keyUsage: KeyUsage.SIGN_VERIFY,
      removalPolicy: RemovalPolicy.RETAIN,
    });
    const environment = {
      TABLE_NAME: storage.table.tableName,
      BUCKET_NAME: storage.bucket.bucketName,
      SIGN_KEY_ID: this.key.keyArn,
    };
    this.sign = new LambdaFunction(this, {
      name: 'sign',
      settings,
      environment,
      asynchronous: ASKED_AGAIN,
    });
    everyMinute(this, 'every-minute', this.sign, 'Signs the manifests that have no signature yet');
    this.reindex = new LambdaFunction(this, { name: 'reindex', settings, environment });
    this.describe();
  }

  private describe(): void {
    const { region } = Stack.of(this);
    new CfnOutput(this, 'reindex-command', {
      description:
        'Makes records of the backups in the bucket that have none; repeat with the cursor it answers',
      value:
        `aws lambda invoke --region ${region} --function-name ${this.reindex.functionName} ` +
        `--cli-read-timeout 0 --cli-binary-format raw-in-base64-out --payload '{}' /dev/stdout`,
    }).overrideLogicalId('ReindexCommand');
    new CfnOutput(this, 'public-key-command', {
      description: 'The public key of the signatures: keep it outside of this account',
      value:
        `aws kms get-public-key --region ${region} --key-id ${this.key.keyId} --query PublicKey --output text ` +
        `| base64 -d | openssl pkey -pubin -inform DER`,
    }).overrideLogicalId('PublicKeyCommand');
  }
}
