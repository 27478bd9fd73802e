import { Stack } from 'aws-cdk-lib';
import {
  CfnVPCEndpoint,
  type ISecurityGroup,
  type ISubnet,
  type IVpc,
  Peer,
  Port,
  SecurityGroup,
  Subnet,
  Vpc,
} from 'aws-cdk-lib/aws-ec2';
import { Construct } from 'constructs';
import type { NetworkSettings, VpcSettings } from '../network-settings.ts';
import type { Placement } from './lambda-function.ts';

const HTTPS = Port.tcp(443);

export interface NetworkProps {
  /** The name of the network profile. */
  readonly name: string;
  readonly network: NetworkSettings;
}

/** A network profile: where its workers run, and how they reach S3, DynamoDB and Secrets Manager from there. */
export class Network extends Construct {
  readonly placement: Placement;

  constructor(scope: Construct, { name, network }: NetworkProps) {
    super(scope, name);
    this.placement = network.vpc === undefined ? {} : this.place(network.vpc);
  }

  private place(settings: VpcSettings): Placement {
    const vpc = Vpc.fromVpcAttributes(this, 'vpc', {
      vpcId: settings.vpcId,
      // The zones follow from the subnets; nothing here asks for them.
      availabilityZones: [],
    });
    const subnets = settings.subnetIds.map((id) => Subnet.fromSubnetId(this, id, id));
    const securityGroups = settings.securityGroupIds.map((id) =>
      SecurityGroup.fromSecurityGroupId(this, id, id, { mutable: false }),
    );
    this.addGatewayEndpoints(settings);
    if (settings.secretsAccess === 'endpoint') this.addSecretsEndpoint(vpc, subnets, securityGroups);
    return { vpc, vpcSubnets: { subnets }, securityGroups };
  }

  /** Endpoint policies stay open: all traffic of the route table passes here, not only ours. */
  private addGatewayEndpoints({ vpcId, gatewayEndpoints, routeTableIds = [] }: VpcSettings): void {
    if (gatewayEndpoints === 'existing') return;
    for (const service of ['s3', 'dynamodb']) {
      new CfnVPCEndpoint(this, `${service}-endpoint`, {
        vpcId,
        serviceName: `com.amazonaws.${Stack.of(this).region}.${service}`,
        vpcEndpointType: 'Gateway',
        routeTableIds,
      });
    }
  }

  private addSecretsEndpoint(
    vpc: IVpc,
    subnets: readonly ISubnet[],
    workers: readonly ISecurityGroup[],
  ): void {
    const admitsWorkers = new SecurityGroup(this, 'secrets-endpoint-security-group', {
      vpc,
      description: 'SafeBase workers to Secrets Manager',
      allowAllOutbound: false,
    });
    for (const worker of workers) {
      admitsWorkers.addIngressRule(Peer.securityGroupId(worker.securityGroupId), HTTPS, 'SafeBase workers');
    }
    new CfnVPCEndpoint(this, 'secrets-endpoint', {
      vpcId: vpc.vpcId,
      serviceName: `com.amazonaws.${Stack.of(this).region}.secretsmanager`,
      vpcEndpointType: 'Interface',
      privateDnsEnabled: true,
      subnetIds: subnets.map(({ subnetId }) => subnetId),
      securityGroupIds: [admitsWorkers.securityGroupId],
    });
  }
}
