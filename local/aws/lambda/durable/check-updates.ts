/**
 * What a checkpoint may ask for, as Lambda and AWS's local test runner see it.
 * @see https://docs.aws.amazon.com/lambda/latest/api/API_CheckpointDurableExecution.html
 */
import { AwsError } from '../../aws-error.ts';
import type { Operation, OperationStatus, OperationType, OperationUpdate } from './operation.ts';

type Action = OperationUpdate['Action'];

/** @see https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html */
const MAX_PAYLOAD_BYTES = 262_144;
const MAX_ERROR_BYTES = 32_768;
const MAX_OPERATIONS = 3000;

const ACTIONS: Readonly<Record<OperationType, readonly Action[]>> = {
  EXECUTION: ['SUCCEED', 'FAIL'],
  CONTEXT: ['START', 'SUCCEED', 'FAIL'],
  STEP: ['START', 'SUCCEED', 'FAIL', 'RETRY'],
  WAIT: ['START', 'CANCEL'],
  // Nothing here waits for a call from outside: refused aloud.
  CALLBACK: [],
  CHAINED_INVOKE: ['START', 'CANCEL'],
};
/** From which status an operation that is there may be moved; a step and a context may also end without a start. */
const FROM: Readonly<Record<Action, readonly OperationStatus[]>> = {
  START: ['READY'],
  SUCCEED: ['STARTED', 'READY'],
  FAIL: ['STARTED', 'READY'],
  RETRY: ['STARTED', 'READY'],
  CANCEL: ['STARTED'],
};

export const invalid = (message: string): AwsError =>
  new AwsError(400, 'InvalidParameterValueException', message);

/**
 * @param operations what the execution has so far, by id
 * @throws AwsError
 */
export function checkUpdates(
  updates: readonly OperationUpdate[],
  operations: ReadonlyMap<string, Operation>,
): void {
  const ends = updates.filter(({ Type }) => Type === 'EXECUTION');
  if (ends.length > 1) throw invalid('Cannot checkpoint multiple EXECUTION updates.');
  if (ends.length === 1 && updates.at(-1)?.Type !== 'EXECUTION')
    throw invalid('EXECUTION checkpoint must be the last update.');

  const seen = new Map<string, OperationUpdate>();
  for (const update of updates) {
    checkAlone(update);
    checkRepetition(update, seen.get(update.Id));
    checkParent(update, operations.get(update.ParentId ?? '') ?? seen.get(update.ParentId ?? ''));
    if (!seen.has(update.Id)) checkStatus(update, operations.get(update.Id));
    seen.set(update.Id, update);
  }
  const added = [...seen.keys()].filter((id) => !operations.has(id));
  if (operations.size + added.length > MAX_OPERATIONS)
    throw invalid(`Durable execution cannot have more than ${MAX_OPERATIONS} operations.`);
}

function checkAlone({ Type, Action, Payload, Error: error, ...options }: OperationUpdate): void {
  if (!ACTIONS[Type].includes(Action)) throw invalid(`Invalid ${Type} action.`);
  if (Action === 'FAIL' && Payload !== undefined) throw invalid('Cannot provide a Payload for FAIL action.');
  if (Action === 'SUCCEED' && error !== undefined)
    throw invalid('Cannot provide an Error for SUCCEED action.');
  if (Action === 'RETRY' && options.StepOptions === undefined)
    throw invalid('Invalid StepOptions for the given action.');
  // The result of an execution that is too large for the answer of its function comes in a checkpoint.
  if (Type !== 'EXECUTION' && Buffer.byteLength(Payload ?? '') > MAX_PAYLOAD_BYTES)
    throw invalid(`${Type} payload size must be less than or equal to ${MAX_PAYLOAD_BYTES} bytes.`);
  if (error !== undefined && Buffer.byteLength(JSON.stringify(error)) > MAX_ERROR_BYTES)
    throw invalid(`Error object size must be less than ${MAX_ERROR_BYTES} bytes.`);
  if (Type === 'CHAINED_INVOKE' && Action === 'START' && options.ChainedInvokeOptions === undefined)
    throw invalid('Invalid ChainedInvokeOptions for the given action.');
  if (Type === 'WAIT' && Action === 'START' && (options.WaitOptions?.WaitSeconds ?? 0) < 1)
    throw invalid('Invalid WaitOptions for the given action.');
}

/** A step or context may start and end in one checkpoint. */
function checkRepetition({ Action }: OperationUpdate, before: OperationUpdate | undefined): void {
  if (before === undefined) return;
  const startsAndEnds = ['STEP', 'CONTEXT'].includes(before.Type) && before.Action === 'START';
  if (!startsAndEnds || Action === 'START')
    throw invalid('Cannot update the same operation twice in a single request.');
}

function checkParent({ ParentId }: OperationUpdate, parent: { readonly Type: string } | undefined): void {
  if (ParentId !== undefined && parent?.Type !== 'CONTEXT') throw invalid('Invalid parent operation id.');
}

function checkStatus({ Type, Action }: OperationUpdate, operation: Operation | undefined): void {
  if (Type === 'EXECUTION') return;
  if (operation === undefined) {
    if (Action === 'CANCEL') throw invalid(`Cannot cancel a ${Type} that does not exist.`);
    return;
  }
  if (operation.Type !== Type) throw invalid(`The operation is a ${operation.Type}, not a ${Type}.`);
  const from = Type === 'STEP' || Action !== 'START' ? FROM[Action] : [];
  if (!from.includes(operation.Status))
    throw invalid(`Cannot ${Action} a ${Type} that is ${operation.Status}.`);
}
