import { InvokeCommand, type LambdaClient } from '@aws-sdk/client-lambda';
import type { Workflows } from '../core/ports.ts';
import { SafeBaseError } from '../errors.ts';

/**
 * Starts each job as a durable execution; a run under its own id: the same start twice is one execution.
 * @param workflow the durable function, by its alias
 */
export const lambdaWorkflows = (client: LambdaClient, workflow: string): Workflows => ({
  async start(job) {
    const command = new InvokeCommand({
      FunctionName: workflow,
      InvocationType: 'Event',
      // A removal may be asked for again after one that failed, and does no harm twice.
      ...(job.kind !== 'expire' && { DurableExecutionName: job.runId }),
      Payload: Buffer.from(JSON.stringify(job)),
    });
    await client.send(command).catch((error: unknown) => {
      throw new SafeBaseError('unavailable', `the ${job.kind} of ${job.runId} could not be started`, {
        cause: error,
      });
    });
  },
});
