import type { Log } from '../core/ports.ts';
import { ERRORS, httpStatus, SafeBaseError } from '../errors.ts';
import type { Response, Step } from './call.ts';

/**
 * Answers every error in the form of RFC 9457. Errors that are not ours are logged whole and shown as `internal`.
 * @see https://www.rfc-editor.org/rfc/rfc9457
 */
export const answerProblems = (log: Log): Step => ({
  onError: (request) => {
    const { error } = request;
    const { requestId } = request.event.requestContext;
    const known =
      error instanceof SafeBaseError
        ? error
        : new SafeBaseError('internal', 'something failed that is not the fault of the request');
    if (httpStatus(known.code) >= 500) log.error('request failed', { requestId, error });
    request.response = problem(known, requestId);
  },
});

function problem(error: SafeBaseError, requestId: string): Response {
  const { code, message: detail, hint, details } = error;
  const status = httpStatus(code);
  const { title } = ERRORS[code];
  const type = `urn:safebase:error:${code}`;
  return {
    statusCode: status,
    headers: { 'content-type': 'application/problem+json; charset=utf-8', ...headersOf(error) },
    body: JSON.stringify({ ...details, type, title, status, code, detail, hint, requestId }),
  };
}

/** Headers that HTTP demands with a status. @see https://www.rfc-editor.org/rfc/rfc9110 */
function headersOf({ code, details }: SafeBaseError): Record<string, string> {
  if (code === 'unauthenticated') return { 'www-authenticate': 'Bearer' };
  if (code === 'method_not_allowed' && Array.isArray(details.allow))
    return { allow: details.allow.join(', ') };
  return {};
}
