import type { Step } from './call.ts';

/** Headers of every answer: nothing of it is a page, and nothing of it may be kept. */
const HEADERS = {
  'cache-control': 'no-store',
  'content-security-policy': "default-src 'none'; frame-ancestors 'none'",
  'referrer-policy': 'no-referrer',
  'strict-transport-security': 'max-age=31536000; includeSubDomains',
  'x-content-type-options': 'nosniff',
};

/** Adds them to answers and to errors. */
export function secureHeaders(): Step {
  const add: NonNullable<Step['after']> = ({ response }) => {
    if (response != null) response.headers = { ...HEADERS, ...response.headers };
  };
  return { after: add, onError: add };
}
