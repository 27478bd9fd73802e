import { z } from 'zod';
import type { PropertiesSchema, Stack } from './stack.ts';

/** A rule of EventBridge that goes by the clock. */
export interface RuleModel {
  readonly name: string;
  readonly arn: string;
  readonly everyMinutes: number;
  /** ARNs of functions. */
  readonly targets: readonly string[];
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
export const readRules = (stack: Stack): RuleModel[] =>
  stack
    .resources('AWS::Events::Rule', RULE)
    .filter(({ properties }) => properties.State === 'ENABLED')
    .map(({ reference, attributes, properties }) => ({
      name: reference,
      arn: attributes.Arn ?? '',
      everyMinutes: Number(/\d+/.exec(properties.ScheduleExpression)?.[0]),
      targets: properties.Targets.map(({ Arn }) => Arn),
    }));
