import { readSettings } from '../../infra/settings.ts';

const vpc = {
  vpcId: 'vpc-0a1b2c3d4e5f67890',
  subnetIds: ['subnet-0a1b2c3d4e5f67890'],
  securityGroupIds: ['sg-0a1b2c3d4e5f67890'],
  gatewayEndpoints: 'create',
  routeTableIds: ['rtb-0a1b2c3d4e5f67890'],
  secretsAccess: 'endpoint',
};

describe('readSettings', () => {
  it('has a default for everything', () => {
    expect(readSettings({})).toEqual({
      stage: 'dev',
      architecture: 'arm64',
      networks: { public: { private: false, loopback: false } },
      throttle: { rate: 20, burst: 40 },
      logRetentionDays: 90,
      zstdLevel: 3,
      rereadLimitBytes: 64 * 1024 ** 2,
      secretArns: [],
      secretKeyArns: [],
      acceptLayerDrift: false,
    });
  });

  it('reads text, as -c gives it, like the values of cdk.json', () => {
    const given = { networks: '{"office":{}}', zstdLevel: '5', acceptLayerDrift: 'true' };
    expect(readSettings(given)).toMatchObject({
      networks: { office: {} },
      zstdLevel: 5,
      acceptLayerDrift: true,
    });
  });

  it('leaves the keys of the CDK itself alone', () => {
    expect(() => readSettings({ 'aws:cdk:bundling-stacks': ['**'], '@aws-cdk/core:x': true })).not.toThrow();
  });

  it('takes the settings of the stage, and rather what -c says', () => {
    const stages = { prod: { logRetentionDays: 365, zstdLevel: 9 }, test: { zstdLevel: 1 } };
    expect(readSettings({ stages, stage: 'prod', zstdLevel: '4' })).toMatchObject({
      stage: 'prod',
      logRetentionDays: 365,
      zstdLevel: 4,
    });
  });

  it('lets databases of a VPC have private addresses, and those of no VPC not', () => {
    const { networks } = readSettings({
      networks: {
        public: {},
        office: { vpc },
        closed: { vpc: { ...vpc, gatewayEndpoints: 'existing' }, private: false },
      },
    });
    expect(networks).toMatchObject({
      public: { private: false },
      office: { private: true, loopback: false },
      closed: { private: false },
    });
  });

  it.each([
    ['a misspelt key', { netwroks: {} }, 'netwroks: is no setting'],
    ['a stage that no name can hold', { stage: 'Prod!' }, 'stage: must be'],
    [
      'a misspelt stage',
      { stage: 'prdo', stages: { prod: {} } },
      'prdo is none of the stages of cdk.json (prod)',
    ],
    ['stages that hold no settings', { stages: 'prod' }, 'stages: must hold'],
    ['a misspelt key in a stage', { stage: 'prod', stages: { prod: { zstd: 3 } } }, 'zstd: is no setting'],
    ['an unknown processor', { architecture: 'arm' }, 'architecture: '],
    ['no network at all', { networks: {} }, 'networks: must hold a network profile'],
    ['a network name with capitals', { networks: { Office: {} } }, 'networks.Office: '],
    [
      'a VPC without subnets',
      { networks: { a: { vpc: { ...vpc, subnetIds: [] } } } },
      'networks.a.vpc.subnetIds: ',
    ],
    [
      'an id of another kind',
      { networks: { a: { vpc: { ...vpc, vpcId: 'sg-0a1b2c3d' } } } },
      'networks.a.vpc.vpcId: must be an id such as vpc-',
    ],
    [
      'endpoints to create in no route table',
      { networks: { a: { vpc: { ...vpc, routeTableIds: undefined } } } },
      'networks.a.vpc.routeTableIds: is needed',
    ],
    [
      'two networks that create endpoints in one route table',
      { networks: { a: { vpc }, b: { vpc } } },
      'networks.b.vpc.gatewayEndpoints: must be existing, since network a',
    ],
    ['a throttle of nothing', { throttle: { rate: 0, burst: 1 } }, 'throttle.rate: '],
    [
      'days that CloudWatch does not know',
      { logRetentionDays: 10 },
      'logRetentionDays: must be one of 7, 14',
    ],
    ['a level that zstd does not know', { zstdLevel: 20 }, 'zstdLevel: '],
    ['a limit below nothing', { rereadLimitBytes: -1 }, 'rereadLimitBytes: '],
    ['every secret', { secretArns: ['*'] }, 'secretArns.0: must be the ARN of a secret'],
    [
      'a key by its alias',
      { secretKeyArns: ['alias/mine'] },
      'secretKeyArns.0: must be the ARN of a KMS key',
    ],
    ['a word for yes or no', { acceptLayerDrift: 'yes' }, 'acceptLayerDrift: '],
  ])('refuses %s and names the key', (_, context, message) => {
    expect(() => readSettings(context)).toThrow(message);
  });

  it('names all that is wrong at once, and where to read more', () => {
    const error = (() => {
      try {
        return readSettings({ zstdLevel: 0, architecture: 'x' });
      } catch (thrown) {
        return thrown;
      }
    })();
    expect(error).toMatchObject({
      message: expect.stringMatching(/architecture: .*\n {2}zstdLevel: /),
      hint: expect.stringContaining('docs/deploy.md'),
    });
  });
});
