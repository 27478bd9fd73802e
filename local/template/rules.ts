import { z } from 'zod';
import { readInvokePermissions } from './invoke-permissions.ts';
import type { PropertiesSchema, Stack } from './stack.ts';

/** A rule of EventBridge that goes by the clock. */
export interface RuleModel {
  readonly name: string;
  readonly arn: string;
  readonly everyMinutes: number;
  /** ARNs of functions, and whether the function's own policy lets this rule call it. */
  readonly targets: readonly { readonly arn: string; readonly isPermitted: boolean }[];
}

const RULE = {
  used: z.object({
    ScheduleExpression: z.string().regex(/^rate\(\d+ minutes?\)$/, 'is not of the form rate(n minutes)'),
    State: z.enum(['ENABLED', 'DISABLED']).default('ENABLED'),
    Targets: z.array(z.strictObject({ Arn: z.string(), Id: z.string() })).default([]),
  }),
  unused: ['Description', 'Name', 'Tags'],
} as const satisfies PropertiesSchema<z.ZodObject>;

/** @throws Error for a rule that goes by events or by calendar: the laptop has neither */
export function readRules(stack: Stack): RuleModel[] {
  const mayInvoke = readInvokePermissions(stack);
  return stack
    .resources('AWS::Events::Rule', RULE)
    .filter(({ properties }) => properties.State === 'ENABLED')
    .map(({ reference, attributes: { Arn: arn = '' }, properties }) => ({
      name: reference,
      arn,
      everyMinutes: Number(/\d+/.exec(properties.ScheduleExpression)?.[0]),
      targets: properties.Targets.map(({ Arn }) => ({
        arn: Arn,
        isPermitted: mayInvoke('events.amazonaws.com', arn, Arn),
      })),
    }));
}
