import type { Log } from '../core/ports.ts';
import { SafeBaseError } from '../errors.ts';
import type { CallContext, Step } from './call.ts';

/** One line for each request: what was asked by whom, and how it ended. Never a body, a header or a query. */
export function logRequests(log: Log): Step {
  const started = new WeakMap<CallContext, number>();
  const tell: NonNullable<Step['after']> = ({ event, context, response, error }) => {
    const { requestId, http } = event.requestContext;
    log.info('request', {
      requestId,
      route: event.routeKey,
      path: http.path.slice(0, 200),
      tokenId: context.principal?.tokenId,
      status: response?.statusCode,
      ...(error instanceof SafeBaseError ? { code: error.code } : {}),
      durationMs: Math.round(performance.now() - (started.get(context) ?? performance.now())),
    });
  };
  return {
    before: ({ context }) => {
      started.set(context, performance.now());
    },
    after: tell,
    onError: tell,
  };
}
