import type * as z from 'zod';
import { idPattern } from '../core/ids.ts';
import { SafeBaseError } from '../errors.ts';
import type { Route } from '../routes.ts';
import type { Call } from './call.ts';
import { readBody } from './read-body.ts';

/** What a route says of its requests, checked. */
interface ParsedRequest {
  readonly id: string | undefined;
  readonly body: unknown;
  readonly query: unknown;
  readonly ifMatch: string | undefined;
  readonly idempotencyKey: string | undefined;
}

/** @throws `not_found` for an id of another form, `malformed_json`, `body_too_large`, `invalid_request` */
export function parseRequest(route: Route, call: Call): ParsedRequest {
  return {
    id: route.id === undefined ? undefined : parseId(route.id, call.pathParameters?.id),
    query: parseQuery(route.query, call.queryStringParameters ?? {}),
    body: parseBody(route.body, readBody(call)),
    ifMatch: call.headers['if-match'],
    idempotencyKey: route.repeatable ? parseKey(call.headers['idempotency-key']) : undefined,
  };
}

/** @see https://datatracker.ietf.org/doc/draft-ietf-httpapi-idempotency-key-header/ */
function parseKey(key: string | undefined): string | undefined {
  if (key === undefined || /^[\x21-\x7e]{1,255}$/.test(key)) return key;
  throw new SafeBaseError(
    'invalid_request',
    'Idempotency-Key: must be 1 to 255 ASCII characters without spaces',
    {
      hint: 'Use a new UUID for each new request, and the same one when you repeat it.',
    },
  );
}

function parseId(prefix: NonNullable<Route['id']>, id: string | undefined): string {
  if (id !== undefined && idPattern(prefix).test(id)) return id;
  throw new SafeBaseError('not_found', 'the path holds no id of this kind', {
    hint: `Use an id that begins with ${prefix}_.`,
  });
}

function parseQuery(schema: z.ZodType | undefined, query: object): unknown {
  if (schema !== undefined) return parse(schema, query, 'the query');
  const [first] = Object.keys(query);
  if (first === undefined) return undefined;
  throw new SafeBaseError('invalid_request', `${first}: is not a parameter of this path`);
}

/** A route without a body takes none, or an empty object as some clients always send it. */
function parseBody(schema: z.ZodType | undefined, body: unknown): unknown {
  if (schema !== undefined) return parse(schema, body, 'the body');
  const empty = typeof body === 'object' && body !== null && Object.keys(body).length === 0;
  if (body === undefined || empty) return undefined;
  throw new SafeBaseError('invalid_request', 'the body: is not expected here');
}

/** Names the first field that is wrong, by its path; values are not repeated, they may be secrets. */
function parse(schema: z.ZodType, value: unknown, whole: string): unknown {
  const parsed = schema.safeParse(value);
  if (parsed.success) return parsed.data;
  const [issue] = parsed.error.issues;
  const path = issue?.path.join('.') || whole;
  const message = issue?.message ?? 'is not valid';
  throw new SafeBaseError(
    'invalid_request',
    `${path}: ${message.slice(0, 1).toLowerCase()}${message.slice(1)}`,
  );
}
