import type { Context } from 'aws-lambda';
import type * as z from 'zod';
import type { Log } from '../core/ports.ts';
import { SafeBaseError } from '../errors.ts';

/** What a job is given besides its payload. */
export interface Job {
  /** Aborts, with `deadline_exceeded` as reason, while there is still time to clean up and to write the end. */
  readonly deadline: AbortSignal;
  /** From the beginning of the job to its deadline. */
  readonly remainingMs: number;
  /** When Lambda ends the worker (ms since the epoch). */
  readonly endsAt: number;
  readonly requestId: string;
}

interface JobRules<P extends z.ZodType> {
  readonly name: string;
  readonly payload: P;
  /** What the job keeps of its time for cleaning up (ms). @default 2000 */
  readonly marginMs?: number;
  readonly log: Log;
}

/**
 * The Lambda handler of one job: parses the payload, sets a deadline before Lambda's own, and logs how it ended. What the
 * job throws goes on to Lambda, which counts it as failed.
 */
export function jobHandler<P extends z.ZodType, R>(
  { name, payload, marginMs = 2_000, log }: JobRules<P>,
  work: (payload: z.output<P>, job: Job) => Promise<R>,
): (event: unknown, context: Context) => Promise<R> {
  return async (event, context) => {
    const { awsRequestId: requestId } = context;
    const deadline = new AbortController();
    const leftMs = context.getRemainingTimeInMillis();
    const endsAt = Date.now() + leftMs;
    const remainingMs = Math.max(0, leftMs - marginMs);
    const timer = setTimeout(
      () => deadline.abort(new SafeBaseError('deadline_exceeded', `the time of the ${name} worker ran out`)),
      remainingMs,
    );
    try {
      const parsed = payload.safeParse(event);
      if (!parsed.success) {
        const isOther = parsed.error.issues.some(({ path: [field] }) => field === 'version');
        const told = isOther ? 'is of a version that it does not know' : 'is not valid';
        throw new SafeBaseError(
          isOther ? 'job_unknown' : 'invalid_request',
          `the payload of ${name} ${told}`,
          {
            cause: parsed.error,
          },
        );
      }
      log.info(`${name} begins`, { requestId });
      const result = await work(parsed.data, { deadline: deadline.signal, remainingMs, endsAt, requestId });
      log.info(`${name} ended`, { requestId });
      return result;
    } catch (error) {
      log.error(`${name} failed`, { requestId, error });
      throw error;
    } finally {
      clearTimeout(timer);
    }
  };
}
