import { Duration } from 'aws-cdk-lib';
import { Rule, Schedule } from 'aws-cdk-lib/aws-events';
import { LambdaFunction as FunctionTarget } from 'aws-cdk-lib/aws-events-targets';
import type { Construct } from 'constructs';
import type { LambdaFunction } from './lambda-function.ts';

const MINUTE = Duration.minutes(1);

/** How a function is called that `everyMinute` calls: the next minute asks again. */
export const ASKED_AGAIN = { retries: 0, maxAge: MINUTE } as const;

/** Calls a function by the clock; made with `ASKED_AGAIN`. */
export function everyMinute(scope: Construct, id: string, called: LambdaFunction, description: string): void {
  new Rule(scope, id, {
    description,
    schedule: Schedule.rate(MINUTE),
    targets: [new FunctionTarget(called)],
  });
}
