import { FUNCTION_SETTINGS } from '../../functions/config.ts';
import { ROUTES } from '../../functions/routes.ts';
import { type Resource, resourcesOf, type Synthesized, synthesized } from './synthesized.ts';

let stack: Synthesized;
beforeAll(async () => {
  stack = await synthesized();
}, 60_000);

/** All resources of a type; the test fails where there is none. */
function all(type: string): [path: string, resource: Resource][] {
  const found = [...resourcesOf(stack, type)];
  expect(found).not.toEqual([]);
  return found;
}
const functionName = (path: string): string => (path.split('/').at(-1) ?? '').replace(/-public$/, '');

const variablesOf = (properties: Resource['Properties']): Readonly<Record<string, unknown>> =>
  ((properties.Environment ?? { Variables: {} }) as { Variables: Record<string, unknown> }).Variables;

describe('data', () => {
  it.each(['AWS::S3::Bucket', 'AWS::DynamoDB::Table', 'AWS::KMS::Key', 'AWS::Logs::LogGroup'])(
    '%s outlives the stack',
    (type) => {
      for (const [, resource] of all(type)) {
        expect(resource).toMatchObject({ DeletionPolicy: 'Retain', UpdateReplacePolicy: 'Retain' });
      }
    },
  );

  it('lies in a bucket that keeps versions, encrypts by our key, can be locked and is not public', () => {
    const [[, bucket]] = all('AWS::S3::Bucket') as [[string, Resource]];
    expect(bucket.Properties).toMatchObject({
      VersioningConfiguration: { Status: 'Enabled' },
      ObjectLockEnabled: true,
      BucketEncryption: {
        ServerSideEncryptionConfiguration: [
          {
            BucketKeyEnabled: true,
            ServerSideEncryptionByDefault: {
              SSEAlgorithm: 'aws:kms',
              KMSMasterKeyID: { 'Fn::GetAtt': [expect.stringContaining('datakey'), 'Arn'] },
            },
          },
        ],
      },
      PublicAccessBlockConfiguration: {
        BlockPublicAcls: true,
        BlockPublicPolicy: true,
        IgnorePublicAcls: true,
        RestrictPublicBuckets: true,
      },
    });
  });

  it('ends by no lifecycle rule but that for uploads which never completed', () => {
    const [[, bucket]] = all('AWS::S3::Bucket') as [[string, Resource]];
    expect(bucket.Properties.LifecycleConfiguration).toEqual({
      Rules: [{ AbortIncompleteMultipartUpload: { DaysAfterInitiation: 1 }, Status: 'Enabled' }],
    });
    expect(bucket.Properties).not.toHaveProperty('ObjectLockConfiguration');
  });

  it('is reached by TLS only, and no object is ever overwritten', () => {
    const [[, policy]] = all('AWS::S3::BucketPolicy') as [[string, Resource]];
    const under = (prefix: string) => ({ 'Fn::Join': ['', [expect.anything(), prefix]] });
    expect(policy.Properties.PolicyDocument).toMatchObject({
      Statement: [
        { Effect: 'Deny', Action: 's3:*', Condition: { Bool: { 'aws:SecureTransport': 'false' } } },
        {
          Effect: 'Deny',
          Action: 's3:PutObject',
          Principal: { AWS: '*' },
          Resource: [under('/databases/*'), under('/audit/*')],
          Condition: {
            Null: { 's3:if-none-match': 'true' },
            Bool: { 's3:ObjectCreationOperation': 'true' },
          },
        },
      ],
    });
  });

  it('has its records in a protected table with point-in-time recovery and the indexes of the stores', () => {
    const [[, table]] = all('AWS::DynamoDB::Table') as [[string, Resource]];
    const index = (IndexName: string, hash: string, range: string) => ({
      IndexName,
      KeySchema: [
        { AttributeName: hash, KeyType: 'HASH' },
        { AttributeName: range, KeyType: 'RANGE' },
      ],
      Projection: { ProjectionType: 'ALL' },
    });
    expect(table.Properties).toMatchObject({
      KeySchema: [{ AttributeName: 'pk' }, { AttributeName: 'sk' }],
      GlobalSecondaryIndexes: [
        index('byKind', 'kind', 'id'),
        index('byDatabase', 'databaseKind', 'id'),
        index('byActive', 'active', 'leaseExpiresAt'),
      ],
      BillingMode: 'PAY_PER_REQUEST',
      DeletionProtectionEnabled: true,
      PointInTimeRecoverySpecification: { PointInTimeRecoveryEnabled: true },
      SSESpecification: { SSEEnabled: true, SSEType: 'KMS' },
      TimeToLiveSpecification: { AttributeName: 'ttl', Enabled: true },
    });
  });

  it('is encrypted by a key that rotates, and tokens are hashed by one that only makes hashes', () => {
    const keys = new Map(all('AWS::KMS::Key'));
    expect(keys.get('storage/data-key')?.Properties).toMatchObject({ EnableKeyRotation: true });
    expect(keys.get('identity/token-key')?.Properties).toMatchObject({
      KeySpec: 'HMAC_256',
      KeyUsage: 'GENERATE_VERIFY_MAC',
    });
  });

  it('has manifests signed by a key that only signs', () => {
    expect(new Map(all('AWS::KMS::Key')).get('signatures/sign-key')?.Properties).toMatchObject({
      KeySpec: 'ECC_NIST_P256',
      KeyUsage: 'SIGN_VERIFY',
    });
    const [[, alias]] = all('AWS::KMS::Alias') as [[string, Resource]];
    expect(alias.Properties.AliasName).toMatch(/^alias\/safebase\/[^/]+\/manifests$/);
  });
});

describe('functions', () => {
  it('are those of functions/config.ts', () => {
    const names = all('AWS::Lambda::Function').map(([path]) => functionName(path));
    expect(names.sort()).toEqual(Object.keys(FUNCTION_SETTINGS).sort());
  });

  it('run on Node 24 and arm64, with a role and a log group that no other has', () => {
    const functions = all('AWS::Lambda::Function').map(([, { Properties }]) => Properties);
    for (const properties of functions) {
      expect(properties).toMatchObject({ Runtime: 'nodejs24.x', Architectures: ['arm64'] });
    }
    const distinct = (property: string) =>
      new Set(functions.map((properties) => JSON.stringify(properties[property]))).size;
    expect(distinct('Role')).toBe(functions.length);
    expect(distinct('LoggingConfig')).toBe(functions.length);
  });

  it('get every setting that they read, and no other', () => {
    for (const [path, { Properties }] of all('AWS::Lambda::Function')) {
      const { NODE_OPTIONS: _, ...variables } = variablesOf(Properties);
      const [name, settings] =
        Object.entries(FUNCTION_SETTINGS).find(([one]) => one === functionName(path)) ?? [];
      expect({ [name ?? path]: settings }).toEqual({
        [name ?? path]: expect.arrayContaining(Object.keys(variables)),
      });
    }
  });

  it('that stream data do not let buffers pile up as Lambda would by their memory', () => {
    const streaming = all('AWS::Lambda::Function').filter(
      ([, { Properties }]) => Properties.MemorySize === 2048,
    );
    const names = streaming.map(([path]) => functionName(path)).sort();
    expect(names).toEqual(['backup', 'restore', 'verify']);
    for (const [, { Properties }] of streaming) {
      expect(variablesOf(Properties)).toMatchObject({ NODE_OPTIONS: '--max-semi-space-size=1' });
    }
  });

  it('have the dump tools exactly where they are told of them', () => {
    for (const [path, { Properties }] of all('AWS::Lambda::Function')) {
      const told = JSON.stringify(Properties.Environment ?? {}).includes('MYSQL_CLIENT_ROOT');
      expect({ path, layers: Properties.Layers !== undefined }).toEqual({ path, layers: told });
    }
  });

  it('keep their logs as long as the setting says', () => {
    for (const [, { Properties }] of all('AWS::Logs::LogGroup')) {
      expect(Properties).toMatchObject({ RetentionInDays: 90 });
    }
  });

  it('that work on a database are started once, and not later than their run waits', () => {
    const configs = all('AWS::Lambda::EventInvokeConfig').map(([path, { Properties }]) => [path, Properties]);
    for (const worker of ['probe', 'backup', 'restore']) {
      const once = { MaximumRetryAttempts: 0, MaximumEventAgeInSeconds: 120 };
      const path = expect.stringContaining(`workflows/${worker}-public`);
      expect(configs).toContainEqual([path, expect.objectContaining(once)]);
    }
  });

  it('have no managed or inline policy', () => {
    for (const [, { Properties }] of all('AWS::IAM::Role')) {
      expect(Properties).not.toHaveProperty('ManagedPolicyArns');
      expect(Properties).not.toHaveProperty('Policies');
    }
    expect(resourcesOf(stack, 'AWS::IAM::ManagedPolicy').size).toBe(0);
  });
});

describe('the API', () => {
  it('has every route of functions/routes.ts, and $default', () => {
    const keys = all('AWS::ApiGatewayV2::Route').map(([, { Properties }]) => Properties.RouteKey);
    const expected = ROUTES.map(({ method, path }) => `${method} ${path}`);
    expect(keys.sort()).toEqual([...expected, '$default'].sort());
  });

  it('is throttled', () => {
    const [[, stage]] = all('AWS::ApiGatewayV2::Stage') as [[string, Resource]];
    expect(stage.Properties.DefaultRouteSettings).toMatchObject({
      ThrottlingRateLimit: 20,
      ThrottlingBurstLimit: 40,
    });
  });

  it('logs each request as JSON without path, query, headers or body', () => {
    const [[, stage]] = all('AWS::ApiGatewayV2::Stage') as [[string, Resource]];
    const { Format } = stage.Properties.AccessLogSettings as { Format: string };
    expect(JSON.parse(Format)).toMatchObject({ requestId: '$context.requestId', route: '$context.routeKey' });
    expect(Format).not.toMatch(
      /\$context\.(path|protocol|authorizer|customDomain)|rawQuery|\$request|header/i,
    );
  });

  it('answers no other origin', () => {
    const [[, api]] = all('AWS::ApiGatewayV2::Api') as [[string, Resource]];
    expect(api.Properties).not.toHaveProperty('CorsConfiguration');
  });
});

it('schedules act by a role that only schedules of this group in this account can take', () => {
  const role = resourcesOf(stack, 'AWS::IAM::Role').get('scheduler/role');
  expect(role?.Properties.AssumeRolePolicyDocument).toMatchObject({
    Statement: [
      {
        Principal: { Service: 'scheduler.amazonaws.com' },
        Condition: {
          StringEquals: { 'aws:SourceAccount': { Ref: 'AWS::AccountId' } },
          ArnEquals: { 'aws:SourceArn': expect.anything() },
        },
      },
    ],
  });
});

it('tells the address of the API, and how an administrator gets a token', () => {
  expect(Object.keys(stack.template.Outputs)).toEqual(
    expect.arrayContaining(['ApiUrl', 'AdminTokenCommand', 'ScheduleGroupName', 'ScheduleRoleArn']),
  );
  expect(JSON.stringify(stack.template.Outputs.AdminTokenCommand)).toContain(
    '--cli-binary-format raw-in-base64-out --payload',
  );
});
