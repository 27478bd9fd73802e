import { InvokeCommand, type LambdaClient } from '@aws-sdk/client-lambda';
import type { StartedJob } from '../core/job-payloads.ts';
import type { Workflows } from '../core/workflow-ports.ts';
import { SafeBaseError } from '../errors.ts';

/**
 * Starts each job as a durable execution; a run or verification under a name of its own: the same start twice is one
 * execution.
 * @param workflow the durable function, by its alias
 */
export const lambdaWorkflows = (client: LambdaClient, workflow: string): Workflows => ({
  async start(job) {
    const command = new InvokeCommand({
      FunctionName: workflow,
      InvocationType: 'Event',
      ...nameOf(job),
      Payload: Buffer.from(JSON.stringify(job)),
    });
    await client.send(command).catch((error: unknown) => {
      throw new SafeBaseError('unavailable', `the ${job.kind} of ${job.runId} could not be started`, {
        cause: error,
      });
    });
  },
});

function nameOf(job: StartedJob): { readonly DurableExecutionName?: string } {
  // A removal may be asked for again after one that failed, and does no harm twice.
  if (job.kind === 'expire') return {};
  if (job.kind !== 'verify') return { DurableExecutionName: job.runId };
  // The time as well: the numbers begin anew where the record was made anew.
  const requestedMs = Date.parse(job.requestedAt);
  return { DurableExecutionName: `${job.runId}-verify-${job.attempt}-${requestedMs}` };
}
