/**
 * Lambda's queue of asynchronous invocations: kept on disk, so that an accepted event outlives the cloud's process.
 * @see https://docs.aws.amazon.com/lambda/latest/dg/invocation-async-error-handling.html
 */
import type { DatabaseSync } from 'node:sqlite';
import { AwsError } from '../aws/aws-error.ts';
import { openPrivateDatabase } from '../data-folder.ts';
import { type FunctionModel, withVersion } from '../template/functions.ts';
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
  const database = openDatabase(setUp.file);
  const insert = database.prepare('INSERT INTO event (function, payload, accepted) VALUES (?, ?, ?)');
  const countAttempt = database.prepare('UPDATE event SET attempts = attempts + 1 WHERE id = ?');
  const uncountAttempt = database.prepare('UPDATE event SET attempts = attempts - 1 WHERE id = ?');
  const remove = database.prepare('DELETE FROM event WHERE id = ?');
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
    remove.run(event.id);
    log(event.model, `dropped an asynchronous event: ${reason}`);
  };

  const attempt = async (event: QueuedEvent, throttled = 0): Promise<void> => {
    const { maximumRetries, maximumAgeSeconds } = event.model.asynchronous;
    if (Date.now() - event.accepted > maximumAgeSeconds * 1000)
      return drop(event, 'older than its maximum age');
    // Counted before the start: an attempt that a crash of the cloud cut off has been made all the same.
    countAttempt.run(event.id);
    const outcome = await deliver(event);
    if (stopped) return;
    if (outcome === 'done') return void remove.run(event.id);
    if (outcome === 'throttled') {
      // A throttled event has not been tried.
      uncountAttempt.run(event.id);
      later(Math.min(throttleDelayMs * 2 ** throttled, MAX_THROTTLE_DELAY_MS), () =>
        attempt(event, throttled + 1),
      );
      return;
    }
    if (event.attempts >= maximumRetries) return drop(event, 'no attempt left');
    const retry = { ...event, attempts: event.attempts + 1 };
    later(retryDelaysMs[event.attempts] ?? 0, () => attempt(retry));
  };
  const deliver = async ({ model, payload }: QueuedEvent): Promise<'done' | 'failed' | 'throttled'> => {
    try {
      const { functionError } = await invoke(model, payload);
      return functionError === undefined ? 'done' : 'failed';
    } catch (error) {
      if (error instanceof AwsError && error.code === 'TooManyRequestsException') return 'throttled';
      // Nobody waits for this: an error that is thrown here would end the cloud.
      if (!stopped) log(model, `an asynchronous event could not be delivered: ${String(error)}`);
      return 'failed';
    }
  };

  for (const event of readEvents(database, models)) {
    if (event.attempts > event.model.asynchronous.maximumRetries) drop(event, 'its last attempt was cut off');
    else later(0, () => attempt(event));
  }
  return {
    enqueue: (model, payload) => {
      const accepted = Date.now();
      const id = Number(
        insert.run(withVersion(model.name, model.version), payload, accepted).lastInsertRowid,
      );
      later(0, () => attempt({ id, model, payload, accepted, attempts: 0 }));
    },
    stop: () => {
      if (stopped) return;
      stopped = true;
      for (const timer of timers) clearTimeout(timer);
      database.close();
    },
  };
}

interface QueuedEvent {
  readonly id: number;
  readonly model: FunctionModel;
  readonly payload: string;
  /** Milliseconds since the epoch. */
  readonly accepted: number;
  readonly attempts: number;
}

function openDatabase(file: string): DatabaseSync {
  const database = openPrivateDatabase(file);
  database.exec(`CREATE TABLE IF NOT EXISTS event (
      id INTEGER PRIMARY KEY AUTOINCREMENT, function TEXT NOT NULL, payload TEXT NOT NULL,
      accepted INTEGER NOT NULL, attempts INTEGER NOT NULL DEFAULT 0
    ) STRICT`);
  return database;
}

/** What an earlier run of the cloud left over; events of functions that the template no longer has are forgotten. */
function readEvents(database: DatabaseSync, models: readonly FunctionModel[]): QueuedEvent[] {
  const rows = database
    .prepare('SELECT id, function, payload, accepted, attempts FROM event ORDER BY id')
    .all();
  return rows.flatMap((row) => {
    const model = models.find(({ name, version }) => withVersion(name, version) === row.function);
    if (model === undefined) return [];
    return [
      {
        id: Number(row.id),
        model,
        payload: String(row.payload),
        accepted: Number(row.accepted),
        attempts: Number(row.attempts),
      },
    ];
  });
}
