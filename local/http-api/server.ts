/**
 * API Gateway's HTTP API: routes of the template to functions, and the gateway's own answers. CORS, authorizers
 * and other things that the stack does not use stop the start in local/template/http-api.ts.
 */
import { randomUUID } from 'node:crypto';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { AwsError } from '../aws/aws-error.ts';
import type { Functions } from '../lambda/functions.ts';
import type { LogFile } from '../lambda/log-file.ts';
import { type LoopbackServer, listen } from '../loopback.ts';
import type { HttpApiModel } from '../template/http-api.ts';
import { within } from '../within.ts';
import { accessLogLine } from './access-log.ts';
import { type GatewayAnswer, gatewayAnswer, toAnswer } from './answer.ts';
import { type GatewayRequest, toEvent } from './event.ts';
import { matchRoute, type RouteMatch } from './match-route.ts';
import { createThrottle } from './throttle.ts';

/** @see https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-quotas.html */
const MAX_BODY_BYTES = 10 * 1024 * 1024;
const MAX_HEADER_BYTES = 10_240;

interface HttpApiSetUp {
  readonly api: HttpApiModel;
  readonly accountId: string;
  readonly functions: Functions;
  /** 0 takes a free one. */
  readonly port: number;
  readonly accessLog: LogFile;
}

/** Serves the stage of the template. */
export function startHttpApi(setUp: HttpApiSetUp): Promise<LoopbackServer> {
  const api = { id: setUp.api.id, stageName: setUp.api.stageName, accountId: setUp.accountId };
  const mayPass = createGate(setUp.api);
  const respond = async (incoming: IncomingMessage, response: ServerResponse): Promise<void> => {
    const began = performance.now();
    const body = await readBody(incoming);
    const request: GatewayRequest = {
      requestId: randomUUID(),
      at: Date.now(),
      method: incoming.method ?? 'GET',
      url: incoming.url ?? '/',
      headers: incoming.headers,
      body: body ?? Buffer.alloc(0),
      sourceIp: incoming.socket.remoteAddress ?? '127.0.0.1',
      protocol: `HTTP/${incoming.httpVersion}`,
    };
    const match = matchRoute(setUp.api.routes, request.method, request.url.split('?')[0] ?? '/');
    const answer = await answerTo(request, body === undefined, match, mayPass, async (found) => {
      const { functionArn, timeoutMs, isPermitted } = found.route;
      if (!isPermitted)
        return gatewayAnswer(500, `${functionArn} has no AWS::Lambda::Permission for ${found.route.key}`);
      const model = setUp.functions.find(functionArn);
      if (model === undefined) return gatewayAnswer(500, `there is no function ${functionArn}`);
      const payload = JSON.stringify(toEvent(request, found, api));
      const result = await within(timeoutMs, setUp.functions.invoke(model, payload));
      return result === 'late' ? gatewayAnswer(503, 'the integration timed out') : toAnswer(result);
    });
    write(response, answer, request.requestId);
    if (setUp.api.accessLogFormat === undefined) return;
    const latencyMs = Math.round(performance.now() - began);
    const entry = { request, answer, routeKey: match?.route.key, api, latencyMs };
    setUp.accessLog.line(accessLogLine(setUp.api.accessLogFormat, entry));
  };
  const server = createServer({ maxHeaderSize: MAX_HEADER_BYTES }, (incoming, response) => {
    // What fails here is the connection itself: there is nobody left to answer.
    respond(incoming, response).catch(() => response.destroy());
  });
  return listen(server, setUp.port);
}

async function answerTo(
  request: GatewayRequest,
  tooLarge: boolean,
  match: RouteMatch | undefined,
  mayPass: (routeKey: string) => boolean,
  integrate: (match: RouteMatch) => Promise<GatewayAnswer>,
): Promise<GatewayAnswer> {
  if (match === undefined) return gatewayAnswer(404, 'no route');
  if (!mayPass(match.route.key)) return gatewayAnswer(429, 'Rate exceeded');
  if (tooLarge) return gatewayAnswer(413, `the body of ${request.url} is too large`);
  try {
    return await integrate(match);
  } catch (error) {
    const throttled = error instanceof AwsError && error.status === 429;
    return gatewayAnswer(throttled ? 503 : 500, String(error));
  }
}

/** The throttle of a route, or the stage's for all routes that have none of their own. */
function createGate(api: HttpApiModel): (routeKey: string) => boolean {
  const now = (): number => performance.now();
  const stage = api.throttle && createThrottle(api.throttle, now);
  const routes = new Map(
    [...api.routeThrottles].map(([key, throttle]) => [key, createThrottle(throttle, now)]),
  );
  return (routeKey) => (routes.get(routeKey) ?? stage)?.() ?? true;
}

/** @returns undefined where the body is over the limit; the rest of it is read and thrown away */
async function readBody(request: IncomingMessage): Promise<Buffer | undefined> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of request) {
    bytes += chunk.length;
    if (bytes <= MAX_BODY_BYTES) chunks.push(chunk);
  }
  return bytes > MAX_BODY_BYTES ? undefined : Buffer.concat(chunks);
}

function write(response: ServerResponse, answer: GatewayAnswer, requestId: string): void {
  response.writeHead(answer.status, {
    ...answer.headers,
    'apigw-requestid': requestId,
    'content-length': answer.body.length,
    ...(answer.cookies.length > 0 && { 'set-cookie': [...answer.cookies] }),
  });
  response.end(answer.body);
}
