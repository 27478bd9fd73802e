/** EventBridge, as far as rules go by the clock: each fires as long as the cloud runs. */
import { randomUUID } from 'node:crypto';
import type { Functions } from '../lambda/functions.ts';
import type { RuleModel } from '../template/rules.ts';

export interface RulesSetUp {
  readonly rules: readonly RuleModel[];
  readonly functions: Functions;
  readonly account: string;
  readonly region: string;
  /** Told of each call that a function's policy does not let a rule make. */
  readonly log: (line: string) => void;
  /** How long a minute of a rule is (ms). @default 60000 */
  readonly minuteMs?: number;
}

const MINUTE_MS = 60_000;

/**
 * Fires each rule at its rate; the first time after one whole interval, as nothing of before the start is made up for.
 * @throws Error for a target that is no function of the stack
 */
export function startRules({ rules, functions, account, region, log, minuteMs = MINUTE_MS }: RulesSetUp): {
  stop(): void;
} {
  const timers = rules.map((rule) => {
    const targets = rule.targets.map(({ arn, isPermitted }) => {
      const model = functions.find(arn);
      if (model === undefined) throw new Error(`the rule ${rule.name} calls ${arn}, which is no function`);
      return { model, isPermitted };
    });
    const fire = (): void => {
      const event = JSON.stringify(scheduledEvent(rule, account, region));
      for (const { model, isPermitted } of targets) {
        if (isPermitted) functions.enqueue(model, event);
        else log(`${model.name} has no AWS::Lambda::Permission for the rule ${rule.name}: it was not called`);
      }
    };
    return setInterval(fire, rule.everyMinutes * minuteMs);
  });
  return {
    stop: () => {
      for (const timer of timers) clearInterval(timer);
    },
  };
}

/** @see https://docs.aws.amazon.com/eventbridge/latest/ref/events-ref-scheduled-events.html */
const scheduledEvent = ({ arn }: RuleModel, account: string, region: string) => ({
  version: '0',
  id: randomUUID(),
  'detail-type': 'Scheduled Event',
  source: 'aws.events',
  account,
  time: new Date().toISOString().replace(/\.\d+Z$/, 'Z'),
  region,
  resources: [arn],
  detail: {},
});
