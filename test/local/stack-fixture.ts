/** A cloud assembly as `cdk synth` writes it, made by hand from a few lines. */
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { temporaryFolder } from './temporary-folder.ts';

type Properties = Readonly<Record<string, unknown>>;

interface FunctionFixture {
  /** The source of index.mjs. */
  readonly code: string;
  readonly properties?: Properties;
  readonly retries?: number;
  /** Statements of its role's policy. @default it may everything */
  readonly statements?: readonly Properties[];
  /** `GET /things/{id}`; the gateway may call the function for each. */
  readonly routes?: readonly string[];
}

interface ResourceFixture {
  readonly Type: string;
  readonly Properties?: Properties;
  readonly Condition?: string;
}

export interface StackFixture {
  readonly functions?: Readonly<Record<string, FunctionFixture>>;
  /** Files of a layer, mounted by every function. */
  readonly layer?: Readonly<Record<string, string>>;
  readonly stage?: Properties;
  readonly resources?: Readonly<Record<string, ResourceFixture>>;
  /** More of the template, such as `Conditions`. */
  readonly template?: Properties;
}

/** @returns a temporary folder that is the assembly */
export function writeAssembly(fixture: StackFixture): string {
  const folder = temporaryFolder();
  const assets: Record<string, unknown> = {};
  const asset = (name: string, files: Readonly<Record<string, string>>): Properties => {
    mkdirSync(join(folder, `asset.${name}`), { recursive: true });
    for (const [file, text] of Object.entries(files))
      writeFileSync(join(folder, `asset.${name}`, file), text);
    assets[name] = {
      source: { path: `asset.${name}`, packaging: 'zip' },
      destinations: { here: { bucketName: 'assets', objectKey: `${name}.zip` } },
    };
    return { S3Bucket: 'assets', S3Key: `${name}.zip` };
  };
  const layers = fixture.layer === undefined ? {} : layerResources(asset('layer', fixture.layer));
  const functions = Object.entries(fixture.functions ?? {}).map(([id, made]) =>
    functionResources(id, made, asset(id, { 'index.mjs': made.code }), Object.keys(layers)),
  );
  const resources = { ...layers, ...Object.assign({}, ...functions), ...api(fixture), ...fixture.resources };
  const write = (file: string, content: unknown): void =>
    writeFileSync(join(folder, file), JSON.stringify(content));
  write('Test.template.json', { ...fixture.template, Resources: resources });
  write('Test.assets.json', { files: assets });
  write('Test.metadata.json', metadataOf(Object.keys(fixture.functions ?? {})));
  write('manifest.json', {
    artifacts: {
      'Test.assets': { type: 'cdk:asset-manifest', properties: { file: 'Test.assets.json' } },
      Test: {
        type: 'aws:cloudformation:stack',
        environment: 'aws://unknown-account/unknown-region',
        properties: { templateFile: 'Test.template.json' },
        additionalMetadataFile: 'Test.metadata.json',
      },
    },
  });
  return folder;
}

/** `api-things` → `apithings`, as the CDK does it. */
const logicalIdOf = (id: string): string => id.replaceAll(/[^A-Za-z0-9]/g, '');

const layerResources = (Content: Properties) => ({
  layer: { Type: 'AWS::Lambda::LayerVersion', Properties: { Content } },
});

function functionResources(id: string, made: FunctionFixture, Code: Properties, layers: readonly string[]) {
  const logicalId = logicalIdOf(id);
  return {
    [`${logicalId}Role`]: { Type: 'AWS::IAM::Role', Properties: {} },
    [`${logicalId}Policy`]: {
      Type: 'AWS::IAM::Policy',
      Properties: {
        PolicyName: logicalId,
        PolicyDocument: {
          Version: '2012-10-17',
          Statement: made.statements ?? [{ Effect: 'Allow', Action: '*', Resource: '*' }],
        },
        Roles: [{ Ref: `${logicalId}Role` }],
      },
    },
    [logicalId]: {
      Type: 'AWS::Lambda::Function',
      Properties: {
        Code,
        Handler: 'index.handler',
        Runtime: 'nodejs24.x',
        Role: { 'Fn::GetAtt': [`${logicalId}Role`, 'Arn'] },
        Layers: layers.map((Ref) => ({ Ref })),
        ...made.properties,
      },
    },
    [`${logicalId}Async`]: {
      Type: 'AWS::Lambda::EventInvokeConfig',
      Properties: {
        FunctionName: { Ref: logicalId },
        Qualifier: '$LATEST',
        MaximumRetryAttempts: made.retries ?? 0,
      },
    },
    ...gatewayTo(logicalId, made.routes ?? []),
  };
}

/** What leads the API to a function, and lets it. */
function gatewayTo(logicalId: string, keys: readonly string[]) {
  const routes = keys.map((RouteKey, index) => [
    `${logicalId}Route${index}`,
    {
      Type: 'AWS::ApiGatewayV2::Route',
      Properties: {
        ApiId: { Ref: 'api' },
        RouteKey,
        Target: { 'Fn::Join': ['', ['integrations/', { Ref: `${logicalId}Integration` }]] },
      },
    },
  ]);
  const permission = {
    Type: 'AWS::Lambda::Permission',
    Properties: {
      Action: 'lambda:InvokeFunction',
      FunctionName: { 'Fn::GetAtt': [logicalId, 'Arn'] },
      Principal: 'apigateway.amazonaws.com',
      SourceArn: {
        'Fn::Join': [
          '',
          [
            'arn:aws:execute-api:',
            { Ref: 'AWS::Region' },
            ':',
            { Ref: 'AWS::AccountId' },
            ':',
            { Ref: 'api' },
            '/*',
          ],
        ],
      },
    },
  };
  return {
    [`${logicalId}Integration`]: {
      Type: 'AWS::ApiGatewayV2::Integration',
      Properties: {
        ApiId: { Ref: 'api' },
        IntegrationType: 'AWS_PROXY',
        IntegrationUri: { 'Fn::GetAtt': [logicalId, 'Arn'] },
        PayloadFormatVersion: '2.0',
      },
    },
    ...(routes.length > 0 && { [`${logicalId}Permission`]: permission }),
    ...Object.fromEntries(routes),
  };
}

const api = (fixture: StackFixture) => ({
  api: { Type: 'AWS::ApiGatewayV2::Api', Properties: { Name: 'test', ProtocolType: 'HTTP' } },
  stage: {
    Type: 'AWS::ApiGatewayV2::Stage',
    Properties: { ApiId: { Ref: 'api' }, StageName: '$default', AutoDeploy: true, ...fixture.stage },
  },
});

const metadataOf = (functionIds: readonly string[]) =>
  Object.fromEntries(
    functionIds.map((id) => [`/Test/${id}/Resource`, [{ type: 'aws:cdk:logicalId', data: logicalIdOf(id) }]]),
  );
