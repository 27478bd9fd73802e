import type { IncomingHttpHeaders } from 'node:http';
import { decode, type RouteMatch } from './match-route.ts';

export interface GatewayRequest {
  readonly requestId: string;
  /** Milliseconds since the epoch. */
  readonly at: number;
  readonly method: string;
  /** Path and query as in the request line. */
  readonly url: string;
  readonly headers: IncomingHttpHeaders;
  readonly body: Buffer;
  readonly sourceIp: string;
  /** `HTTP/1.1` */
  readonly protocol: string;
}

/**
 * The event that a function gets: payload format 2.0.
 * @see https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-develop-integrations-lambda.html
 */
export function toEvent(
  request: GatewayRequest,
  match: RouteMatch,
  api: { readonly id: string; readonly stageName: string; readonly accountId: string },
): Readonly<Record<string, unknown>> {
  const { path, rawQueryString } = splitUrl(request.url);
  const { cookie, ...headers } = request.headers;
  const host = headers.host?.replace(/:\d+$/, '') ?? '';
  const isText = TEXT.test(headers['content-type'] ?? '');
  return {
    version: '2.0',
    routeKey: match.route.key,
    rawPath: path,
    rawQueryString,
    ...(cookie !== undefined && { cookies: cookie.split('; ') }),
    headers: {
      ...Object.fromEntries(Object.entries(headers).map(([name, value]) => [name, [value].flat().join(',')])),
      'x-forwarded-for': request.sourceIp,
      'x-forwarded-proto': 'http',
    },
    ...(rawQueryString !== '' && { queryStringParameters: queryParameters(rawQueryString) }),
    requestContext: {
      accountId: api.accountId,
      apiId: api.id,
      domainName: host,
      domainPrefix: api.id,
      http: {
        method: request.method,
        path,
        protocol: request.protocol,
        sourceIp: request.sourceIp,
        userAgent: headers['user-agent'] ?? '',
      },
      requestId: request.requestId,
      routeKey: match.route.key,
      stage: api.stageName,
      time: requestTime(request.at),
      timeEpoch: request.at,
    },
    ...(Object.keys(match.pathParameters).length > 0 && { pathParameters: match.pathParameters }),
    ...(request.body.length > 0 && { body: request.body.toString(isText ? 'utf8' : 'base64') }),
    isBase64Encoded: request.body.length > 0 && !isText,
  };
}

/** Bodies of these types arrive as text, all others as base64. */
const TEXT = /^(text\/|application\/(json|xml|javascript|[^;]+\+(json|xml))\b)/i;

/** API Gateway hands the path on decoded, and cuts it where that brings a question mark to light. */
export function splitUrl(url: string): { readonly path: string; readonly rawQueryString: string } {
  const [path = '', ...query] = url.split('?');
  return { path: decode(path).split('?')[0] ?? '', rawQueryString: query.join('?') };
}

/** Values of the same name are joined with commas. */
function queryParameters(query: string): Record<string, string> {
  const parameters = new URLSearchParams(query);
  return Object.fromEntries(
    [...new Set(parameters.keys())].map((name) => [name, parameters.getAll(name).join(',')]),
  );
}

/** `31/Jan/2027:12:00:00 +0000` */
export function requestTime(at: number): string {
  const [, day, month, year, time] =
    /^\w+, (\d+) (\w+) (\d+) ([\d:]+)/.exec(new Date(at).toUTCString()) ?? [];
  return `${day}/${month}/${year}:${time} +0000`;
}
