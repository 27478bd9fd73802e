import middy from '@middy/core';
import type * as z from 'zod';
import type { Authenticate } from '../core/authenticate.ts';
import { authorize, type Principal } from '../core/authorize.ts';
import type { BackupId, DatabaseId, RestoreId } from '../core/ids.ts';
import type { Log } from '../core/ports.ts';
import { SafeBaseError } from '../errors.ts';
import { type ApiHandler, ROUTES, type Route } from '../routes.ts';
import type { Call, CallContext, Response, Step } from './call.ts';
import { parseRequest } from './parse-request.ts';
import { answerProblems } from './problem.ts';
import { logRequests } from './request-log.ts';
import { indexRoutes, notRouted } from './routes-index.ts';
import { secureHeaders } from './secure-headers.ts';

type TableRoute = (typeof ROUTES)[number];
type Ids = { db: DatabaseId; bk: BackupId; rs: RestoreId };
type Parsed<R, Field extends 'body' | 'query'> = R extends {
  readonly [F in Field]: infer S extends z.ZodType;
}
  ? z.output<S>
  : undefined;

/** A request that was authenticated, allowed and parsed by its route. */
interface ApiRequest<R> {
  readonly id: R extends { readonly id: infer Prefix extends keyof Ids } ? Ids[Prefix] : undefined;
  readonly body: Parsed<R, 'body'>;
  readonly query: Parsed<R, 'query'>;
  readonly principal: R extends { readonly permission: null } ? undefined : Principal;
  /** The If-Match header, as it came. */
  readonly ifMatch: string | undefined;
  /** The Idempotency-Key header, where the route takes it. */
  readonly idempotencyKey: string | undefined;
}

export interface ApiAnswer {
  readonly status: 200 | 201 | 202;
  /** Cut to the route's response: what that does not name is not sent. */
  readonly body: object;
  readonly headers?: Readonly<Record<string, string>>;
}

/** One function for every route of a handler, by `METHOD /path`. */
export type Answers<H extends ApiHandler> = {
  readonly [R in Extract<TableRoute, { handler: H }> as `${R['method']} ${R['path']}`]: (
    request: ApiRequest<R>,
  ) => Promise<ApiAnswer>;
};

interface HandlerPorts {
  readonly log: Log;
  /** Left out where no route asks who calls. */
  readonly authenticate?: Authenticate;
}

const index = indexRoutes(ROUTES);

/**
 * The Lambda handler of one resource: finds the route, checks who calls and what they may, parses, answers, and turns
 * every error into a problem. Requests that no route takes (`$default`) are answered 404 or 405.
 */
export function httpHandler<H extends ApiHandler>(ports: HandlerPorts, answers: Answers<H>) {
  const byKey = new Map<string, (request: never) => Promise<ApiAnswer>>(Object.entries(answers));
  // middy's own early timeout would answer while the work goes on.
  return middy<Call, Response, Error, CallContext>({ timeoutEarlyInMillis: 0 })
    .use(logRequests(ports.log))
    .use(secureHeaders())
    .use(answerProblems(ports.log))
    .use(findRoute(byKey))
    .use(checkCaller(ports.authenticate))
    .handler(async (call: Call, context: CallContext) => {
      const { route, principal } = context;
      const answer = byKey.get(call.routeKey);
      if (route === undefined || answer === undefined) throw new Error(`${call.routeKey} has no answer`);
      // The answers' types say what the route's schemas make of a request; a map by text cannot.
      const request = { ...parseRequest(route, call), principal } as never;
      return respond(route, await answer(request));
    });
}

const findRoute = (answers: ReadonlyMap<string, unknown>): Step => ({
  before: ({ event, context }) => {
    const route = answers.has(event.routeKey) ? index.get(event.routeKey) : undefined;
    if (route === undefined) {
      const { method, path } = event.requestContext.http;
      throw notRouted(index, method, path);
    }
    context.route = route;
  },
});

const checkCaller = (authenticate: Authenticate | undefined): Step => ({
  before: async ({ event, context }) => {
    const permission = context.route?.permission ?? null;
    if (permission === null) return;
    if (authenticate === undefined) throw new SafeBaseError('internal', 'the function cannot tell who calls');
    context.principal = await authenticate(event.headers.authorization);
    authorize(context.principal, permission);
  },
});

function respond(route: Route, { status, body, headers = {} }: ApiAnswer): Response {
  return {
    statusCode: status,
    headers: { 'content-type': 'application/json; charset=utf-8', ...headers },
    body: JSON.stringify(route.response.parse(body)),
  };
}
