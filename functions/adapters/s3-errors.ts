import { type S3Client, S3ServiceException } from '@aws-sdk/client-s3';
import { type ErrorCode, SafeBaseError } from '../errors.ts';

/** A bucket and the client that reaches it. */
export interface Bucket {
  readonly s3: S3Client;
  readonly name: string;
}

/** For what is small and has no signal of its own: a listing or a removal may meet retries, and must not meet Lambda's end. */
const REQUEST_MS = 30_000;
/** Options of one request, its retries included. */
export const briefly = (): { readonly abortSignal: AbortSignal } => ({
  abortSignal: AbortSignal.timeout(REQUEST_MS),
});

/** The name of S3's error, such as `NoSuchUpload`; empty where none came, as after a lost connection. */
export const s3ErrorName = (error: unknown): string =>
  error instanceof S3ServiceException ? error.name : '';

/** The HTTP status of S3's answer, where one came. */
export const s3Status = (error: unknown): number | undefined =>
  error instanceof S3ServiceException ? error.$metadata.httpStatusCode : undefined;

/** Whether S3 has answered no, and this was asked once only: an earlier attempt may have been done without an answer. */
export const isPlainRefusal = (error: unknown): boolean =>
  error instanceof S3ServiceException && error.$metadata.attempts === 1 && (s3Status(error) ?? 500) < 500;

/** Says what could not be done and how S3 named the reason; SafeBase's own errors pass unchanged. */
export function s3Failure(
  code: ErrorCode,
  could: string,
  error: unknown,
  details: Record<string, unknown> = {},
): SafeBaseError {
  if (error instanceof SafeBaseError) return error;
  const reason = s3ErrorName(error) || (error instanceof Error ? error.name : 'unknown');
  return new SafeBaseError(code, `could not ${could} (${reason})`, { cause: error, details });
}
