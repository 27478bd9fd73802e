/**
 * Lambda's queue of asynchronous invocations: kept on disk, so that an accepted event outlives the cloud's process.
 * @see https://docs.aws.amazon.com/lambda/latest/dg/invocation-async-error-handling.html
 */
import { AwsError } from '../aws/aws-error.ts';
import type { FunctionModel } from '../template/functions.ts';
import { openAsyncEvents, type QueuedEvent } from './async-events.ts';
import type { InvocationResult } from './instance.ts';

export interface AsyncQueue {
  /** Returns once the event is on disk. */
  enqueue(model: FunctionModel, payload: string): void;
  stop(): void;
}

interface QueueSetUp {
  readonly file: string;
  readonly models: readonly FunctionModel[];
  readonly invoke: (model: FunctionModel, payload: string) => Promise<InvocationResult>;
  readonly log: (model: FunctionModel, line: string) => void;
  /** Waits before the second and the third attempt (ms). @default Lambda's 1 and 2 minutes */
  readonly retryDelaysMs?: readonly number[];
  /** First wait after a throttled attempt (ms); doubled each time, as Lambda does up to 5 minutes. @default 1000 */
  readonly throttleDelayMs?: number;
}

const MAX_THROTTLE_DELAY_MS = 5 * 60 * 1000;

export function openAsyncQueue(setUp: QueueSetUp): AsyncQueue {
  const { models, invoke, log, retryDelaysMs = [60_000, 120_000], throttleDelayMs = 1000 } = setUp;
  const events = openAsyncEvents(setUp.file);
  const timers = new Set<NodeJS.Timeout>();
  let stopped = false;

  const later = (waitMs: number, work: () => Promise<void>): void => {
    const timer = setTimeout(() => {
      timers.delete(timer);
      void work();
    }, waitMs);
    timers.add(timer);
  };
  const drop = (event: QueuedEvent, reason: string): void => {
    events.remove(event);
    log(event.model, `dropped an asynchronous event: ${reason}`);
  };

  const attempt = async (event: QueuedEvent, throttled = 0): Promise<void> => {
    const { maximumRetries, maximumAgeSeconds } = event.model.asynchronous;
    if (Date.now() - event.accepted > maximumAgeSeconds * 1000)
      return drop(event, 'older than its maximum age');
    // Counted before the start: an attempt that a crash of the cloud cut off has been made all the same.
    events.countAttempt(event, 1);
    const outcome = await deliver(event, invoke, (line) => {
      if (!stopped) log(event.model, line);
    });
    if (stopped) return;
    if (outcome === 'done') return events.remove(event);
    if (outcome === 'throttled') {
      // A throttled event has not been tried.
      events.countAttempt(event, -1);
      later(Math.min(throttleDelayMs * 2 ** throttled, MAX_THROTTLE_DELAY_MS), () =>
        attempt(event, throttled + 1),
      );
      return;
    }
    if (event.attempts >= maximumRetries) return drop(event, 'no attempt left');
    const retry = { ...event, attempts: event.attempts + 1 };
    later(retryDelaysMs[event.attempts] ?? 0, () => attempt(retry));
  };

  for (const event of events.read(models)) {
    if (event.attempts > event.model.asynchronous.maximumRetries) drop(event, 'its last attempt was cut off');
    else later(0, () => attempt(event));
  }
  return {
    enqueue: (model, payload) => {
      const event = events.add(model, payload);
      later(0, () => attempt(event));
    },
    stop: () => {
      if (stopped) return;
      stopped = true;
      for (const timer of timers) clearTimeout(timer);
      events.close();
    },
  };
}

/** @param tell told why an event could not be delivered */
async function deliver(
  { model, payload }: QueuedEvent,
  invoke: QueueSetUp['invoke'],
  tell: (line: string) => void,
): Promise<'done' | 'failed' | 'throttled'> {
  try {
    const { functionError } = await invoke(model, payload);
    return functionError === undefined ? 'done' : 'failed';
  } catch (error) {
    if (error instanceof AwsError && error.code === 'TooManyRequestsException') return 'throttled';
    // Nobody waits for this: an error that is thrown here would end the cloud.
    tell(`an asynchronous event could not be delivered: ${String(error)}`);
    return 'failed';
  }
}
