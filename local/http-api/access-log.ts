import type { GatewayAnswer } from './answer.ts';
import { type GatewayRequest, requestTime, splitUrl } from './event.ts';

/**
 * One access-log line in the template's format.
 * @see https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-logging-variables.html
 * @param format with `$context.…` variables in it; those that API Gateway leaves empty become `-`
 */
export function accessLogLine(
  format: string,
  entry: {
    readonly request: GatewayRequest;
    readonly answer: GatewayAnswer;
    readonly routeKey: string | undefined;
    readonly api: { readonly id: string; readonly stageName: string; readonly accountId: string };
    readonly latencyMs: number;
  },
): string {
  const { request, answer, routeKey, api, latencyMs } = entry;
  const values: Readonly<Record<string, unknown>> = {
    accountId: api.accountId,
    apiId: api.id,
    'error.message': answer.error?.reason,
    'error.responseType': answer.error?.type,
    httpMethod: request.method,
    'identity.sourceIp': request.sourceIp,
    'identity.userAgent': request.headers['user-agent'],
    integrationErrorMessage: answer.error?.reason,
    'integration.status': answer.error === undefined ? answer.status : undefined,
    integrationLatency: latencyMs,
    path: splitUrl(request.url).path,
    protocol: request.protocol,
    requestId: request.requestId,
    requestTime: requestTime(request.at),
    requestTimeEpoch: request.at,
    responseLatency: latencyMs,
    responseLength: answer.body.length,
    routeKey,
    stage: api.stageName,
    status: answer.status,
  };
  return format.replaceAll(/\$context\.([A-Za-z.]+)/g, (_, name: string) => {
    const text = String(values[name] ?? '-');
    // Formats are JSON: a quote in a user agent must not break out of its field.
    return JSON.stringify(text).slice(1, -1);
  });
}
