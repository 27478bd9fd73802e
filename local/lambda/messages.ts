/** What the cloud and a function's process tell each other. Payloads travel as JSON text, as they do on AWS. */

export interface InvokeMessage {
  readonly kind: 'invoke';
  readonly requestId: string;
  readonly functionArn: string;
  readonly payload: string;
  /** Milliseconds since the epoch at which the function is killed. */
  readonly deadline: number;
}

/** An error as Lambda words it in the payload of an answer. */
export interface FunctionError {
  readonly errorType: string;
  readonly errorMessage: string;
  readonly trace?: readonly string[];
}

export type FunctionMessage =
  | { readonly kind: 'ready' }
  | { readonly kind: 'start-failed'; readonly error: FunctionError }
  | { readonly kind: 'result'; readonly requestId: string; readonly payload: string }
  | { readonly kind: 'error'; readonly requestId: string; readonly error: FunctionError };
