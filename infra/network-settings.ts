/** The setting `networks`: where the workers that reach databases run. */
import * as z from 'zod';

const idOf = (kind: string) =>
  z.string().regex(new RegExp(`^${kind}-[0-9a-f]{8,17}$`), `must be an id such as ${kind}-0a1b2c3d4e5f67890`);
const idsOf = (kind: string, max: number) => z.array(idOf(kind)).min(1).max(max);

/** A VPC is described by ids and never looked up: a lookup needs credentials at synthesis. */
const vpc = z
  .strictObject({
    vpcId: idOf('vpc'),
    /** One for each availability zone, with a route to the databases. */
    subnetIds: idsOf('subnet', 16),
    /** The security groups of the workers: those of the databases admit them. */
    securityGroupIds: idsOf('sg', 5),
    /** Endpoints of S3 and DynamoDB (free): creating them fails where a route table has them already. */
    gatewayEndpoints: z.enum(['create', 'existing']),
    /** The route tables of the subnets; needed to create gateway endpoints. */
    routeTableIds: idsOf('rtb', 16).optional(),
    /** How workers reach Secrets Manager: by an interface endpoint of this stack, or by a way that is there. */
    secretsAccess: z.enum(['endpoint', 'nat']),
  })
  .refine(
    ({ gatewayEndpoints, routeTableIds }) => gatewayEndpoints === 'existing' || routeTableIds !== undefined,
    {
      message: 'is needed where gatewayEndpoints is create',
      path: ['routeTableIds'],
    },
  );

const network = z
  .strictObject({
    vpc: vpc.optional(),
    /** Whether databases may have private addresses. @default whether there is a VPC */
    private: z.boolean().optional(),
    /** Whether databases may lie on the worker's own machine: for a laptop only. */
    loopback: z.boolean().default(false),
  })
  .transform((given) => ({ ...given, private: given.private ?? given.vpc !== undefined }));

/** A network profile; without `vpc` its workers reach the internet with an address that is not fixed. */
export type NetworkSettings = z.output<typeof network>;
export type VpcSettings = z.output<typeof vpc>;

export const networks = z
  .record(
    z.string().regex(/^[a-z0-9-]{1,32}$/, 'must be up to 32 lower-case letters, digits and dashes'),
    network,
  )
  .refine((profiles) => Object.keys(profiles).length > 0, 'must hold a network profile')
  .superRefine((profiles, context) => {
    for (const { name, message } of sharedRouteTables(Object.entries(profiles))) {
      context.addIssue({ code: 'custom', path: [name, 'vpc', 'gatewayEndpoints'], message });
    }
  })
  .default({ public: { private: false, loopback: false } });

/** A route table takes one gateway endpoint of a service. */
function sharedRouteTables(profiles: readonly (readonly [string, NetworkSettings])[]) {
  const owners = new Map<string, string>();
  return profiles.flatMap(([name, { vpc }]) => {
    const tables = vpc?.gatewayEndpoints === 'create' ? (vpc.routeTableIds ?? []) : [];
    return tables.flatMap((table) => {
      const owner = owners.get(table) ?? name;
      owners.set(table, owner);
      if (owner === name) return [];
      return [{ name, message: `must be existing, since network ${owner} makes the endpoints of ${table}` }];
    });
  });
}
