import * as z from 'zod';
import { readableArn } from './readable-arn.ts';

const oneOrMore = <T extends z.ZodType>(item: T) => z.union([z.array(item), item.transform((one) => [one])]);
const condition = z.record(z.string(), z.record(z.string(), z.unknown()));
const policy = z.object({
  Roles: z.array(z.object({ Ref: z.string() })),
  PolicyDocument: z.object({
    Statement: z.array(
      z.strictObject({
        Effect: z.literal('Allow'),
        Action: oneOrMore(z.string()),
        Resource: oneOrMore(z.unknown()),
        Condition: condition.optional(),
      }),
    ),
  }),
});
const template = z.object({
  Resources: z.record(
    z.string(),
    z.object({
      Type: z.string(),
      Properties: z.record(z.string(), z.unknown()).optional(),
      Metadata: z.object({ 'aws:cdk:path': z.string() }),
    }),
  ),
});

/**
 * What the roles of a template may do, one line for each role, action and resource, sorted.
 * @param synthesized a template with the paths of its constructs (`aws:cdk:enable-path-metadata`)
 * @throws where a role is granted something in a way that this list would not show
 */
export function permissionLines(synthesized: unknown): string[] {
  const resources = Object.entries(template.parse(synthesized).Resources);
  const names = new Map(resources.map(([id, { Metadata }]) => [id, nameOf(Metadata['aws:cdk:path'])]));
  const name = (logicalId: string): string => names.get(logicalId) ?? logicalId;
  for (const [id, { Type, Properties }] of resources) {
    const elsewhere =
      Type === 'AWS::IAM::ManagedPolicy' || Properties?.ManagedPolicyArns || Properties?.Policies;
    if (elsewhere) throw new Error(`${name(id)} holds or is a policy outside of infra/permissions.ts`);
  }
  return resources
    .filter(([, { Type }]) => Type === 'AWS::IAM::Policy')
    .flatMap(([, { Properties }]) => {
      const { Roles, PolicyDocument } = policy.parse(Properties);
      return Roles.flatMap(({ Ref: role }) =>
        PolicyDocument.Statement.flatMap((statement) =>
          statement.Action.flatMap((action) =>
            statement.Resource.map((resource) =>
              [
                name(role).replace(/^.*\/(.*)-role$/, '$1'),
                action,
                readableArn(resource, name),
                ...shownConditions(statement.Condition ?? {}),
              ].join('  '),
            ),
          ),
        ),
      );
    })
    .sort();
}

/** `SafeBase-dev/storage/bucket/Resource` → `storage/bucket`. */
const nameOf = (path: string): string =>
  path
    .split('/')
    .slice(1)
    .join('/')
    .replace(/\/Resource$/, '');

function shownConditions(conditions: z.output<typeof condition>): string[] {
  return Object.entries(conditions).flatMap(([operator, keys]) =>
    Object.entries(keys).map(([key, value]) => {
      const values = (Array.isArray(value) ? value : [value]).map((one) => readableArn(one));
      return `if ${operator} ${key}: ${values.join(' ')}`;
    }),
  );
}
