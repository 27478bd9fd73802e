/** One checkpoint of a function: checked as a whole, written as a whole, answered with what has changed meanwhile. */
import { z } from 'zod';
import { applyUpdate } from './apply-update.ts';
import type { ExecutionEnd } from './change-execution.ts';
import { checkUpdates } from './check-updates.ts';
import { endedEvent, startDetails, startedEvent } from './history.ts';
import {
  type ErrorObject,
  type Execution,
  type HistoryEvent,
  type Operation,
  type OperationUpdate,
  operationUpdate,
} from './operation.ts';
import type { ChainedCall, ExecutionStore } from './store.ts';

export const checkpointInput = z.object({
  CheckpointToken: z.string().min(1),
  ClientToken: z.string().optional(),
  Updates: z.array(operationUpdate).default([]),
});
export type CheckpointInput = z.output<typeof checkpointInput>;

export interface CheckpointOutput {
  readonly CheckpointToken: string;
  readonly NewExecutionState: { readonly Operations: readonly Operation[] };
  /** The function ended the execution, because its result is too large for its answer. */
  readonly end?: ExecutionEnd;
}

/** Finds what a function wants to invoke, and whether it may. */
export type FindTarget = (
  name: string,
) => { readonly functionName: string; readonly version: string } | { readonly refused: ErrorObject };

/** @throws AwsError where an update is not allowed; nothing is written then */
export function checkpoint(
  store: ExecutionStore,
  { arn }: Execution,
  updates: readonly OperationUpdate[],
  findTarget: FindTarget,
  now: number,
  nextToken: string,
): CheckpointOutput {
  const operations = store.operations(arn);
  checkUpdates(updates, operations);
  const events: HistoryEvent[] = [];
  const calls: ChainedCall[] = [];
  const changed = new Map<string, Operation>();
  for (const update of updates.filter(({ Type }) => Type !== 'EXECUTION')) {
    let operation = applyUpdate(changed.get(update.Id) ?? operations.get(update.Id), update, now);
    events.push(eventOf(update, operation, now));
    if (update.Type === 'CHAINED_INVOKE' && update.Action === 'START') {
      const call = callOf(update, findTarget);
      if ('refused' in call) {
        operation = refuse(operation, call.refused, now);
        events.push(endedEvent(operation, now));
      } else calls.push(call);
    }
    changed.set(operation.Id, operation);
  }
  store.write({ arn, operations: [...changed.values()], events, calls });
  const last = updates.find(({ Type }) => Type === 'EXECUTION');
  return {
    CheckpointToken: nextToken,
    NewExecutionState: { Operations: store.takeUnseen(arn) },
    ...(last && {
      end: {
        status: last.Action === 'FAIL' ? 'FAILED' : 'SUCCEEDED',
        result: last.Payload,
        error: last.Error,
      },
    }),
  };
}

const eventOf = (update: OperationUpdate, operation: Operation, now: number): HistoryEvent =>
  update.Action === 'START'
    ? startedEvent(operation, now, startDetails(update, operation))
    : endedEvent(operation, now, update.StepOptions?.NextAttemptDelaySeconds);

function callOf(
  { Id, Payload = '{}', ChainedInvokeOptions }: OperationUpdate,
  findTarget: FindTarget,
): ChainedCall | { readonly refused: ErrorObject } {
  const target = findTarget(ChainedInvokeOptions?.FunctionName ?? '');
  return 'refused' in target ? target : { ...target, operationId: Id, payload: Payload, begun: false };
}

const refuse = (operation: Operation, error: ErrorObject, now: number): Operation => ({
  ...operation,
  Status: 'FAILED',
  EndTimestamp: now,
  ChainedInvokeDetails: { Error: error },
});
