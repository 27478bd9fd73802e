/**
 * Functions that executions invoke and wait for. A call is begun once: where the cloud's process dies with the function
 * that ran, the execution hears of a crash, as it does on AWS.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import type { Functions } from '../../../lambda/functions.ts';
import type { InvocationResult } from '../../../lambda/instance.ts';
import type { FunctionModel } from '../../../template/functions.ts';
import { AwsError } from '../../aws-error.ts';
import type { Ending } from './end-operation.ts';
import { functionError, invokeError } from './invocation.ts';
import type { ErrorObject, Execution } from './operation.ts';
import type { ChainedCall, ExecutionStore } from './store.ts';

export interface ChainedCalls {
  /** Makes the calls of an execution that have not begun. */
  begin(execution: Execution): void;
  /** After a start: calls that had begun are lost, the others are made. */
  resume(execution: Execution): void;
}

interface CallsSetUp {
  readonly store: ExecutionStore;
  readonly functions: Functions;
  /** Told of the end of each call. */
  readonly ended: (arn: string, operationId: string, ending: Ending) => void;
  /** Told of calls that could not be made. */
  readonly log: (line: string) => void;
  readonly signal: AbortSignal;
}

const THROTTLED_WAIT_MS = 1000;
const CRASHED: ErrorObject = {
  ErrorType: 'Runtime.ExitError',
  ErrorMessage: 'Runtime exited with error: signal: killed',
};

export function createChainedCalls({ store, functions, ended, log, signal }: CallsSetUp): ChainedCalls {
  const make = async (execution: Execution, call: ChainedCall): Promise<void> => {
    store.write({ arn: execution.arn, calls: [{ ...call, begun: true }] });
    const model = functions.find(call.functionName, call.version);
    const ending = model === undefined ? gone(call) : await outcomeOf(model, call.payload);
    if (!signal.aborted) ended(execution.arn, call.operationId, ending);
  };
  const outcomeOf = async (model: FunctionModel, payload: string): Promise<Ending> => {
    try {
      return endingOf(await invoke(model, payload));
    } catch (error) {
      if (!signal.aborted) log(`${model.name} could not be invoked: ${String(error)}`);
      return { status: 'FAILED', error: invokeError(error) };
    }
  };
  const invoke = async (model: FunctionModel, payload: string): Promise<InvocationResult> => {
    for (;;) {
      try {
        return await functions.invoke(model, payload);
      } catch (error) {
        if (!(error instanceof AwsError && error.code === 'TooManyRequestsException')) throw error;
        await sleep(THROTTLED_WAIT_MS, undefined, { signal });
      }
    }
  };
  const begin = (execution: Execution): void => {
    for (const call of store.calls(execution.arn).filter(({ begun }) => !begun)) {
      // Nobody waits for this: an error that is thrown here would end the cloud.
      make(execution, call).catch((error: unknown) => {
        if (!signal.aborted)
          log(`the call of ${call.functionName} by ${execution.arn} has no end: ${String(error)}`);
      });
    }
  };
  return {
    begin,
    resume: (execution) => {
      const lost = store.calls(execution.arn).filter(({ begun }) => begun);
      for (const { operationId } of lost)
        ended(execution.arn, operationId, { status: 'FAILED', error: CRASHED });
      begin(execution);
    },
  };
}

const gone = ({ functionName, version }: ChainedCall): Ending => ({
  status: 'FAILED',
  error: {
    ErrorType: 'ResourceNotFoundException',
    ErrorMessage: `Function not found: ${functionName}:${version}`,
  },
});

function endingOf(result: InvocationResult): Ending {
  if (result.functionError === undefined) return { status: 'SUCCEEDED', result: result.payload };
  const error = functionError(result);
  // The SDK throws the same InvokeError for both.
  return { status: error.ErrorType === 'Sandbox.Timedout' ? 'TIMED_OUT' : 'FAILED', error };
}
