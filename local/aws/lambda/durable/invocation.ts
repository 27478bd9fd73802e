/**
 * One invocation of a durable function: what it is given, and what its answer means.
 * @see https://docs.aws.amazon.com/lambda/latest/dg/durable-basic-concepts.html
 */
import { z } from 'zod';
import type { InvocationResult } from '../../../lambda/instance.ts';
import { AwsError } from '../../aws-error.ts';
import type { ExecutionEnd } from './change-execution.ts';
import { type ErrorObject, errorObject, type Operation } from './operation.ts';

/**
 * Operations that come with the invocation. Lambda gives as many as it likes; here the function always has to ask for
 * the rest, so that the permission to ask is needed here as well.
 */
const FIRST_OPERATIONS = 1;
const PAGE_OPERATIONS = 1000;
const PAGE_BYTES = 1024 * 1024;

/** @param unseen the ids of operations that changed since the function ran last */
export function invocationPayload(
  arn: string,
  token: string,
  operations: readonly Operation[],
  unseen: readonly string[],
): string {
  const { page, next } = pageOf(operations, 0, FIRST_OPERATIONS);
  return JSON.stringify({
    DurableExecutionArn: arn,
    CheckpointToken: token,
    InitialExecutionState: { Operations: page, NextMarker: next ?? '' },
    UpdatedOperationIds: unseen,
  });
}

/** @param from index of the first one @returns at least one operation, if there is one */
export function pageOf(
  operations: readonly Operation[],
  from: number,
  most: number = PAGE_OPERATIONS,
): { readonly page: readonly Operation[]; readonly next?: string } {
  let bytes = 0;
  let end = from;
  while (end < operations.length && end - from < most) {
    bytes += Buffer.byteLength(JSON.stringify(operations[end]));
    if (bytes > PAGE_BYTES && end > from) break;
    end += 1;
  }
  const page = operations.slice(from, end);
  return end < operations.length ? { page, next: String(end) } : { page };
}

const reply = z.discriminatedUnion('Status', [
  z.object({ Status: z.literal('SUCCEEDED'), Result: z.string().optional() }),
  z.object({ Status: z.literal('FAILED'), Error: errorObject.optional() }),
  z.object({ Status: z.literal('PENDING') }),
]);

export type Outcome =
  | { readonly kind: 'ended'; readonly end: ExecutionEnd }
  | { readonly kind: 'pending' }
  /** The function died, ran out of time or gave up: the same invocation is to be made again. */
  | { readonly kind: 'broken'; readonly error: ErrorObject };

export function outcomeOf(result: InvocationResult): Outcome {
  if (result.functionError !== undefined) return { kind: 'broken', error: functionError(result) };
  const parsed = reply.safeParse(JSON.parse(result.payload));
  if (!parsed.success) return failed('Invalid Status in invocation output.');
  switch (parsed.data.Status) {
    case 'PENDING':
      return { kind: 'pending' };
    case 'SUCCEEDED':
      return { kind: 'ended', end: { status: 'SUCCEEDED', result: parsed.data.Result } };
    case 'FAILED':
      return { kind: 'ended', end: { status: 'FAILED', error: parsed.data.Error } };
  }
}

export const failed = (ErrorMessage: string): Extract<Outcome, { kind: 'ended' }> => ({
  kind: 'ended',
  end: { status: 'FAILED', error: { ErrorType: 'InvalidParameterValueException', ErrorMessage } },
});

/**
 * Why a function was not invoked at all: refused by Lambda, or for a reason of this machine, which is Lambda's own fault to
 * whoever asked.
 * @see https://docs.aws.amazon.com/lambda/latest/api/API_Invoke.html#API_Invoke_Errors
 */
export const invokeError = (error: unknown): ErrorObject =>
  error instanceof AwsError
    ? { ErrorType: error.code, ErrorMessage: error.message }
    : {
        ErrorType: 'ServiceException',
        ErrorMessage: 'The Lambda service encountered an internal error.',
      };

const lambdaError = z.object({
  errorType: z.string().optional(),
  errorMessage: z.string().optional(),
  trace: z.array(z.string()).optional(),
});

/** The error of a function as durable executions word it. */
export function functionError({ payload }: InvocationResult): ErrorObject {
  const { errorType, errorMessage, trace } = lambdaError.parse(JSON.parse(payload));
  return { ErrorType: errorType, ErrorMessage: errorMessage, StackTrace: trace };
}
