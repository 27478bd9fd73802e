/** The state of an operation after one update of a checkpoint that has been checked. */
import { asEnded } from './end-operation.ts';
import type { Operation, OperationUpdate } from './operation.ts';

/** @param before undefined for a new operation */
export function applyUpdate(before: Operation | undefined, update: OperationUpdate, now: number): Operation {
  const operation = before ?? created(update, now);
  switch (update.Action) {
    case 'START':
      return before === undefined ? operation : startedAgain(operation);
    case 'RETRY':
      return waitingForRetry(operation, update, now);
    default: {
      const ending = { status: ENDS[update.Action], result: update.Payload, error: update.Error };
      return asEnded(operation, { ...ending, replayChildren: update.ContextOptions?.ReplayChildren }, now);
    }
  }
}

const ENDS = { SUCCEED: 'SUCCEEDED', FAIL: 'FAILED', CANCEL: 'CANCELLED' } as const;

function created(update: OperationUpdate, now: number): Operation {
  const { Id, ParentId, Name, Type, SubType } = update;
  const operation: Operation = { Id, ParentId, Name, Type, SubType, Status: 'STARTED', StartTimestamp: now };
  switch (Type) {
    case 'STEP':
      return { ...operation, StepDetails: { Attempt: 0 } };
    case 'CONTEXT':
      return { ...operation, ContextDetails: { ReplayChildren: update.ContextOptions?.ReplayChildren } };
    case 'WAIT': {
      const seconds = update.WaitOptions?.WaitSeconds ?? 0;
      return { ...operation, WaitDetails: { ScheduledEndTimestamp: now + seconds * 1000 } };
    }
    case 'CHAINED_INVOKE':
      return { ...operation, ChainedInvokeDetails: {} };
    default:
      return operation;
  }
}

/** The next attempt of a step whose wait is over. */
function startedAgain(operation: Operation): Operation {
  const { NextAttemptTimestamp: _, ...details } = operation.StepDetails ?? { Attempt: 0 };
  return { ...operation, Status: 'STARTED', StepDetails: details };
}

function waitingForRetry(operation: Operation, update: OperationUpdate, now: number): Operation {
  const delayMs = (update.StepOptions?.NextAttemptDelaySeconds ?? 0) * 1000;
  return {
    ...operation,
    Status: 'PENDING',
    StepDetails: {
      Attempt: (operation.StepDetails?.Attempt ?? 0) + 1,
      NextAttemptTimestamp: now + delayMs,
      Result: update.Payload,
      Error: update.Error,
    },
  };
}
