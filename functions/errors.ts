/** The one error that SafeBase throws, what of it is shown, and the HTTP status that it becomes. */
import { ERRORS, type ErrorCode, type ErrorKind } from './error-codes.ts';

export { ERRORS, type ErrorCode } from './error-codes.ts';

const STATUS: Record<ErrorKind, number> = {
  invalid: 400,
  unauthenticated: 401,
  forbidden: 403,
  missing: 404,
  method: 405,
  conflict: 409,
  stale: 412,
  too_large: 413,
  refused: 422,
  precondition_required: 428,
  limited: 429,
  internal: 500,
  unavailable: 503,
};

/** The only error that SafeBase throws. `message` and `hint` are shown to users: no secret, no stack. */
export class SafeBaseError extends Error {
  readonly code: ErrorCode;
  readonly hint: string;
  /** More fields of the answer, such as the id of the active run. */
  readonly details: Readonly<Record<string, unknown>>;

  constructor(
    code: ErrorCode,
    message: string,
    options: { cause?: unknown; hint?: string; details?: Record<string, unknown> } = {},
  ) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.name = 'SafeBaseError';
    this.code = code;
    this.hint = options.hint ?? ERRORS[code].hint;
    this.details = options.details ?? {};
  }
}

/** Whether an error is one of SafeBase's, with one of these codes. */
export const isCode = (error: unknown, ...codes: readonly ErrorCode[]): error is SafeBaseError =>
  error instanceof SafeBaseError && codes.includes(error.code);

/** The HTTP status of a code. */
export const httpStatus = (code: ErrorCode): number => STATUS[ERRORS[code].kind];

/** The failure as it is kept on a record and shown in answers; unknown errors become `internal`. */
export interface Failure {
  readonly code: ErrorCode;
  readonly reason: string;
  readonly hint: string;
}

/** Some reasons name every table; one that is too long for the record would keep the end of a run from being written. */
const MAX_REASON = 4_000;

/** Turns any error into what a record keeps of it; what is not ours is never quoted. */
export function toFailure(error: unknown): Failure {
  if (error instanceof SafeBaseError) {
    const { code, message, hint } = error;
    return { code, reason: message.length > MAX_REASON ? `${message.slice(0, MAX_REASON)}…` : message, hint };
  }
  return { code: 'internal', reason: 'an unexpected error, logged whole', hint: ERRORS.internal.hint };
}
