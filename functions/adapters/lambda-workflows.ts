import { InvokeCommand, type LambdaClient } from '@aws-sdk/client-lambda';
import type { StartedJob, Workflows } from '../core/ports.ts';
import { SafeBaseError } from '../errors.ts';

/** Where the jobs run. */
interface JobFunctions {
  /** Network profile → names of its workers. */
  readonly workers: Readonly<Record<string, { readonly backup: string; readonly restore: string }>>;
  readonly expire: string;
}

/** Starts each job as one asynchronous invocation of its function, which Lambda keeps until it has run. */
export const lambdaWorkflows = (client: LambdaClient, functions: JobFunctions): Workflows => ({
  async start(job) {
    const command = new InvokeCommand({
      FunctionName: functionOf(job, functions),
      InvocationType: 'Event',
      Payload: Buffer.from(JSON.stringify(job)),
    });
    await client.send(command).catch((error: unknown) => {
      throw new SafeBaseError('unavailable', `the ${job.kind} of ${job.runId} could not be started`, {
        cause: error,
      });
    });
  },
});

function functionOf(job: StartedJob, functions: JobFunctions): string {
  if (job.kind === 'expire') return functions.expire;
  const workers = functions.workers[job.network];
  if (workers === undefined) {
    throw new SafeBaseError(
      'host_refused',
      `the stack has no workers for the network profile ${job.network}`,
    );
  }
  return workers[job.kind];
}
