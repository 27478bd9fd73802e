/** What kind of failure a code is; the kind alone decides the HTTP status. */
export type ErrorKind =
  | 'invalid'
  | 'unauthenticated'
  | 'forbidden'
  | 'missing'
  | 'method'
  | 'conflict'
  | 'stale'
  | 'too_large'
  | 'refused'
  | 'precondition_required'
  | 'limited'
  | 'unavailable'
  | 'internal';

export interface ErrorEntry {
  readonly kind: ErrorKind;
  readonly title: string;
  readonly hint: string;
}

/** @param hint is shown where the thrower gives none */
export const entry = (kind: ErrorKind, title: string, hint: string): ErrorEntry => ({ kind, title, hint });
