/**
 * The nouns of a durable execution, in the words of Lambda's API; times are milliseconds since the epoch.
 * @see https://docs.aws.amazon.com/lambda/latest/api/API_Operation.html
 */
import { z } from 'zod';

export const errorObject = z.object({
  ErrorMessage: z.string().optional(),
  ErrorType: z.string().optional(),
  ErrorData: z.string().optional(),
  StackTrace: z.array(z.string()).optional(),
});
export type ErrorObject = z.output<typeof errorObject>;

const operationType = z.enum(['EXECUTION', 'CONTEXT', 'STEP', 'WAIT', 'CALLBACK', 'CHAINED_INVOKE']);
export type OperationType = z.output<typeof operationType>;

export type OperationStatus =
  | 'STARTED'
  | 'PENDING'
  | 'READY'
  | 'SUCCEEDED'
  | 'FAILED'
  | 'CANCELLED'
  | 'TIMED_OUT'
  | 'STOPPED';

/** What the SDK asks for in a checkpoint. */
export const operationUpdate = z.object({
  Id: z.string().min(1),
  ParentId: z.string().optional(),
  Name: z.string().optional(),
  Type: operationType,
  SubType: z.string().optional(),
  Action: z.enum(['START', 'SUCCEED', 'FAIL', 'RETRY', 'CANCEL']),
  Payload: z.string().optional(),
  Error: errorObject.optional(),
  ContextOptions: z.object({ ReplayChildren: z.boolean().optional() }).optional(),
  StepOptions: z.object({ NextAttemptDelaySeconds: z.number().optional() }).optional(),
  WaitOptions: z.object({ WaitSeconds: z.number() }).optional(),
  ChainedInvokeOptions: z.object({ FunctionName: z.string() }).optional(),
});
export type OperationUpdate = z.output<typeof operationUpdate>;

interface Outcome {
  readonly Result?: string | undefined;
  readonly Error?: ErrorObject | undefined;
}

export interface Operation {
  readonly Id: string;
  readonly ParentId?: string | undefined;
  readonly Name?: string | undefined;
  readonly Type: OperationType;
  readonly SubType?: string | undefined;
  readonly Status: OperationStatus;
  readonly StartTimestamp: number;
  readonly EndTimestamp?: number;
  readonly ExecutionDetails?: { readonly InputPayload: string };
  readonly ContextDetails?: Outcome & { readonly ReplayChildren?: boolean | undefined };
  readonly StepDetails?: Outcome & { readonly Attempt: number; readonly NextAttemptTimestamp?: number };
  readonly WaitDetails?: { readonly ScheduledEndTimestamp: number };
  readonly ChainedInvokeDetails?: Outcome;
}

export type ExecutionStatus = 'RUNNING' | 'SUCCEEDED' | 'FAILED' | 'TIMED_OUT' | 'STOPPED';

export interface Execution {
  readonly arn: string;
  /** Given by who started it, or made up: it starts once under it. */
  readonly name: string;
  readonly functionName: string;
  readonly version: string;
  readonly payload: string;
  readonly status: ExecutionStatus;
  readonly startedAt: number;
  readonly timeoutSeconds: number;
  readonly endedAt?: number;
  /** When its history goes. */
  readonly forgetAt?: number;
  readonly result?: string | undefined;
  readonly error?: ErrorObject | undefined;
}

/** An entry of the history. */
export interface HistoryEvent extends Readonly<Record<string, unknown>> {
  readonly EventType: string;
  readonly EventTimestamp: number;
}
