import { z } from 'zod';
import { type IdentityPolicy, parseIdentityPolicy } from '../aws/identity-policy.ts';
import type { PropertiesSchema, Stack } from './stack.ts';

const POLICY = {
  used: z.object({ PolicyDocument: z.record(z.string(), z.unknown()), Roles: z.array(z.string()) }),
  unused: ['PolicyName'],
} as const satisfies PropertiesSchema<z.ZodObject>;

/**
 * The name of each role → the policies that are attached to it.
 * @throws Error where a policy holds what cannot be resolved, or what this cloud does not know
 */
export function readRolePolicies(stack: Stack): ReadonlyMap<string, readonly IdentityPolicy[]> {
  const attached = stack
    .resources('AWS::IAM::Policy', POLICY)
    .flatMap(({ properties: { Roles, PolicyDocument } }) =>
      Roles.map((role) => [role, parseIdentityPolicy(PolicyDocument)] as const),
    );
  return new Map(
    [...Map.groupBy(attached, ([role]) => role)].map(([role, entries]) => [
      role,
      entries.map(([, policy]) => policy),
    ]),
  );
}
