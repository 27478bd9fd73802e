import { readStack } from '../../../local/template/model.ts';
import { type StackFixture, writeAssembly } from '../stack-fixture.ts';

const read = (fixture: StackFixture) => readStack(writeAssembly(fixture));
const code = 'export const handler = () => 1;';

const table = (properties = {}) => ({
  Type: 'AWS::DynamoDB::GlobalTable',
  Properties: {
    AttributeDefinitions: ['pk', 'sk', 'kind'].map((AttributeName) => ({
      AttributeName,
      AttributeType: 'S',
    })),
    KeySchema: [
      { AttributeName: 'pk', KeyType: 'HASH' },
      { AttributeName: 'sk', KeyType: 'RANGE' },
    ],
    GlobalSecondaryIndexes: [
      {
        IndexName: 'byKind',
        KeySchema: [{ AttributeName: 'kind', KeyType: 'HASH' }],
        Projection: { ProjectionType: 'ALL' },
      },
    ],
    BillingMode: 'PAY_PER_REQUEST',
    ...properties,
  },
});

const authorizedRoute = () => ({
  Type: 'AWS::ApiGatewayV2::Route',
  Properties: { RouteKey: 'GET /a', Target: 'integrations/x', AuthorizerId: 'y' },
});

describe('a stack that is served', () => {
  it('gives functions their code, layer, variables and limits', () => {
    const { functions } = read({
      layer: { tool: 'x' },
      functions: {
        'backup-public': {
          code,
          retries: 1,
          properties: {
            Timeout: 900,
            MemorySize: 2048,
            ReservedConcurrentExecutions: 3,
            Environment: { Variables: { TABLE_NAME: { Ref: 'table' }, PLAIN: 'text' } },
          },
        },
      },
      resources: { table: table() },
    });
    expect(functions).toEqual([
      expect.objectContaining({
        id: 'backup-public',
        logicalId: 'backuppublic',
        name: 'Test-backup-public',
        arn: 'arn:aws:lambda:us-east-1:000000000000:function:Test-backup-public',
        roleName: 'Test-backuppublicRole',
        codeFolder: expect.stringMatching(/asset\.backup-public$/),
        layerFolders: [expect.stringMatching(/asset\.layer$/)],
        timeoutSeconds: 900,
        memoryMegabytes: 2048,
        reservedConcurrency: 3,
        environment: { TABLE_NAME: 'Test-table', PLAIN: 'text' },
        asynchronous: { maximumRetries: 1, maximumAgeSeconds: 21_600 },
      }),
    ]);
  });

  it('gives each published version what its function has, its aliases and its own number', () => {
    const { functions } = read({
      functions: {
        flow: { code, properties: { DurableConfig: { ExecutionTimeout: 3600 } } },
        plain: { code, properties: { Environment: { Variables: { FLOW: { Ref: 'live' } } } } },
      },
      resources: {
        flowVersion: { Type: 'AWS::Lambda::Version', Properties: { FunctionName: { Ref: 'flow' } } },
        live: {
          Type: 'AWS::Lambda::Alias',
          Properties: {
            FunctionName: { Ref: 'flow' },
            FunctionVersion: { 'Fn::GetAtt': ['flowVersion', 'Version'] },
            Name: 'live',
          },
        },
        liveAsync: {
          Type: 'AWS::Lambda::EventInvokeConfig',
          Properties: { FunctionName: { Ref: 'flow' }, Qualifier: 'live', MaximumRetryAttempts: 1 },
        },
      },
    });
    const durable = { timeoutSeconds: 3600, retentionDays: 14 };
    expect(functions).toMatchObject([
      { id: 'flow', version: '$LATEST', aliases: [], durable, asynchronous: { maximumRetries: 0 } },
      {
        id: 'plain',
        version: '$LATEST',
        environment: { FLOW: 'arn:aws:lambda:us-east-1:000000000000:function:Test-flow:live' },
      },
      {
        id: 'flow',
        version: expect.stringMatching(/^[1-9]\d*$/),
        aliases: ['live'],
        durable,
        asynchronous: { maximumRetries: 1 },
      },
    ]);
    expect(functions[1]).not.toHaveProperty('durable');
  });

  it('takes Lambda defaults where the template is silent', () => {
    const [model] = read({ functions: { plain: { code } } }).functions;
    expect(model).toMatchObject({
      timeoutSeconds: 3,
      memoryMegabytes: 128,
      environment: {},
      layerFolders: [],
    });
  });

  it('leads routes to functions and reads throttle and log format', () => {
    const { httpApi, functions } = read({
      functions: { 'api-things': { code, routes: ['GET /things/{id}', '$default'] } },
      stage: {
        DefaultRouteSettings: { ThrottlingRateLimit: 20, ThrottlingBurstLimit: 40 },
        AccessLogSettings: { DestinationArn: 'x', Format: '$context.status' },
      },
    });
    expect(httpApi).toMatchObject({
      stageName: '$default',
      throttle: { rate: 20, burst: 40 },
      accessLogFormat: '$context.status',
      routes: [
        { key: 'GET /things/{id}', functionArn: functions[0]?.arn, timeoutMs: 30_000 },
        { key: '$default', functionArn: functions[0]?.arn, timeoutMs: 30_000 },
      ],
    });
  });

  it('describes buckets, tables and keys', () => {
    const { buckets, tables, keys } = read({
      resources: {
        table: table(),
        hmac: { Type: 'AWS::KMS::Key', Properties: { KeySpec: 'HMAC_256', KeyUsage: 'GENERATE_VERIFY_MAC' } },
        alias: {
          Type: 'AWS::KMS::Alias',
          Properties: { AliasName: 'alias/a', TargetKeyId: { Ref: 'hmac' } },
        },
        Store: {
          Type: 'AWS::S3::Bucket',
          Properties: { VersioningConfiguration: { Status: 'Enabled' }, ObjectLockEnabled: true },
        },
        policy: {
          Type: 'AWS::S3::BucketPolicy',
          Properties: {
            Bucket: { Ref: 'Store' },
            PolicyDocument: {
              Statement: [{ Resource: { 'Fn::Join': ['/', [{ 'Fn::GetAtt': ['Store', 'Arn'] }, '*']] } }],
            },
          },
        },
      },
    });
    expect(tables).toEqual([expect.objectContaining({ name: 'Test-table', indexes: [expect.anything()] })]);
    expect(keys).toEqual([expect.objectContaining({ spec: 'HMAC_256', aliases: ['alias/a'] })]);
    expect(buckets).toEqual([
      expect.objectContaining({
        name: 'test-store',
        versioned: true,
        objectLock: true,
        policies: [{ Statement: [{ Resource: 'arn:aws:s3:::test-store/*' }] }],
      }),
    ]);
  });

  it('names everything the same at every reading', () => {
    const fixture = { functions: { plain: { code } }, resources: { table: table() } };
    expect({ ...read(fixture), functions: [] }).toEqual({ ...read(fixture), functions: [] });
  });

  it('leaves out what stands under a condition that does not hold', () => {
    const template = { Conditions: { Wanted: { 'Fn::Equals': [{ Ref: 'AWS::Region' }, 'eu-west-1'] } } };
    const { tables } = read({ template, resources: { table: { ...table(), Condition: 'Wanted' } } });
    expect(tables).toEqual([]);
  });
});

describe('a template that cannot be served stops the start', () => {
  it.each<[string, StackFixture, RegExp]>([
    [
      'an unknown type of resource',
      { resources: { dish: { Type: 'AWS::GroundStation::Config' } } },
      /dish: AWS::GroundStation::Config is neither emulated nor/,
    ],
    [
      'an unknown property',
      { functions: { plain: { code, properties: { SnapStart: {} } } } },
      /plain: the local cloud does not know the property SnapStart/,
    ],
    [
      'an unknown intrinsic function',
      {
        functions: { plain: { code, properties: { Environment: { Variables: { A: { 'Fn::Cidr': [] } } } } } },
      },
      /plain: the function Fn::Cidr is not known/,
    ],
    [
      'a reference to nothing',
      { functions: { plain: { code, properties: { Environment: { Variables: { A: { Ref: 'gone' } } } } } } },
      /plain: the template has no resource or parameter gone/,
    ],
    [
      'an attribute that is not emulated',
      {
        functions: {
          plain: {
            code,
            properties: { Environment: { Variables: { A: { 'Fn::GetAtt': ['table', 'StreamArn'] } } } },
          },
        },
        resources: { table: table() },
      },
      /plain: the local cloud gives table no attribute StreamArn/,
    ],
    [
      'another run time',
      { functions: { plain: { code, properties: { Runtime: 'nodejs18.x' } } } },
      /plain: .*nodejs24/,
    ],
    [
      'a property of the wrong shape',
      { resources: { table: table({ BillingMode: 'PROVISIONED' }) } },
      /table: .*PAY_PER_REQUEST/,
    ],
    [
      'a route with an authorizer',
      { functions: { plain: { code, routes: ['GET /a'] } }, resources: { plainRoute0: authorizedRoute() } },
      /plainRoute0: the local cloud does not know the property AuthorizerId/,
    ],
  ])('%s', (_, fixture, message) => {
    expect(() => read(fixture)).toThrow(message);
  });
});
