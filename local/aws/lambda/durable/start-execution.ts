/**
 * The start of an execution: once for each name.
 * @see https://docs.aws.amazon.com/lambda/latest/dg/durable-execution-idempotency.html
 */
import { randomUUID } from 'node:crypto';
import type { FunctionModel } from '../../../template/functions.ts';
import { AwsError } from '../../aws-error.ts';
import { invalid } from './check-updates.ts';
import { startedEvent } from './history.ts';
import type { Execution, Operation } from './operation.ts';
import type { ExecutionStore } from './store.ts';

interface Start {
  readonly model: FunctionModel;
  readonly payload: string;
  readonly name: string;
}

/** @throws AwsError where the name is taken by another payload, or cannot be one */
export function startExecution(
  store: ExecutionStore,
  { model, payload, name }: Start,
  now: number,
): { readonly execution: Execution; readonly isNew: boolean } {
  if (!/^[\w-]{1,64}$/.test(name))
    throw invalid(`the execution name ${name} is not of the form [a-zA-Z0-9-_]{1,64}`);
  const before = store.findByName(model.name, name);
  if (before !== undefined) {
    if (before.payload === payload) return { execution: before, isNew: false };
    const message = `The durable execution ${name} has already been started with another payload.`;
    throw new AwsError(409, 'DurableExecutionAlreadyStartedException', message);
  }
  const id = randomUUID();
  const execution: Execution = {
    arn: `${model.arn}:${model.version}/durable-execution/${name}/${id}`,
    name,
    functionName: model.name,
    version: model.version,
    payload,
    status: 'RUNNING',
    startedAt: now,
    timeoutSeconds: model.durable?.timeoutSeconds ?? 0,
  };
  const operation: Operation = {
    Id: id,
    Type: 'EXECUTION',
    Status: 'STARTED',
    StartTimestamp: now,
    ExecutionDetails: { InputPayload: payload },
  };
  const details = { Input: { Payload: payload }, ExecutionTimeout: execution.timeoutSeconds };
  store.write({
    arn: execution.arn,
    execution,
    // The first invocation belongs to the start: a kill in between must not lose it.
    invoking: true,
    operations: [operation],
    events: [startedEvent({ ...operation, Name: name }, now, details)],
  });
  return { execution, isNew: true };
}
