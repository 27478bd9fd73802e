import { validateHeaderName, validateHeaderValue } from 'node:http';
import { z } from 'zod';
import type { InvocationResult } from '../lambda/instance.ts';

export interface GatewayAnswer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly cookies: readonly string[];
  readonly body: Buffer;
  /** Set where the gateway itself answers: what the access log says of it. */
  readonly error?: { readonly type: string; readonly reason: string };
}

/** What API Gateway answers by itself. @see https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-troubleshooting-lambda.html */
const GATEWAY_ANSWERS = {
  404: ['Not Found', 'NOT_FOUND'],
  413: ['Request Entity Too Large', 'REQUEST_TOO_LARGE'],
  429: ['Too Many Requests', 'THROTTLED'],
  500: ['Internal Server Error', 'INTEGRATION_FAILURE'],
  503: ['Service Unavailable', 'INTEGRATION_TIMEOUT'],
} as const;

/** @param reason shown in the access log alone */
export function gatewayAnswer(status: keyof typeof GATEWAY_ANSWERS, reason: string): GatewayAnswer {
  const [message, type] = GATEWAY_ANSWERS[status];
  return {
    status,
    headers: { 'content-type': 'application/json' },
    cookies: [],
    body: Buffer.from(JSON.stringify({ message })),
    error: { type, reason },
  };
}

const proxyAnswer = z.object({
  statusCode: z.coerce.number().int().min(100).max(599),
  headers: z.record(z.string(), z.union([z.string(), z.number(), z.boolean()])).default({}),
  cookies: z.array(z.string()).default([]),
  body: z.string().default(''),
  isBase64Encoded: z.boolean().default(false),
});

/**
 * Turns what a function returned into an answer, by payload format 2.0.
 * @throws Error for a header that HTTP does not allow
 */
export function toAnswer(result: InvocationResult): GatewayAnswer {
  if (result.functionError !== undefined) return gatewayAnswer(500, result.payload);
  const value: unknown = JSON.parse(result.payload);
  const shaped = typeof value === 'object' && value !== null && 'statusCode' in value;
  if (!shaped) {
    // Anything without a status is the body of a 200.
    const body = Buffer.from(typeof value === 'string' ? value : result.payload);
    return { status: 200, headers: { 'content-type': 'application/json' }, cookies: [], body };
  }
  const parsed = proxyAnswer.safeParse(value);
  if (!parsed.success) return gatewayAnswer(500, 'The response of the function is not of the proxy format');
  const { statusCode, headers, cookies, body, isBase64Encoded } = parsed.data;
  for (const [name, text] of Object.entries(headers)) {
    validateHeaderName(name);
    validateHeaderValue(name, String(text));
  }
  return {
    status: statusCode,
    headers: {
      'content-type': 'text/plain; charset=utf-8',
      ...Object.fromEntries(
        Object.entries(headers).map(([name, text]) => [name.toLowerCase(), String(text)]),
      ),
    },
    cookies,
    body: Buffer.from(body, isBase64Encoded ? 'base64' : 'utf8'),
  };
}
