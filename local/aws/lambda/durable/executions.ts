/**
 * Lambda's durable executions: a function that is invoked again and again, each time with what it has checkpointed,
 * until it has ended. Everything lies on disk before it is told, and `resume` goes on after a kill.
 */
import { randomUUID } from 'node:crypto';
import type { Functions } from '../../../lambda/functions.ts';
import type { FunctionModel } from '../../../template/functions.ts';
import { type ChainedCalls, createChainedCalls } from './chained-calls.ts';
import { type ExecutionEnd, endOperation, nextDue, settleDue } from './change-execution.ts';
import { invalid } from './check-updates.ts';
import { type CheckpointInput, type CheckpointOutput, checkpoint, type FindTarget } from './checkpoint.ts';
import { createDriver, type Driver } from './driver.ts';
import { createEndings, type Endings } from './endings.ts';
import type { Execution, Operation } from './operation.ts';
import { startExecution } from './start-execution.ts';
import { type ExecutionStore, openExecutionStore } from './store.ts';
import { createTimers, type Timers } from './timers.ts';
import { createTokens, type Tokens } from './tokens.ts';

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
  const parts = assemble(setUp);
  const { store, tokens, endings } = parts;
  return {
    store,
    start: (model, payload, name) => start(parts, { model, payload, name: name ?? randomUUID() }),
    ended: endings.ended,
    checkpoint: (arn, input, findTarget) => takeCheckpoint(parts, arn, input, findTarget),
    state: (arn, token) => {
      tokens.check(arn, token);
      return [...store.operations(arn).values()];
    },
    stop: (arn, end) => {
      endings.finish(arn, end);
      return store.find(arn) ?? running(store, arn);
    },
    resume: () => resume(parts),
    close: () => {
      parts.stopping.abort();
      parts.timers.close();
      store.close();
    },
  };
}

/** What moves executions on: each part tells the others what it has found. */
interface Parts {
  readonly now: () => number;
  readonly stopping: AbortController;
  readonly store: ExecutionStore;
  readonly tokens: Tokens;
  readonly endings: Endings;
  readonly driver: Driver;
  readonly calls: ChainedCalls;
  readonly timers: Timers;
}

function assemble(setUp: DurableSetUp): Parts {
  const { file, functions, log, now = Date.now } = setUp;
  const stopping = new AbortController();
  const { signal } = stopping;
  const store = openExecutionStore(file);
  const tokens = createTokens();
  const endings = createEndings({ store, functions, now, over: (arn) => timers.clear(arn) });
  const driver = createDriver({ ...setUp, store, tokens, now, finish: endings.finish, signal });
  const calls = createChainedCalls({
    store,
    functions,
    signal,
    log,
    ended: (arn, operationId, ending) => {
      endOperation(store, arn, operationId, ending, now());
      driver.wake(arn);
    },
  });
  const timers = createTimers(now, (arn) => lookAtClock(parts, arn));
  const parts = { now, stopping, store, tokens, endings, driver, calls, timers };
  return parts;
}

function start(
  { store, timers, driver, now }: Parts,
  order: Parameters<typeof startExecution>[1],
): Execution {
  store.forget(now());
  const { execution, isNew } = startExecution(store, order, now());
  if (isNew) {
    timers.set(execution.arn, nextDue(store, execution));
    driver.run(execution.arn);
  }
  return execution;
}

/** @throws AwsError */
function takeCheckpoint(
  { store, tokens, endings, timers, calls, now }: Parts,
  arn: string,
  input: CheckpointInput,
  findTarget: FindTarget,
): CheckpointOutput {
  const execution = running(store, arn);
  const output = tokens.exchange(arn, input.CheckpointToken, input.ClientToken, (next) =>
    checkpoint(store, execution, input.Updates, findTarget, now(), next),
  );
  if (output.end !== undefined) endings.finish(arn, output.end);
  else {
    timers.set(arn, nextDue(store, execution));
    calls.begin(execution);
  }
  return output;
}

function resume(parts: Parts): void {
  const { store, calls, driver, now } = parts;
  store.forget(now());
  for (const { execution, invoking } of store.running()) {
    calls.resume(execution);
    lookAtClock(parts, execution.arn);
    if (invoking) driver.run(execution.arn);
  }
}

const TIMED_OUT: ExecutionEnd = {
  status: 'TIMED_OUT',
  error: { ErrorType: 'Execution.TimedOut', ErrorMessage: 'Execution timed out' },
};

/** Does what has come due of an execution, and sets the timer for what comes next. */
function lookAtClock({ store, endings, timers, driver, now }: Parts, arn: string): void {
  const execution = store.find(arn);
  if (execution?.status !== 'RUNNING') return;
  if (now() >= execution.startedAt + execution.timeoutSeconds * 1000) {
    endings.finish(arn, TIMED_OUT);
    return;
  }
  settleDue(store, execution, now());
  timers.set(arn, nextDue(store, execution));
  driver.wake(arn);
}

/** @throws AwsError */
function running(store: ExecutionStore, arn: string): Execution {
  const execution = store.find(arn);
  if (execution?.status !== 'RUNNING') throw invalid('Invalid Checkpoint Token: the execution has ended.');
  return execution;
}
