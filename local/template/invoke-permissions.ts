import { z } from 'zod';
import { matchesWildcard } from '../aws/wildcard.ts';
import type { PropertiesSchema, Stack } from './stack.ts';

/** The services that call functions in their own name; all others call in the name of a role. */
type Caller = 'apigateway.amazonaws.com' | 'events.amazonaws.com';

/** Whether the resource policy of a function lets a service call it for what this ARN names: a route, a rule. */
export type MayInvoke = (caller: Caller, sourceArn: string, functionArn: string) => boolean;

// One that names another caller, or conditions that are not known here, stops the start.
const PERMISSION = {
  used: z.object({
    Action: z.literal('lambda:InvokeFunction'),
    FunctionName: z.string(),
    Principal: z.enum(['apigateway.amazonaws.com', 'events.amazonaws.com']),
    // Without it every API and rule of the world might call.
    SourceArn: z.string(),
  }),
  unused: [],
} as const satisfies PropertiesSchema<z.ZodObject>;

/** @see https://docs.aws.amazon.com/lambda/latest/dg/permissions-function-services.html */
export function readInvokePermissions(stack: Stack): MayInvoke {
  const permissions = stack
    .resources('AWS::Lambda::Permission', PERMISSION)
    .map(({ properties }) => properties);
  return (caller, sourceArn, functionArn) =>
    permissions.some(
      ({ Principal, SourceArn, FunctionName }) =>
        Principal === caller && FunctionName === functionArn && matchesWildcard(SourceArn, sourceArn),
    );
}
