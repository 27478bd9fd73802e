/**
 * Invoke, of a durable function: starts an execution.
 * @see https://docs.aws.amazon.com/lambda/latest/dg/durable-invoking.html
 */
import type { AwsAnswer, AwsRequest } from '../../json-protocol.ts';
import type { NamedFunction } from '../function-names.ts';
import { answerOf, readInvocation } from '../invoke.ts';
import { invalid } from './check-updates.ts';
import type { DurableExecutions } from './executions.ts';
import type { Execution } from './operation.ts';

/** @throws AwsError */
export async function invokeDurable(
  executions: DurableExecutions,
  { model, isQualified }: NamedFunction,
  request: AwsRequest,
): Promise<AwsAnswer> {
  // An execution belongs to one version; `$LATEST` has to be asked for in so many words.
  if (!isQualified) throw invalid('You cannot invoke a durable function using an unqualified ARN.');
  const { type, payload } = readInvocation(request);
  if (type === 'DryRun') return { status: 204, body: '' };
  const name = request.headers['x-amz-durable-execution-name'];
  const { arn } = executions.start(model, payload, typeof name === 'string' ? name : undefined);
  const headers = { 'x-amz-durable-execution-arn': arn };
  if (type === 'Event') return { status: 202, headers, body: '' };
  return answerOf(resultOf(await executions.ended(arn)), model, headers);
}

function resultOf({ status, result, error }: Execution): Parameters<typeof answerOf>[0] {
  if (status === 'SUCCEEDED') return { payload: result ?? 'null' };
  const { ErrorType: errorType, ErrorMessage: errorMessage, StackTrace: trace } = error ?? {};
  return { functionError: 'Unhandled', payload: JSON.stringify({ errorType, errorMessage, trace }) };
}
