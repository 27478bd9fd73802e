import { join } from 'node:path';
import { openAccessKeys } from '../../../local/aws/access-keys.ts';
import { type Call, createAuthorize, OPERATOR } from '../../../local/aws/authorize.ts';
import { useOf } from '../../../local/aws/json-uses.ts';
import { readStack } from '../../../local/template/model.ts';
import { writeAssembly } from '../stack-fixture.ts';
import { temporaryFolder } from '../temporary-folder.ts';

const grant = (Action: string, target: string, suffix = '') => ({
  Effect: 'Allow',
  Action,
  Resource: { 'Fn::Join': ['', [{ 'Fn::GetAtt': [target, 'Arn'] }, suffix]] },
});
const keyId = { 'Fn::GetAtt': ['dataKey', 'Arn'] };
const model = readStack(
  writeAssembly({
    functions: {
      reader: {
        code: '',
        statements: [
          grant('dynamodb:GetItem', 'core'),
          grant('dynamodb:Query', 'core', '/index/byKind'),
          grant('s3:GetObject', 'bucket', '/*'),
          grant('kms:Decrypt', 'dataKey'),
          grant('kms:GenerateMac', 'macKey'),
          grant('kms:VerifyMac', 'macKey'),
        ],
      },
      keyless: {
        code: '',
        statements: [grant('dynamodb:GetItem', 'core'), grant('s3:GetObject', 'bucket', '/*')],
      },
    },
    resources: {
      dataKey: { Type: 'AWS::KMS::Key' },
      macKey: {
        Type: 'AWS::KMS::Key',
        Properties: {
          KeyPolicy: {
            Version: '2012-10-17',
            Statement: [
              {
                Effect: 'Allow',
                Principal: { AWS: 'arn:aws:iam::000000000000:root' },
                Action: ['kms:Describe*', 'kms:VerifyMac'],
                Resource: '*',
              },
            ],
          },
        },
      },
      bucket: {
        Type: 'AWS::S3::Bucket',
        Properties: {
          BucketEncryption: {
            ServerSideEncryptionConfiguration: [
              { ServerSideEncryptionByDefault: { SSEAlgorithm: 'aws:kms', KMSMasterKeyID: keyId } },
            ],
          },
        },
      },
      core: {
        Type: 'AWS::DynamoDB::Table',
        Properties: {
          AttributeDefinitions: [{ AttributeName: 'pk', AttributeType: 'S' }],
          KeySchema: [{ AttributeName: 'pk', KeyType: 'HASH' }],
          BillingMode: 'PAY_PER_REQUEST',
          SSESpecification: { SSEEnabled: true, KMSMasterKeyId: keyId },
        },
      },
    },
  }),
);
const [table] = model.tables;
const [bucket] = model.buckets;
const keys = openAccessKeys(join(temporaryFolder(), 'keys.json'));
const denials: string[] = [];
const authorize = createAuthorize(keys, model, { log: (line) => denials.push(line) });

const dynamodb = (operation: string, input: object) =>
  useOf(model, 'dynamodb', operation, { TableName: table?.name, ...input });
const get = dynamodb('GetItem', { Key: { pk: { S: 'DB#1' } } });
const query = (IndexName: string) => dynamodb('Query', { IndexName });
const mac = (operation: string): Omit<Call, 'accessKeyId'> => ({
  action: `kms:${operation}`,
  resource: model.keys.find(({ delegated }) => delegated.length > 1)?.arn ?? '',
});
const object = { action: 's3:GetObject', resource: `${bucket?.arn}/databases/x` };
const allowed = (owner: string, use: Omit<Call, 'accessKeyId'>): boolean => {
  try {
    authorize({ ...use, accessKeyId: keys.of(owner).accessKeyId });
    return true;
  } catch (error) {
    expect(error).toMatchObject({ status: 403, code: 'AccessDeniedException' });
    return false;
  }
};

describe('the local cloud', () => {
  it.each<[string, boolean, string, Omit<Call, 'accessKeyId'>]>([
    ['lets a function do what its role allows', true, 'Test-reader', get],
    [
      'denies what its role does not name',
      false,
      'Test-reader',
      dynamodb('PutItem', { Item: { pk: { S: 'a' } } }),
    ],
    ['lets it ask an index that is named', true, 'Test-reader', query('byKind')],
    ['denies an index that is not', false, 'Test-reader', query('byActive')],
    ['lets it read an object with its key', true, 'Test-reader', object],
    ['denies an object without the right to its key', false, 'Test-keyless', object],
    ['denies a record without the right to its key', false, 'Test-keyless', get],
    [
      'takes the word of a bucket policy for an object',
      true,
      'Test-reader',
      { ...object, action: 's3:ListBucket', bucketPolicy: 'Allow' },
    ],
    ['lets whoever runs it do everything', true, OPERATOR, dynamodb('DeleteItem', {})],
    ['denies a key of nobody', false, 'somebody', get],
    ['lets it use a key that leaves this to roles', true, 'Test-reader', mac('VerifyMac')],
    ['denies what the key leaves to no role', false, 'Test-reader', mac('GenerateMac')],
    [
      'denies what the key leaves to roles, and the role is not allowed',
      false,
      'Test-reader',
      mac('DescribeKey'),
    ],
  ])('%s', (_, expected, owner, use) => {
    expect(allowed(owner, use)).toBe(expected);
  });

  it('says aloud whom it denied what', () => {
    denials.length = 0;
    allowed('Test-keyless', get);
    expect(denials).toEqual([expect.stringMatching(/^IAM denies Test-keyless kms:Decrypt on arn:aws:kms:/)]);
  });
});

describe('useOf', () => {
  it.each([
    ['the partition key that a call names', get.conditionKeys, { 'dynamodb:LeadingKeys': ['DB#1'] }],
    [
      'no partition key where there is none',
      query('byKind').conditionKeys,
      { 'dynamodb:LeadingKeys': undefined },
    ],
    [
      'a new secret by the name that it will have',
      useOf(model, 'secretsmanager', 'CreateSecret', { Name: 'safebase/dev/x' }).resource,
      'arn:aws:secretsmanager:us-east-1:000000000000:secret:safebase/dev/x-000000',
    ],
    [
      'a secret by its ARN',
      useOf(model, 'secretsmanager', 'GetSecretValue', { SecretId: 'arn:aws:x' }).resource,
      'arn:aws:x',
    ],
    [
      'a key by its ARN',
      useOf(model, 'kms', 'GenerateMac', { KeyId: model.keys[0]?.id }).resource,
      model.keys[0]?.arn,
    ],
  ])('tells %s', (_, told, expected) => {
    expect(told).toEqual(expected);
  });
});
