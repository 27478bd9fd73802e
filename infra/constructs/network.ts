import { Fn, Stack } from 'aws-cdk-lib';
import { CfnSecurityGroup, CfnVPCEndpoint, SecurityGroup, Subnet, Vpc } from 'aws-cdk-lib/aws-ec2';
import { Construct } from 'constructs';
import type { NetworkSettings, VpcSettings } from '../network-settings.ts';
import type { Placement } from './lambda-function.ts';

export interface NetworkProps {
  /** The name of the network profile. */
  readonly name: string;
  readonly network: NetworkSettings;
}

/** A network profile: where its workers run, and how they reach S3, DynamoDB and Secrets Manager from there. */
export class Network extends Construct {
  readonly placement: Placement;
  /** What the workers' AWS clients must know of it, as environment variables. */
  readonly environment: Readonly<Record<string, string>>;

  constructor(scope: Construct, { name, network }: NetworkProps) {
    super(scope, name);
    const { vpc } = network;
    this.placement = vpc === undefined ? {} : this.place(vpc);
    this.environment = vpc?.secretsAccess === 'endpoint' ? this.addSecretsEndpoint(vpc) : {};
    if (vpc?.gatewayEndpoints === 'create') this.addGatewayEndpoints(vpc);
  }

  private place({ vpcId, subnetIds, securityGroupIds }: VpcSettings): Placement {
    const vpc = Vpc.fromVpcAttributes(this, 'vpc', {
      vpcId,
      // The CDK wants zones; nothing here uses them, they follow from the subnets.
      availabilityZones: Stack.of(this).availabilityZones,
    });
    const subnets = subnetIds.map((id) => Subnet.fromSubnetId(this, id, id));
    const securityGroups = securityGroupIds.map((id) =>
      SecurityGroup.fromSecurityGroupId(this, id, id, { mutable: false }),
    );
    return { vpc, vpcSubnets: { subnets }, securityGroups };
  }

  /** Their policies stay open: all traffic of the route tables passes here, not only ours. */
  private addGatewayEndpoints({ vpcId, routeTableIds = [] }: VpcSettings): void {
    for (const service of ['s3', 'dynamodb']) {
      new CfnVPCEndpoint(this, `${service}-endpoint`, {
        vpcId,
        serviceName: this.serviceName(service),
        vpcEndpointType: 'Gateway',
        routeTableIds,
      });
    }
  }

  /**
   * An endpoint for our workers alone. It has no private DNS name: that would turn everybody's calls in this VPC to an
   * endpoint that admits only us, and there can be one only. The workers' client is told its own name instead.
   * @see https://docs.aws.amazon.com/sdkref/latest/guide/feature-ss-endpoints.html
   */
  private addSecretsEndpoint({ vpcId, subnetIds, securityGroupIds }: VpcSettings): Record<string, string> {
    const admitsWorkers = new CfnSecurityGroup(this, 'secrets-endpoint-security-group', {
      vpcId,
      groupDescription: 'SafeBase workers to Secrets Manager',
      securityGroupIngress: securityGroupIds.map((sourceSecurityGroupId) => ({
        ipProtocol: 'tcp',
        fromPort: 443,
        toPort: 443,
        sourceSecurityGroupId,
        description: 'SafeBase workers',
      })),
    });
    const endpoint = new CfnVPCEndpoint(this, 'secrets-endpoint', {
      vpcId,
      serviceName: this.serviceName('secretsmanager'),
      vpcEndpointType: 'Interface',
      privateDnsEnabled: false,
      subnetIds,
      securityGroupIds: [admitsWorkers.attrGroupId],
    });
    // Each entry is `zone:name`; the first is the name for all availability zones.
    const name = Fn.select(1, Fn.split(':', Fn.select(0, endpoint.attrDnsEntries)));
    return { AWS_ENDPOINT_URL_SECRETS_MANAGER: `https://${name}` };
  }

  private serviceName(service: string): string {
    return `com.amazonaws.${Stack.of(this).region}.${service}`;
  }
}
