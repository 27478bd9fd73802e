/**
 * The API of durable executions.
 * @see https://docs.aws.amazon.com/lambda/latest/dg/durable-execution-sdk.html
 */
import { z } from 'zod';
import { AwsError } from '../../aws-error.ts';
import { type AwsAnswer, type AwsRequest, parseInput } from '../../json-protocol.ts';
import { findFunction } from '../function-names.ts';
import type { LambdaServices } from '../lambda-services.ts';
import { invalid } from './check-updates.ts';
import { checkpointInput, type FindTarget } from './checkpoint.ts';
import { pageOf } from './invocation.ts';
import { type Execution, errorObject } from './operation.ts';
import {
  describeExecution,
  mostItems,
  numberIn,
  pageOfExecutions,
  pageOfHistory,
} from './read-executions.ts';

interface Call {
  readonly services: LambdaServices;
  readonly request: AwsRequest;
  readonly query: URLSearchParams;
  readonly mayInvoke: (arn: string) => boolean;
}
type Answer = (call: Call, execution: Execution) => unknown;

const EXECUTION_CALLS: Readonly<Record<string, { readonly action: string; readonly answer: Answer }>> = {
  'POST checkpoint': { action: 'CheckpointDurableExecution', answer: takeCheckpoint },
  'GET state': { action: 'GetDurableExecutionState', answer: readState },
  'GET ': { action: 'GetDurableExecution', answer: (_, execution) => describeExecution(execution) },
  'GET history': {
    action: 'GetDurableExecutionHistory',
    answer: ({ services, query }, { arn }) => pageOfHistory(services.executions.store.events(arn), query),
  },
  'POST stop': { action: 'StopDurableExecution', answer: stop },
};
const EXECUTION_PATH = /^\/2025-12-01\/durable-executions\/([^/]+)(?:\/(\w+))?$/;
const LIST_PATH = /^\/2025-12-01\/functions\/([^/]+)\/durable-executions$/;

/** @returns undefined where the request is none of this API */
export function answerDurable(
  services: LambdaServices,
  request: AwsRequest,
  allow: (use: { action: string; resource: string }) => void,
): AwsAnswer | undefined {
  const { pathname, searchParams: query } = new URL(request.url, 'http://local');
  const mayInvoke = (resource: string): boolean =>
    isAllowed(() => allow({ action: 'lambda:InvokeFunction', resource }));
  const call = { services, request, query, mayInvoke };

  const listed = LIST_PATH.exec(pathname)?.[1];
  if (request.method === 'GET' && listed !== undefined) {
    return json(listExecutions(call, decodeURIComponent(listed), allow));
  }
  const [, arn = '', verb = ''] = EXECUTION_PATH.exec(pathname) ?? [];
  const found = EXECUTION_CALLS[`${request.method} ${verb}`];
  if (arn === '' || found === undefined) return undefined;
  const executionArn = decodeURIComponent(arn);
  allow({ action: `lambda:${found.action}`, resource: executionArn });
  const execution = services.executions.store.find(executionArn);
  if (execution === undefined)
    throw new AwsError(404, 'ResourceNotFoundException', `Durable execution not found: ${executionArn}`);
  return json(found.answer(call, execution));
}

function listExecutions(
  { services, query }: Call,
  name: string,
  allow: (use: { action: string; resource: string }) => void,
): unknown {
  const named = findFunction(services.functions, name, query.get('Qualifier') ?? undefined);
  allow({ action: 'lambda:ListDurableExecutionsByFunction', resource: named.arn });
  const executions = services.executions.store.ofFunction(named.model.name);
  return pageOfExecutions(executions, query, named.isQualified ? named.model.version : undefined);
}

function takeCheckpoint({ services, request, mayInvoke }: Call, { arn }: Execution): unknown {
  const input = parse(checkpointInput, request);
  const { end: _, ...output } = services.executions.checkpoint(arn, input, targetsOf(services, mayInvoke));
  return output;
}

/** What a function may invoke: with its own permissions, and only functions that are not durable themselves. */
const targetsOf =
  ({ functions }: LambdaServices, mayInvoke: Call['mayInvoke']): FindTarget =>
  (name) => {
    const refused = (ErrorType: string, ErrorMessage: string) => ({ refused: { ErrorType, ErrorMessage } });
    try {
      const { model, arn } = findFunction(functions, name);
      if (!mayInvoke(arn))
        return refused(
          'AccessDeniedException',
          `not authorized to perform: lambda:InvokeFunction on resource: ${arn}`,
        );
      if (model.durable !== undefined)
        throw invalid('the local cloud does not emulate chained invocations of durable functions');
      return { functionName: model.name, version: model.version };
    } catch (error) {
      if (error instanceof AwsError && error.status === 404) return refused(error.code, error.message);
      throw error;
    }
  };

function readState({ services, query }: Call, { arn }: Execution): unknown {
  const operations = services.executions.state(arn, query.get('CheckpointToken') ?? '');
  const { page, next } = pageOf(operations, numberIn(query, 'Marker', 0), mostItems(query));
  return { Operations: page, NextMarker: next };
}

function stop({ services, request }: Call, execution: Execution): unknown {
  if (execution.status !== 'RUNNING')
    throw invalid(`The durable execution is ${execution.status}, it cannot be stopped.`);
  const error = request.body.length === 0 ? {} : parse(errorObject, request);
  return { StopTimestamp: services.executions.stop(execution.arn, { status: 'STOPPED', error }).endedAt };
}

/** Times leave as seconds, as all of Lambda's API has them. */
const json = (output: unknown): AwsAnswer => ({
  status: 200,
  headers: { 'content-type': 'application/json' },
  body: JSON.stringify(output, (key, value) =>
    key.endsWith('Timestamp') && typeof value === 'number' ? value / 1000 : value,
  ),
});

function parse<T>(schema: z.ZodType<T>, request: AwsRequest): T {
  const parsed = schema.safeParse(parseInput(request));
  if (!parsed.success) throw invalid(z.prettifyError(parsed.error));
  return parsed.data;
}

function isAllowed(ask: () => void): boolean {
  try {
    ask();
    return true;
  } catch (error) {
    if (error instanceof AwsError && error.status === 403) return false;
    throw error;
  }
}
