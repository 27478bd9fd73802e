/** The changes of an execution that come from outside its function: what came due, what was invoked, its end. */
import { asEnded, type Ending, hasEnded } from './end-operation.ts';
import { endedEvent, executionEndedEvent } from './history.ts';
import type { ErrorObject, Execution, ExecutionStatus, HistoryEvent, Operation } from './operation.ts';
import type { ExecutionStore } from './store.ts';

const DAY_MS = 24 * 3600 * 1000;

/** Ends an operation; one that has ended, or whose execution has, stays as it is. */
export function endOperation(
  store: ExecutionStore,
  arn: string,
  operationId: string,
  ending: Ending,
  now: number,
): void {
  const execution = store.find(arn);
  const operation = store.operations(arn).get(operationId);
  if (execution?.status !== 'RUNNING' || operation === undefined || hasEnded(operation)) return;
  const ended = asEnded(operation, ending, now);
  store.write({ arn, operations: [ended], events: [endedEvent(ended, now)] });
}

export interface ExecutionEnd {
  readonly status: Exclude<ExecutionStatus, 'RUNNING'>;
  readonly result?: string | undefined;
  readonly error?: ErrorObject | undefined;
}

/** Ends the execution; one that has ended keeps its end. @param events what happened right before */
export function endExecution(
  store: ExecutionStore,
  arn: string,
  { status, result, error }: ExecutionEnd,
  retentionDays: number,
  now: number,
  events: readonly HistoryEvent[] = [],
): void {
  const execution = store.find(arn);
  const root = [...store.operations(arn).values()].find(({ Type }) => Type === 'EXECUTION');
  if (execution?.status !== 'RUNNING' || root === undefined) return;
  const forgetAt = now + retentionDays * DAY_MS;
  const ended = asEnded(root, { status }, now);
  store.write({
    arn,
    execution: { ...execution, status, result, error, endedAt: now, forgetAt },
    invoking: false,
    operations: [ended],
    events: [...events, executionEndedEvent(ended, now, result, error)],
  });
}

/** Ends waits and makes steps ready whose time has come. */
export function settleDue(store: ExecutionStore, execution: Execution, now: number): void {
  const due = [...store.operations(execution.arn).values()].filter(
    (operation) => (dueAt(operation) ?? Number.POSITIVE_INFINITY) <= now,
  );
  if (due.length === 0) return;
  const settled = due.map(
    (operation): Operation =>
      operation.Type === 'WAIT'
        ? asEnded(operation, { status: 'SUCCEEDED' }, now)
        : { ...operation, Status: 'READY' },
  );
  const events = settled.filter(hasEnded).map((operation) => endedEvent(operation, now));
  store.write({ arn: execution.arn, operations: settled, events });
}

/** When something of it comes due next, its own time-out included. */
export function nextDue(store: ExecutionStore, execution: Execution): number {
  const times = [...store.operations(execution.arn).values()].flatMap((operation) => dueAt(operation) ?? []);
  return Math.min(execution.startedAt + execution.timeoutSeconds * 1000, ...times);
}

/** Whether anything may still wake the execution. */
export const isWaiting = (store: ExecutionStore, arn: string): boolean =>
  [...store.operations(arn).values()].some(
    (operation) =>
      dueAt(operation) !== undefined || (operation.Type === 'CHAINED_INVOKE' && !hasEnded(operation)),
  );

function dueAt({ Type, Status, WaitDetails, StepDetails }: Operation): number | undefined {
  if (Type === 'WAIT' && Status === 'STARTED') return WaitDetails?.ScheduledEndTimestamp;
  if (Type === 'STEP' && Status === 'PENDING') return StepDetails?.NextAttemptTimestamp;
  return undefined;
}
