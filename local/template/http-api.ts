import { z } from 'zod';
import { readInvokePermissions } from './invoke-permissions.ts';
import { ACCOUNT } from './resource-types.ts';
import type { PropertiesSchema, Stack } from './stack.ts';

export interface Throttle {
  /** Requests a second, and how many at once on top of an idle second. */
  readonly rate: number;
  readonly burst: number;
}

export interface HttpApiModel {
  readonly id: string;
  readonly stageName: string;
  readonly routes: readonly {
    /** `GET /databases/{id}` or `$default` */
    readonly key: string;
    readonly functionArn: string;
    readonly timeoutMs: number;
    /** Whether the function's own policy lets the gateway call it for this route. */
    readonly isPermitted: boolean;
  }[];
  readonly throttle?: Throttle;
  /** By route key. */
  readonly routeThrottles: ReadonlyMap<string, Throttle>;
  /** With `$context.…` in it. */
  readonly accessLogFormat?: string;
}

/** @see https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-quotas.html */
const DEFAULT_INTEGRATION_TIMEOUT_MS = 30_000;

const API = {
  used: z.object({ ProtocolType: z.literal('HTTP') }),
  unused: ['Description', 'DisableExecuteApiEndpoint', 'Name', 'Tags'],
} as const satisfies PropertiesSchema<z.ZodObject>;

const routeSettings = z.strictObject({
  ThrottlingRateLimit: z.number().positive(),
  ThrottlingBurstLimit: z.int().positive(),
  // Metrics have no counterpart on the laptop.
  DetailedMetricsEnabled: z.boolean().optional(),
});

const STAGE = {
  used: z.object({
    // Any other name would become the first segment of every path.
    StageName: z.literal('$default'),
    AutoDeploy: z.literal(true),
    DefaultRouteSettings: routeSettings.optional(),
    RouteSettings: z.record(z.string(), routeSettings).default({}),
    AccessLogSettings: z.object({ Format: z.string() }).optional(),
  }),
  unused: ['ApiId', 'Description', 'Tags'],
} as const satisfies PropertiesSchema<z.ZodObject>;

const INTEGRATION = {
  used: z.object({
    IntegrationType: z.literal('AWS_PROXY'),
    IntegrationUri: z.string(),
    PayloadFormatVersion: z.literal('2.0'),
    TimeoutInMillis: z.int().default(DEFAULT_INTEGRATION_TIMEOUT_MS),
  }),
  unused: ['ApiId', 'Description', 'IntegrationMethod'],
} as const satisfies PropertiesSchema<z.ZodObject>;

const ROUTE = {
  used: z.object({
    RouteKey: z.string(),
    Target: z.string(),
    AuthorizationType: z.literal('NONE').default('NONE'),
  }),
  unused: ['ApiId', 'OperationName'],
} as const satisfies PropertiesSchema<z.ZodObject>;

/** @returns undefined where the stack has no HTTP API */
export function readHttpApi(stack: Stack): HttpApiModel | undefined {
  const [api, ...others] = stack.resources('AWS::ApiGatewayV2::Api', API);
  if (api === undefined) return undefined;
  const [stage, ...otherStages] = stack.resources('AWS::ApiGatewayV2::Stage', STAGE);
  if (others.length > 0 || stage === undefined || otherStages.length > 0) {
    throw new Error('the local cloud serves one HTTP API with one stage');
  }
  const integrations = new Map(
    stack
      .resources('AWS::ApiGatewayV2::Integration', INTEGRATION)
      .map(({ reference, properties }) => [`integrations/${reference}`, properties]),
  );
  const { AccessLogSettings, DefaultRouteSettings, RouteSettings } = stage.properties;
  const mayInvoke = readInvokePermissions(stack);
  const arnOf = (routeKey: string): string =>
    `arn:aws:execute-api:${stack.region}:${ACCOUNT}:${api.reference}/${stage.properties.StageName}/${routeKey.replace(' ', '')}`;
  return {
    id: api.reference,
    stageName: stage.properties.StageName,
    routes: stack.resources('AWS::ApiGatewayV2::Route', ROUTE).map(({ logicalId, properties }) => {
      const integration = integrations.get(properties.Target);
      if (integration === undefined) throw new Error(`${logicalId}: there is no ${properties.Target}`);
      return {
        key: properties.RouteKey,
        functionArn: integration.IntegrationUri,
        timeoutMs: integration.TimeoutInMillis,
        isPermitted: mayInvoke(
          'apigateway.amazonaws.com',
          arnOf(properties.RouteKey),
          integration.IntegrationUri,
        ),
      };
    }),
    ...(DefaultRouteSettings !== undefined && { throttle: toThrottle(DefaultRouteSettings) }),
    routeThrottles: new Map(
      Object.entries(RouteSettings).map(([key, settings]) => [key, toThrottle(settings)]),
    ),
    ...(AccessLogSettings !== undefined && { accessLogFormat: AccessLogSettings.Format }),
  };
}

const toThrottle = (settings: z.output<typeof routeSettings>): Throttle => ({
  rate: settings.ThrottlingRateLimit,
  burst: settings.ThrottlingBurstLimit,
});
