/** Every type of resource that the stack may hold: what stands for it on the laptop, or that nothing does. */
import { createHash } from 'node:crypto';

export const ACCOUNT = '000000000000';

/** What a template sees of a resource: its `Ref` and its `Fn::GetAtt`s. */
export interface Identity {
  readonly reference: string;
  readonly attributes: Readonly<Record<string, string>>;
}

interface Naming {
  /** The name that the template gives, or a made-up one that stays the same from synth to synth. */
  readonly name: string;
  /** For what AWS numbers instead of naming: made of the logical id. */
  readonly hash: string;
  /** The function that a version or alias belongs to. */
  readonly functionName: string;
  arn(service: string, resource: string): string;
}

interface EmulatedType {
  /** The property that holds a name, where the template gives one. */
  readonly nameProperty?: string;
  identify(naming: Naming): Identity;
}

const named = (nameProperty: string, service: string, resource: (name: string) => string): EmulatedType => ({
  nameProperty,
  identify: ({ name, arn }) => ({ reference: name, attributes: { Arn: arn(service, resource(name)) } }),
});
const numbered = (idAttribute: string): EmulatedType => ({
  identify: ({ hash }) => ({
    reference: hash.slice(0, 10),
    attributes: { [idAttribute]: hash.slice(0, 10) },
  }),
});

const EMULATED: Readonly<Record<string, EmulatedType>> = {
  'AWS::Lambda::Function': named('FunctionName', 'lambda', (name) => `function:${name}`),
  'AWS::Lambda::Version': {
    identify: ({ functionName, hash, arn }) => {
      // The CDK makes the logical id of code and settings: other code is another version, the same code the same.
      const Version = String(1 + (Number.parseInt(hash.slice(0, 12), 16) % 1_000_000_000));
      return { reference: arn('lambda', `function:${functionName}:${Version}`), attributes: { Version } };
    },
  },
  'AWS::Lambda::Alias': {
    nameProperty: 'Name',
    identify: ({ functionName, name, arn }) => ({
      reference: arn('lambda', `function:${functionName}:${name}`),
      attributes: {},
    }),
  },
  'AWS::Lambda::LayerVersion': {
    identify: ({ name, arn }) => ({ reference: arn('lambda', `layer:${name}:1`), attributes: {} }),
  },
  'AWS::Lambda::EventInvokeConfig': numbered('Id'),
  'AWS::Lambda::Permission': numbered('Id'),
  'AWS::ApiGatewayV2::Api': {
    identify: ({ hash }) => ({
      reference: hash.slice(0, 10),
      attributes: {
        ApiId: hash.slice(0, 10),
        ApiEndpoint: `https://${hash.slice(0, 10)}.execute-api.localhost`,
      },
    }),
  },
  'AWS::ApiGatewayV2::Integration': numbered('IntegrationId'),
  'AWS::ApiGatewayV2::Route': numbered('RouteId'),
  'AWS::ApiGatewayV2::Stage': {
    nameProperty: 'StageName',
    identify: ({ name }) => ({ reference: name, attributes: {} }),
  },
  'AWS::S3::Bucket': {
    nameProperty: 'BucketName',
    identify: ({ name }) => ({
      reference: name.toLowerCase(),
      attributes: { Arn: `arn:aws:s3:::${name.toLowerCase()}` },
    }),
  },
  'AWS::S3::BucketPolicy': numbered('Id'),
  'AWS::DynamoDB::Table': named('TableName', 'dynamodb', (name) => `table/${name}`),
  'AWS::DynamoDB::GlobalTable': named('TableName', 'dynamodb', (name) => `table/${name}`),
  'AWS::KMS::Key': {
    identify: ({ hash, arn }) => {
      const keyId = hash.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12}).*/, '$1-$2-$3-$4-$5');
      return { reference: keyId, attributes: { KeyId: keyId, Arn: arn('kms', `key/${keyId}`) } };
    },
  },
  'AWS::KMS::Alias': {
    nameProperty: 'AliasName',
    identify: ({ name }) => ({ reference: name, attributes: {} }),
  },
  'AWS::Logs::LogGroup': named('LogGroupName', 'logs', (name) => `log-group:${name}:*`),
  'AWS::Events::Rule': named('Name', 'events', (name) => `rule/${name}`),
  'AWS::Scheduler::ScheduleGroup': named('Name', 'scheduler', (name) => `schedule-group/${name}`),
  // Takes calls of schedules that could not be delivered; nothing is sent here.
  'AWS::SQS::Queue': named('QueueName', 'sqs', (name) => name),
  'AWS::IAM::Policy': {
    nameProperty: 'PolicyName',
    identify: ({ name }) => ({ reference: name, attributes: {} }),
  },
  'AWS::IAM::Role': {
    nameProperty: 'RoleName',
    identify: ({ name }) => ({
      reference: name,
      attributes: { Arn: `arn:aws:iam::${ACCOUNT}:role/${name}`, RoleId: `AROA${name}` },
    }),
  },
};

/** Types that have no counterpart on the laptop. A resource of any other type stops the start. */
const WITHOUT_COUNTERPART: ReadonlySet<string> = new Set([
  // Grants nothing here: whoever needs one is denied.
  'AWS::IAM::ManagedPolicy',
  // The network is the laptop's own.
  'AWS::EC2::SecurityGroup',
  'AWS::EC2::SecurityGroupIngress',
  'AWS::EC2::SecurityGroupEgress',
  'AWS::EC2::VPCEndpoint',
  'AWS::SQS::QueuePolicy',
  // Usage figures for the makers of the CDK.
  'AWS::CDK::Metadata',
]);

/**
 * Made-up but stable names and ARNs of a resource.
 * @param given the value of the name property, where the template has one
 * @returns undefined for a type without counterpart
 * @throws Error for a type in neither list
 */
export function identify(
  resource: { readonly type: string; readonly logicalId: string; readonly path: readonly string[] },
  stack: { readonly name: string; readonly region: string },
  given: (nameProperty: string) => unknown,
): Identity | undefined {
  if (WITHOUT_COUNTERPART.has(resource.type)) return undefined;
  const type = EMULATED[resource.type];
  if (type === undefined) {
    throw new Error(`${resource.type} is neither emulated nor known to be without counterpart on the laptop`);
  }
  const givenName = type.nameProperty === undefined ? undefined : given(type.nameProperty);
  return type.identify({
    name: typeof givenName === 'string' ? givenName : [stack.name, ...resource.path].join('-'),
    hash: createHash('sha256').update(`${stack.name}/${resource.logicalId}`).digest('hex'),
    functionName: String(given('FunctionName')),
    arn: (service, rest) => `arn:aws:${service}:${stack.region}:${ACCOUNT}:${rest}`,
  });
}
