import {
  type DurableContext,
  InvokeError,
  type RetryDecision,
  withDurableExecution,
} from '@aws/durable-execution-sdk-js';
import type { WorkflowSteps } from '../core/workflow-ports.ts';

/** What Lambda invokes when a workflow is to begin, or to go on. */
export type WorkflowHandler = ReturnType<typeof withDurableExecution>;

/** Runs a workflow as a Lambda durable function. @param drive gets the payload that the start was given */
export const durableHandler = (
  drive: (steps: WorkflowSteps, payload: unknown) => Promise<void>,
): WorkflowHandler =>
  withDurableExecution((payload: unknown, context: DurableContext) => drive(durableSteps(context), payload));

const durableSteps = (context: DurableContext): WorkflowSteps => ({
  step: async (name, work) => await context.step(name, work, { retryStrategy }),
  call: async (name, functionName, payload) => {
    try {
      await context.invoke(name, functionName, payload);
      return { answered: true };
    } catch (error) {
      if (!(error instanceof InvokeError)) throw error;
      return { answered: false, reason: error.message };
    }
  },
  wait: async (name, seconds) => void (await context.wait(name, { seconds })),
});

/** Eight attempts over about four minutes: a store that is gone for longer is left to the sweeper. */
const MAX_ATTEMPTS = 8;
const retryStrategy = (_: Error, attempts: number): RetryDecision => ({
  shouldRetry: attempts < MAX_ATTEMPTS,
  delay: { seconds: Math.min(2 ** attempts, 60) },
});
