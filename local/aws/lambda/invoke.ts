/**
 * Lambda's Invoke.
 * @see https://docs.aws.amazon.com/lambda/latest/api/API_Invoke.html
 */
import type { Functions } from '../../lambda/functions.ts';
import type { InvocationResult } from '../../lambda/instance.ts';
import type { FunctionModel } from '../../template/functions.ts';
import { AwsError } from '../aws-error.ts';
import { type AwsAnswer, type AwsRequest, notEmulated } from '../json-protocol.ts';
import { invalid } from './durable/check-updates.ts';

/** @see https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html */
const MAX_PAYLOAD_BYTES = 6 * 1024 * 1024;
const MAX_EVENT_BYTES = 1024 * 1024;

/** Runs an invocation, queues it, or says that it could be made. */
export async function invoke(
  functions: Functions,
  model: FunctionModel,
  request: AwsRequest,
): Promise<AwsAnswer> {
  const { type, payload } = readInvocation(request);
  if (request.headers['x-amz-durable-execution-name'] !== undefined)
    throw invalid('You cannot provide a durable execution name for a function that is not durable.');
  if (type === 'DryRun') return { status: 204, body: '' };
  if (type === 'Event') {
    functions.enqueue(model, payload);
    return { status: 202, body: '' };
  }
  const result = await functions.invoke(model, payload);
  return answerOf(result, model);
}

/** The answer of an invocation that was waited for. */
export const answerOf = (
  result: InvocationResult,
  { version }: FunctionModel,
  headers: Readonly<Record<string, string>> = {},
): AwsAnswer => ({
  status: 200,
  headers: {
    'content-type': 'application/json',
    'x-amz-executed-version': version,
    ...(result.functionError !== undefined && { 'x-amz-function-error': result.functionError }),
    ...headers,
  },
  body: result.payload,
});

/** @throws AwsError */
export function readInvocation({ headers, body }: AwsRequest): {
  readonly type: 'RequestResponse' | 'Event' | 'DryRun';
  /** JSON text. */
  readonly payload: string;
} {
  const type = headers['x-amz-invocation-type'] ?? 'RequestResponse';
  for (const ignored of ['x-amz-client-context', 'x-amz-log-type']) {
    if ((headers[ignored] ?? 'None') !== 'None') throw notEmulated(`the header ${ignored} of lambda:Invoke`);
  }
  const limit = type === 'Event' ? MAX_EVENT_BYTES : MAX_PAYLOAD_BYTES;
  if (body.length > limit) {
    const message = `Request must be smaller than ${limit} bytes for the ${String(type)} invocation type`;
    throw new AwsError(413, 'RequestTooLargeException', message);
  }
  const payload = body.length === 0 ? '{}' : body.toString('utf8');
  checkJson(payload);
  if (type !== 'RequestResponse' && type !== 'Event' && type !== 'DryRun')
    throw notEmulated(`the invocation type ${String(type)}`);
  return { type, payload };
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
