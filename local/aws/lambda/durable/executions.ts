/**
 * Lambda's durable executions: a function that is invoked again and again, each time with what it has checkpointed,
 * until it has ended. Everything lies on disk before it is told, and `resume` goes on after a kill.
 */
import { randomUUID } from 'node:crypto';
import type { Functions } from '../../../lambda/functions.ts';
import type { FunctionModel } from '../../../template/functions.ts';
import { createChainedCalls } from './chained-calls.ts';
import { type ExecutionEnd, endExecution, endOperation, nextDue, settleDue } from './change-execution.ts';
import { invalid } from './check-updates.ts';
import { type CheckpointInput, type CheckpointOutput, checkpoint, type FindTarget } from './checkpoint.ts';
import { createDriver } from './driver.ts';
import type { Execution, Operation } from './operation.ts';
import { startExecution } from './start-execution.ts';
import { type ExecutionStore, openExecutionStore } from './store.ts';
import { createTimers } from './timers.ts';
import { createTokens } from './tokens.ts';

export interface DurableExecutions {
  /** What is on disk, to be read. */
  readonly store: Pick<ExecutionStore, 'find' | 'ofFunction' | 'operations' | 'events'>;
  /**
   * Starts an execution, or gives the one that has this name and payload.
   * @throws AwsError `DurableExecutionAlreadyStartedException` where the payload is another
   */
  start(model: FunctionModel, payload: string, name: string | undefined): Execution;
  /** Settles when the execution has ended. */
  ended(arn: string): Promise<Execution>;
  /** @throws AwsError */
  checkpoint(arn: string, input: CheckpointInput, findTarget: FindTarget): CheckpointOutput;
  /** What the function may read with its newest token. @throws AwsError */
  state(arn: string, token: string): readonly Operation[];
  /** Ends the execution; a function that runs goes on, but can write no more. */
  stop(arn: string, end: ExecutionEnd): Execution;
  /** Goes on with what an earlier process left; call it once functions can reach this cloud. */
  resume(): void;
  close(): void;
}

export interface DurableSetUp {
  readonly file: string;
  readonly functions: Functions;
  readonly now?: () => number;
  /** Told of executions that cannot go on. */
  readonly log: (line: string) => void;
  /** First wait before a function that broke is invoked again (ms), doubled each time. @default 1000 */
  readonly retryDelayMs?: number;
}

export function openDurableExecutions(setUp: DurableSetUp): DurableExecutions {
  const { functions, now = Date.now } = setUp;
  const store = openExecutionStore(setUp.file);
  const stopping = new AbortController();
  const { signal } = stopping;
  const tokens = createTokens();
  const waiting = new Map<string, ((execution: Execution) => void)[]>();

  const finish = (arn: string, end: ExecutionEnd, events: Parameters<typeof endExecution>[5] = []): void => {
    const execution = store.find(arn);
    const days = functions.find(execution?.functionName ?? '', execution?.version)?.durable?.retentionDays;
    endExecution(store, arn, end, days ?? DEFAULT_RETENTION_DAYS, now(), events);
    timers.clear(arn);
    const ended = store.find(arn);
    for (const tell of waiting.get(arn) ?? []) if (ended !== undefined) tell(ended);
    waiting.delete(arn);
  };
  const driver = createDriver({ ...setUp, store, tokens, now, finish, signal });
  const calls = createChainedCalls({
    store,
    functions,
    signal,
    log: setUp.log,
    ended: (arn, operationId, ending) => {
      endOperation(store, arn, operationId, ending, now());
      driver.wake(arn);
    },
  });
  const lookAtClock = (arn: string): void => {
    const execution = store.find(arn);
    if (execution?.status !== 'RUNNING') return;
    if (now() >= execution.startedAt + execution.timeoutSeconds * 1000) {
      finish(arn, TIMED_OUT);
      return;
    }
    settleDue(store, execution, now());
    timers.set(arn, nextDue(store, execution));
    driver.wake(arn);
  };
  const timers = createTimers(now, lookAtClock);

  return {
    store,
    start: (model, payload, name) => {
      store.forget(now());
      const { execution, isNew } = startExecution(
        store,
        { model, payload, name: name ?? randomUUID() },
        now(),
      );
      if (isNew) {
        timers.set(execution.arn, nextDue(store, execution));
        driver.run(execution.arn);
      }
      return execution;
    },
    ended: (arn) =>
      new Promise((tell) => {
        const execution = store.find(arn);
        if (execution !== undefined && execution.status !== 'RUNNING') return tell(execution);
        waiting.set(arn, [...(waiting.get(arn) ?? []), tell]);
      }),
    checkpoint: (arn, input, findTarget) => {
      const execution = running(store, arn);
      const output = tokens.exchange(arn, input.CheckpointToken, input.ClientToken, (next) =>
        checkpoint(store, execution, input.Updates, findTarget, now(), next),
      );
      if (output.end !== undefined) finish(arn, output.end);
      else {
        timers.set(arn, nextDue(store, execution));
        calls.begin(execution);
      }
      return output;
    },
    state: (arn, token) => {
      tokens.check(arn, token);
      return [...store.operations(arn).values()];
    },
    stop: (arn, end) => {
      finish(arn, end);
      return store.find(arn) ?? running(store, arn);
    },
    resume: () => {
      store.forget(now());
      for (const { execution, invoking } of store.running()) {
        calls.resume(execution);
        lookAtClock(execution.arn);
        if (invoking) driver.run(execution.arn);
      }
    },
    close: () => {
      stopping.abort();
      timers.close();
      store.close();
    },
  };
}

const DEFAULT_RETENTION_DAYS = 14;
const TIMED_OUT: ExecutionEnd = {
  status: 'TIMED_OUT',
  error: { ErrorType: 'Execution.TimedOut', ErrorMessage: 'Execution timed out' },
};

/** @throws AwsError */
function running(store: ExecutionStore, arn: string): Execution {
  const execution = store.find(arn);
  if (execution?.status !== 'RUNNING') throw invalid('Invalid Checkpoint Token: the execution has ended.');
  return execution;
}
