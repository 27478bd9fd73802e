/** The end of an operation, whoever brings it: a checkpoint, a timer, a function that was invoked. */
import type { ErrorObject, Operation } from './operation.ts';

export interface Ending {
  readonly status: 'SUCCEEDED' | 'FAILED' | 'CANCELLED' | 'TIMED_OUT' | 'STOPPED';
  readonly result?: string | undefined;
  readonly error?: ErrorObject | undefined;
  /** Of a context whose result was too large to keep. */
  readonly replayChildren?: boolean | undefined;
}

export function asEnded(operation: Operation, ending: Ending, now: number): Operation {
  const ended: Operation = { ...operation, Status: ending.status, EndTimestamp: now };
  const outcome = { Result: ending.result, Error: ending.error };
  switch (operation.Type) {
    case 'STEP':
      return { ...ended, StepDetails: { Attempt: (operation.StepDetails?.Attempt ?? 0) + 1, ...outcome } };
    case 'CONTEXT': {
      const ReplayChildren = ending.replayChildren ?? operation.ContextDetails?.ReplayChildren;
      return { ...ended, ContextDetails: { ReplayChildren, ...outcome } };
    }
    case 'CHAINED_INVOKE':
      return { ...ended, ChainedInvokeDetails: outcome };
    default:
      return ended;
  }
}

export const hasEnded = ({ Status }: Operation): boolean => !['STARTED', 'PENDING', 'READY'].includes(Status);
