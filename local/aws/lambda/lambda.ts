/** Lambda's endpoint: invocations, and the executions of durable functions. */
import type { Use } from '../identity-policy.ts';
import { type AwsAnswer, type AwsRequest, notEmulated } from '../json-protocol.ts';
import { answerDurable } from './durable/answer-durable.ts';
import { invokeDurable } from './durable/invoke-durable.ts';
import { findFunction } from './function-names.ts';
import { invoke } from './invoke.ts';
import type { LambdaServices } from './lambda-services.ts';

/** @param allow evaluates IAM for the caller @throws AwsError */
export async function answerLambda(
  { functions, executions }: LambdaServices,
  request: AwsRequest,
  allow: (use: Use) => void,
): Promise<AwsAnswer> {
  const { pathname, searchParams } = new URL(request.url, 'http://local');
  const durable = answerDurable({ functions, executions }, request, allow);
  if (durable !== undefined) return durable;

  const name = /^\/2015-03-31\/functions\/([^/]+)\/invocations\/?$/.exec(pathname)?.[1];
  if (request.method !== 'POST' || name === undefined)
    throw notEmulated(`lambda: ${request.method} ${pathname}`);
  const qualifier = searchParams.get('Qualifier') ?? undefined;
  const named = findFunction(functions, decodeURIComponent(name), qualifier);
  allow({ action: 'lambda:InvokeFunction', resource: named.arn });
  return named.model.durable === undefined
    ? invoke(functions, named.model, request)
    : invokeDurable(executions, named, request);
}
