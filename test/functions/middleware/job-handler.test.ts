import * as z from 'zod';
import { SafeBaseError } from '../../../functions/errors.ts';
import { jobHandler } from '../../../functions/middleware/job-handler.ts';
import { lambdaContext } from '../../fixtures/api-call.ts';
import { recordingLog } from '../../ports/recorders.ts';

const payload = z.strictObject({ version: z.literal(1) });

describe('jobHandler', () => {
  it('gives the parsed payload to the work, and its result to Lambda', async () => {
    const handler = jobHandler(
      { name: 'x', payload, log: recordingLog() },
      async ({ version }, { requestId }) => [version, requestId],
    );
    expect(await handler({ version: 1 }, lambdaContext())).toEqual([1, 'invocation-1']);
  });

  it('refuses a payload of another shape, and logs it', async () => {
    const log = recordingLog();
    const handler = jobHandler({ name: 'x', payload, log }, async () => 'never');
    await expect(handler({ version: 1, more: 1 }, lambdaContext())).rejects.toMatchObject({
      code: 'invalid_request',
    });
    expect(log.lines).toMatchObject([{ message: 'x failed' }]);
  });

  it('tells a payload of another version from one that is wrong', async () => {
    const handler = jobHandler({ name: 'x', payload, log: recordingLog() }, async () => 'never');
    await expect(handler({ version: 2, more: 1 }, lambdaContext())).rejects.toMatchObject({
      code: 'job_unknown',
      message: 'the payload of x is of a version that it does not know',
    });
  });

  it('ends the work before Lambda does, and waits for its clean-up', async () => {
    const steps: string[] = [];
    const handler = jobHandler(
      { name: 'x', payload, log: recordingLog(), marginMs: 1_000 },
      async (_, { deadline }) => {
        await new Promise((over) => deadline.addEventListener('abort', over));
        steps.push('cleaned up');
        throw deadline.reason;
      },
    );
    await expect(handler({ version: 1 }, lambdaContext(1_010))).rejects.toMatchObject({
      code: 'deadline_exceeded',
    });
    expect(steps).toEqual(['cleaned up']);
  });

  it('logs what the work throws, whole, and hands it on', async () => {
    const log = recordingLog();
    const error = new SafeBaseError('unavailable', 'no');
    const handler = jobHandler({ name: 'x', payload, log }, async () => {
      throw error;
    });
    await expect(handler({ version: 1 }, lambdaContext())).rejects.toBe(error);
    expect(log.lines.at(-1)).toMatchObject({
      message: 'x failed',
      fields: { error, requestId: 'invocation-1' },
    });
  });
});
