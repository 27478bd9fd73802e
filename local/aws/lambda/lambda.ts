/**
 * Lambda's Invoke.
 * @see https://docs.aws.amazon.com/lambda/latest/api/API_Invoke.html
 */
import type { Functions } from '../../lambda/functions.ts';
import type { FunctionModel } from '../../template/functions.ts';
import { AwsError } from '../aws-error.ts';
import { type AwsAnswer, type AwsRequest, notEmulated } from '../json-protocol.ts';

/** @see https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html */
const MAX_PAYLOAD_BYTES = 6 * 1024 * 1024;
const MAX_EVENT_BYTES = 1024 * 1024;

/** The function that a request names. @throws AwsError */
export function invokedFunction(functions: Functions, request: AwsRequest): FunctionModel {
  const { pathname, searchParams } = new URL(request.url, 'http://local');
  const name = /^\/2015-03-31\/functions\/([^/]+)\/invocations\/?$/.exec(pathname)?.[1];
  if (request.method !== 'POST' || name === undefined)
    throw notEmulated(`lambda: ${request.method} ${pathname}`);
  const { base, qualifier = searchParams.get('Qualifier') ?? '$LATEST' } = splitName(
    decodeURIComponent(name),
  );
  const model = functions.find(base);
  if (model === undefined || qualifier !== '$LATEST') {
    throw new AwsError(404, 'ResourceNotFoundException', `Function not found: ${base}:${qualifier}`);
  }
  return model;
}

/** Runs an invocation, queues it, or says that it could be made. */
export async function invoke(
  functions: Functions,
  model: FunctionModel,
  request: AwsRequest,
): Promise<AwsAnswer> {
  const type = request.headers['x-amz-invocation-type'] ?? 'RequestResponse';
  for (const ignored of ['x-amz-client-context', 'x-amz-log-type', 'x-amz-durable-execution-name']) {
    const value = request.headers[ignored] ?? 'None';
    if (value !== 'None') throw notEmulated(`the header ${ignored} of lambda:Invoke`);
  }
  const limit = type === 'Event' ? MAX_EVENT_BYTES : MAX_PAYLOAD_BYTES;
  if (request.body.length > limit) {
    throw new AwsError(
      413,
      'RequestTooLargeException',
      `Request must be smaller than ${limit} bytes for the ${type} invocation type`,
    );
  }
  const payload = request.body.length === 0 ? '{}' : request.body.toString('utf8');
  checkJson(payload);

  if (type === 'DryRun') return { status: 204, body: '' };
  if (type === 'Event') {
    functions.enqueue(model, payload);
    return { status: 202, body: '' };
  }
  if (type !== 'RequestResponse') throw notEmulated(`the invocation type ${String(type)}`);
  const result = await functions.invoke(model, payload);
  return {
    status: 200,
    headers: {
      'content-type': 'application/json',
      'x-amz-executed-version': '$LATEST',
      ...(result.functionError !== undefined && { 'x-amz-function-error': result.functionError }),
    },
    body: result.payload,
  };
}

function checkJson(payload: string): void {
  try {
    JSON.parse(payload);
  } catch (error) {
    throw new AwsError(
      400,
      'InvalidRequestContentException',
      `Could not parse request body into json: ${String(error)}`,
    );
  }
}

/** `name`, `name:qualifier`, or an ARN of either. */
function splitName(name: string): { base: string; qualifier?: string } {
  const arn = /^(arn:[^:]+:lambda:[^:]+:\d+:function:[^:]+)(?::([^:]+))?$/.exec(name);
  const [base = name, qualifier] = arn === null ? name.split(':') : arn.slice(1);
  return qualifier === undefined ? { base } : { base, qualifier };
}
