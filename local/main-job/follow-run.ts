/** Watches a backup or restore over the API until it has ended. */
import { setTimeout as pause } from 'node:timers/promises';
import type { z } from 'zod';
import type { ApiClient, Run } from './api-client.ts';
import { JobFailed } from './job-failed.ts';
import { openProgressLine } from './progress-line.ts';

const POLL_MS = 250;

export interface FollowedRun<R> {
  /** `backup` or `restore`. */
  readonly title: string;
  readonly path: string;
  readonly answer: z.ZodType<R>;
}

/** @returns the completed run. @throws JobFailed where it ended in another way */
export async function followRun<R extends Run>(
  api: ApiClient,
  { title, path, answer }: FollowedRun<R>,
): Promise<R> {
  const line = openProgressLine(title);
  try {
    for (;;) {
      const run = await api({ method: 'GET', path, answer });
      if (run.state === 'completed') {
        line.end(`${run.id} completed`);
        return run;
      }
      if (run.state !== 'queued' && run.state !== 'running') throw failureOf(title, run);
      line.show(run.progress ?? run.state);
      await pause(POLL_MS);
    }
  } catch (error) {
    line.drop();
    throw error;
  }
}

const failureOf = (title: string, { id, state, failure }: Run): JobFailed =>
  new JobFailed(
    `${title} ${id} is ${state}${failure === undefined ? '' : ` (${failure.code}): ${failure.reason}`}`,
    failure?.hint ?? '',
  );
