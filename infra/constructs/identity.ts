import { CfnOutput, RemovalPolicy, Stack } from 'aws-cdk-lib';
import { Key, KeySpec, KeyUsage } from 'aws-cdk-lib/aws-kms';
import { Construct } from 'constructs';
import type { Settings } from '../settings.ts';
import { LambdaFunction } from './lambda-function.ts';
import type { Storage } from './storage.ts';

export interface IdentityProps {
  readonly settings: Settings;
  readonly storage: Storage;
}

/** Who may ask: the key that hashes API tokens, and the function that makes a token of an administrator. */
export class Identity extends Construct {
  /** HMAC: its bytes never leave KMS, so a copy of the table is no help in guessing tokens. */
  readonly tokenKey: Key;
  /** Behind no route: only who may invoke it by IAM makes administrators. */
  readonly adminToken: LambdaFunction<'admin-token'>;

  constructor(scope: Construct, id: string, { settings, storage }: IdentityProps) {
    super(scope, id);
    this.tokenKey = new Key(this, 'token-key', {
      description: 'SafeBase: hashes of API tokens',
      keySpec: KeySpec.HMAC_256,
      keyUsage: KeyUsage.GENERATE_VERIFY_MAC,
      removalPolicy: RemovalPolicy.RETAIN,
    });
    this.adminToken = new LambdaFunction(this, {
      name: 'admin-token',
      settings,
      environment: {
        TABLE_NAME: storage.table.tableName,
        TOKEN_KEY_ID: this.tokenKey.keyArn,
        BUCKET_NAME: storage.bucket.bucketName,
      },
    });
    new CfnOutput(this, 'admin-token-command', {
      description: 'Makes a token of an administrator, as often as needed; every call is audited',
      value:
        `aws lambda invoke --region ${Stack.of(this).region} --function-name ${this.adminToken.functionName} ` +
        `--cli-binary-format raw-in-base64-out --payload '{"name":"your name"}' /dev/stdout`,
    }).overrideLogicalId('AdminTokenCommand');
  }
}
