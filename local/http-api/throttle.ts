import type { Throttle } from '../template/http-api.ts';

/**
 * A token bucket, as API Gateway throttles a stage or route.
 * @see https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-throttling.html
 * @param now milliseconds, never going back
 * @returns asked for each request: whether it may pass
 */
export function createThrottle({ rate, burst }: Throttle, now: () => number): () => boolean {
  let tokens = burst;
  let filledAt = now();
  return () => {
    const at = now();
    tokens = Math.min(burst, tokens + ((at - filledAt) / 1000) * rate);
    filledAt = at;
    if (tokens < 1) return false;
    tokens -= 1;
    return true;
  };
}
