import { resourcesOf, type Synthesized, synthesized } from '../synthesized.ts';

const ids = {
  subnetIds: ['subnet-0a1b2c3d4e5f67890', 'subnet-0a1b2c3d4e5f67891'],
  securityGroupIds: ['sg-0a1b2c3d4e5f67890'],
};
const networks = {
  public: {},
  office: {
    vpc: {
      ...ids,
      vpcId: 'vpc-0a1b2c3d4e5f67890',
      gatewayEndpoints: 'create',
      routeTableIds: ['rtb-0a1b2c3d4e5f67890'],
      secretsAccess: 'endpoint',
    },
  },
  plant: {
    vpc: { ...ids, vpcId: 'vpc-0a1b2c3d4e5f67891', gatewayEndpoints: 'existing', secretsAccess: 'nat' },
  },
};

let stack: Synthesized;
beforeAll(async () => {
  const context = { stage: 'prod', architecture: 'x86_64', acceptLayerDrift: 'true', networks };
  stack = await synthesized({ context, layer: { drift: ['some package: locked 1, built 2'] } });
}, 60_000);

const environmentOf = (path: string) => {
  const { Environment } = resourcesOf(stack, 'AWS::Lambda::Function').get(path)?.Properties ?? {};
  return (Environment as { Variables: Record<string, unknown> }).Variables;
};

describe('a stack with three network profiles', () => {
  it('is called by its stage, for the processor that was asked for', () => {
    expect(stack.stackName).toBe('SafeBase-prod');
    for (const [, { Properties }] of resourcesOf(stack, 'AWS::Lambda::Function')) {
      expect(Properties.Architectures).toEqual(['x86_64']);
    }
  });

  it.each(['probe', 'backup', 'restore'])('has a worker %s in each', (worker) => {
    const functions = resourcesOf(stack, 'AWS::Lambda::Function');
    expect(functions.get(`workflows/${worker}-public`)?.Properties).not.toHaveProperty('VpcConfig');
    for (const network of ['office', 'plant']) {
      expect(functions.get(`workflows/${worker}-${network}`)?.Properties.VpcConfig).toEqual({
        SubnetIds: ids.subnetIds,
        SecurityGroupIds: ids.securityGroupIds,
      });
    }
  });

  it('puts nothing else into a VPC', () => {
    const placed = [...resourcesOf(stack, 'AWS::Lambda::Function')]
      .filter(([, { Properties }]) => Properties.VpcConfig !== undefined)
      .map(([path]) => path);
    expect(placed).toHaveLength(6);
  });

  it('tells every worker what hosts each profile may reach', () => {
    expect(JSON.parse(String(environmentOf('workflows/backup-office').NETWORKS))).toEqual({
      public: { private: false, loopback: false },
      office: { private: true, loopback: false },
      plant: { private: true, loopback: false },
    });
  });

  it('makes gateway endpoints only where it was told to', () => {
    const gateways = [...resourcesOf(stack, 'AWS::EC2::VPCEndpoint').values()].filter(
      ({ Properties }) => Properties.VpcEndpointType === 'Gateway',
    );
    expect(gateways).toHaveLength(2);
    for (const { Properties } of gateways) {
      expect(Properties).toMatchObject({
        VpcId: 'vpc-0a1b2c3d4e5f67890',
        RouteTableIds: ['rtb-0a1b2c3d4e5f67890'],
      });
    }
  });

  it('reaches Secrets Manager by an endpoint that nobody else in the VPC is turned to', () => {
    const endpoint = resourcesOf(stack, 'AWS::EC2::VPCEndpoint').get('workflows/office/secrets-endpoint');
    expect(endpoint?.Properties).toMatchObject({ VpcEndpointType: 'Interface', PrivateDnsEnabled: false });
    expect(environmentOf('workflows/probe-office')).toHaveProperty('AWS_ENDPOINT_URL_SECRETS_MANAGER');
    expect(environmentOf('workflows/probe-plant')).not.toHaveProperty('AWS_ENDPOINT_URL_SECRETS_MANAGER');
  });

  it('admits to that endpoint nothing but the workers by TLS', () => {
    const [group, ...others] = resourcesOf(stack, 'AWS::EC2::SecurityGroup').values();
    expect(others).toEqual([]);
    expect(group?.Properties.SecurityGroupIngress).toEqual([
      expect.objectContaining({ FromPort: 443, ToPort: 443, SourceSecurityGroupId: ids.securityGroupIds[0] }),
    ]);
  });
});
