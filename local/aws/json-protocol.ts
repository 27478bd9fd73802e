/** AWS's JSON protocols: an operation in `x-amz-target`, its input as the body, errors by name. */
import type { ServerResponse } from 'node:http';
import { AwsError } from './aws-error.ts';

/** One request, after its signature was verified. */
export interface AwsRequest {
  readonly method: string;
  /** Path and query. */
  readonly url: string;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly body: Buffer;
}

export interface AwsAnswer {
  readonly status: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body: string;
}

/** An operation takes the parsed input and gives the output, or throws an AwsError. */
export type Operations = Readonly<Record<string, (input: unknown) => unknown>>;

/** The operation that a request names, such as `GetItem`. */
export function operationOf(request: AwsRequest): string {
  const target = request.headers['x-amz-target'];
  return typeof target === 'string' ? (target.split('.').at(-1) ?? '') : '';
}

export function parseInput(request: AwsRequest): unknown {
  try {
    return JSON.parse(request.body.toString('utf8'));
  } catch (cause) {
    throw new AwsError(400, 'SerializationException', `the body is not JSON: ${String(cause)}`);
  }
}

/** Runs the operation that a request names; one that is not in the list is refused aloud. */
export function answerJson(service: string, operations: Operations, request: AwsRequest): AwsAnswer {
  const name = operationOf(request);
  if (!Object.hasOwn(operations, name)) throw notEmulated(`${service}:${name}`);
  return { status: 200, body: JSON.stringify(operations[name]?.(parseInput(request)) ?? {}) };
}

/** The answer to whatever the product does not call: never a silent success. */
export const notEmulated = (what: string): AwsError =>
  new AwsError(501, 'NotImplemented', `the local cloud does not emulate ${what}`);

export function send(response: ServerResponse, answer: AwsAnswer): void {
  response.writeHead(answer.status, { 'content-type': 'application/x-amz-json-1.1', ...answer.headers });
  response.end(answer.body);
}

/** An error as every JSON service of AWS words it; SDKs take the name from the header, else from `__type`. */
export const errorAnswer = (error: AwsError): AwsAnswer => ({
  status: error.status,
  headers: { 'x-amzn-errortype': error.code },
  body: JSON.stringify({
    __type: error.code,
    message: error.message,
    Message: error.message,
    ...error.details,
  }),
});
