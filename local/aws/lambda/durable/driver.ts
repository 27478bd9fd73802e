/** Invokes the function of an execution whenever there is something new for it, one invocation at a time. */
import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Functions } from '../../../lambda/functions.ts';
import { type ExecutionEnd, isWaiting } from './change-execution.ts';
import { invocationEvent } from './history.ts';
import { failed, invocationPayload, invokeError, type Outcome, outcomeOf } from './invocation.ts';
import type { Execution, HistoryEvent } from './operation.ts';
import type { ExecutionStore } from './store.ts';
import type { Tokens } from './tokens.ts';

export interface Driver {
  /** Invokes the function, unless it runs. */
  run(arn: string): void;
  /** Invokes it if something has changed since it ran. */
  wake(arn: string): void;
}

interface DriverSetUp {
  readonly store: ExecutionStore;
  readonly functions: Functions;
  readonly tokens: Tokens;
  readonly now: () => number;
  readonly finish: (arn: string, end: ExecutionEnd, events: readonly HistoryEvent[]) => void;
  readonly log: (line: string) => void;
  readonly signal: AbortSignal;
  readonly retryDelayMs?: number;
}

const MAX_RETRY_DELAY_MS = 5 * 60 * 1000;

export function createDriver(setUp: DriverSetUp): Driver {
  const { store, log, signal } = setUp;
  const driving = new Set<string>();
  const run = (arn: string): void => {
    if (driving.has(arn) || signal.aborted) return;
    drive(arn, setUp, driving).catch((error: unknown) => {
      if (!signal.aborted) log(`${arn} cannot go on: ${String(error)}`);
    });
  };
  return {
    run,
    wake: (arn) => {
      if (store.find(arn)?.status === 'RUNNING' && store.hasUnseen(arn)) run(arn);
    },
  };
}

/** Until the execution has ended, or waits for something. */
async function drive(arn: string, setUp: DriverSetUp, driving: Set<string>): Promise<void> {
  const { store, finish, signal, retryDelayMs = 1000 } = setUp;
  let broken = 0;
  driving.add(arn);
  try {
    for (;;) {
      const execution = store.find(arn);
      if (execution?.status !== 'RUNNING') return;
      const { outcome, event } = await invokeOnce(execution, setUp);
      // Stopped or timed out meanwhile: the end has been written.
      if (signal.aborted || store.find(arn)?.status !== 'RUNNING') return;
      if (outcome.kind === 'ended') return finish(arn, outcome.end, [event]);
      const goesOn = outcome.kind === 'broken' || store.hasUnseen(arn);
      store.write({ arn, invoking: goesOn, events: [event] });
      if (outcome.kind === 'pending' && !goesOn) {
        if (!isWaiting(store, arn)) finish(arn, NOTHING_PENDING, []);
        return;
      }
      broken = outcome.kind === 'broken' ? broken + 1 : 0;
      // Lambda repeats an invocation that broke until the execution's own time is over.
      const delayMs = Math.min(retryDelayMs * 2 ** (broken - 1), MAX_RETRY_DELAY_MS);
      if (broken > 0) await sleep(delayMs, undefined, { signal });
    }
  } finally {
    // In the same moment as the last look: what changes from now on wakes it.
    driving.delete(arn);
  }
}

const NOTHING_PENDING = failed('Cannot return PENDING status with no pending operations.').end;

async function invokeOnce(
  execution: Execution,
  setUp: DriverSetUp,
): Promise<{ readonly outcome: Outcome; readonly event: HistoryEvent }> {
  const { store, tokens, now } = setUp;
  const { arn } = execution;
  const startedAt = now();
  const token = tokens.issue(arn);
  store.write({ arn, invoking: true });
  const unseen = store.takeUnseen(arn).map(({ Id }) => Id);
  const payload = invocationPayload(arn, token, [...store.operations(arn).values()], unseen);
  const outcome = await invoke(execution, payload, setUp);
  tokens.revoke(arn);
  const error = outcome.kind === 'broken' ? outcome.error : undefined;
  return { outcome, event: invocationEvent({ requestId: randomUUID(), startedAt, error }, now()) };
}

async function invoke(
  { arn, functionName: name, version }: Execution,
  payload: string,
  { functions, log, signal }: DriverSetUp,
): Promise<Outcome> {
  const model = functions.find(name, version);
  if (model === undefined) return failed(`The version ${version} of ${name} is gone.`);
  try {
    return outcomeOf(await functions.invoke(model, payload));
  } catch (error) {
    if (!signal.aborted) log(`${name} could not be invoked for ${arn}: ${String(error)}`);
    return { kind: 'broken', error: invokeError(error) };
  }
}
