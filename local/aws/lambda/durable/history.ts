/**
 * The history of an execution, one event for each change of an operation.
 * @see https://docs.aws.amazon.com/lambda/latest/api/API_Event.html
 */
import type { ErrorObject, HistoryEvent, Operation, OperationType, OperationUpdate } from './operation.ts';

const NAMES: Readonly<Record<OperationType, string>> = {
  EXECUTION: 'Execution',
  CONTEXT: 'Context',
  STEP: 'Step',
  WAIT: 'Wait',
  CALLBACK: 'Callback',
  CHAINED_INVOKE: 'ChainedInvoke',
};

/** @param details of a start, what was asked for */
export function startedEvent(
  operation: Operation,
  now: number,
  details: Readonly<Record<string, unknown>> = {},
): HistoryEvent {
  return eventOf(operation, `${NAMES[operation.Type]}Started`, now, details);
}

/** The start of an operation that a checkpoint asked for. */
export function startDetails(
  update: OperationUpdate,
  operation: Operation,
): Readonly<Record<string, unknown>> {
  switch (update.Type) {
    case 'WAIT':
      return {
        Duration: update.WaitOptions?.WaitSeconds,
        ScheduledEndTimestamp: operation.WaitDetails?.ScheduledEndTimestamp,
      };
    case 'CHAINED_INVOKE':
      return {
        FunctionName: update.ChainedInvokeOptions?.FunctionName,
        Input: { Payload: update.Payload },
      };
    default:
      return {};
  }
}

/** The end of an operation; a step that will be tried again has failed as well. */
export function endedEvent(operation: Operation, now: number, delaySeconds?: number): HistoryEvent {
  const status = operation.Status === 'PENDING' ? 'Failed' : ENDS[operation.Status];
  const { StepDetails: step, WaitDetails: wait } = operation;
  const { Result, Error: error } = step ?? operation.ContextDetails ?? operation.ChainedInvokeDetails ?? {};
  return eventOf(operation, `${NAMES[operation.Type]}${status}`, now, {
    ...outcome(status === 'Succeeded', Result, error),
    ...(step && { RetryDetails: { CurrentAttempt: step.Attempt, NextAttemptDelaySeconds: delaySeconds } }),
    ...(wait && { Duration: Math.round((wait.ScheduledEndTimestamp - operation.StartTimestamp) / 1000) }),
  });
}

/** The end of the execution itself. */
export function executionEndedEvent(
  operation: Operation,
  now: number,
  result: string | undefined,
  error: ErrorObject | undefined,
): HistoryEvent {
  const status = ENDS[operation.Status];
  return eventOf(operation, `Execution${status}`, now, outcome(status === 'Succeeded', result, error));
}

/** One invocation of the function is over. @param error why it will be repeated, or what it answered */
export const invocationEvent = (
  invocation: {
    readonly requestId: string;
    readonly startedAt: number;
    readonly error?: ErrorObject | undefined;
  },
  now: number,
): HistoryEvent => ({
  EventType: 'InvocationCompleted',
  EventTimestamp: now,
  InvocationCompletedDetails: {
    RequestId: invocation.requestId,
    StartTimestamp: invocation.startedAt,
    EndTimestamp: now,
    Error: { Payload: invocation.error },
  },
});

const ENDS: Readonly<Record<Operation['Status'], string>> = {
  STARTED: 'Started',
  PENDING: 'Failed',
  READY: 'Started',
  SUCCEEDED: 'Succeeded',
  FAILED: 'Failed',
  CANCELLED: 'Cancelled',
  TIMED_OUT: 'TimedOut',
  STOPPED: 'Stopped',
};

const outcome = (succeeded: boolean, Result: string | undefined, error: ErrorObject | undefined) =>
  succeeded ? { Result: { Payload: Result } } : { Error: { Payload: error } };

function eventOf(
  { Id, ParentId, Name, SubType }: Operation,
  EventType: string,
  EventTimestamp: number,
  details: Readonly<Record<string, unknown>>,
): HistoryEvent {
  return { EventType, EventTimestamp, Id, ParentId, Name, SubType, [`${EventType}Details`]: details };
}
