import { CfnOutput, Duration, RemovalPolicy, Validations } from 'aws-cdk-lib';
import { AccessLogFormat } from 'aws-cdk-lib/aws-apigateway';
import {
  HttpApi,
  HttpMethod,
  HttpRoute,
  HttpRouteKey,
  HttpStage,
  LogGroupLogDestination,
} from 'aws-cdk-lib/aws-apigatewayv2';
import { HttpLambdaIntegration } from 'aws-cdk-lib/aws-apigatewayv2-integrations';
import { LogGroup } from 'aws-cdk-lib/aws-logs';
import { Construct } from 'constructs';
import { type ApiHandler, ROUTES } from '../../functions/routes.ts';
import type { Settings } from '../settings.ts';
import type { Identity } from './identity.ts';
import { LambdaFunction } from './lambda-function.ts';
import type { Storage } from './storage.ts';
import type { Workflows } from './workflows.ts';

/**
 * What is kept of each request. The route and not the path, and neither query nor headers: whatever somebody typed
 * into the wrong place, a token for instance, must not end in a log.
 */
const ACCESS_LOG = {
  time: '$context.requestTime',
  requestId: '$context.requestId',
  ip: '$context.identity.sourceIp',
  method: '$context.httpMethod',
  route: '$context.routeKey',
  status: '$context.status',
  responseBytes: '$context.responseLength',
  responseMs: '$context.responseLatency',
  gatewayError: '$context.error.responseType',
  integrationStatus: '$context.integration.status',
};

export interface ApiProps {
  readonly settings: Settings;
  readonly storage: Storage;
  readonly identity: Identity;
  readonly workflows: Workflows;
  /** Managed secrets have names that begin with this and `/`. */
  readonly secretPrefix: string;
}

/** The HTTPS API: one function for each resource, and every route of functions/routes.ts. */
export class Api extends Construct {
  readonly functions: Readonly<Record<ApiHandler, LambdaFunction>>;

  constructor(scope: Construct, id: string, props: ApiProps) {
    super(scope, id);
    this.functions = this.makeFunctions(props);
    const httpApi = new HttpApi(this, 'http-api', {
      description: 'SafeBase',
      createDefaultStage: false,
    });
    this.addRoutes(httpApi);
    this.addStage(httpApi, props.settings);
    new CfnOutput(this, 'url', { description: 'The address of the API', value: httpApi.apiEndpoint }) //
      .overrideLogicalId('ApiUrl');
  }

  private makeFunctions({
    settings,
    storage,
    identity,
    workflows,
    secretPrefix,
  }: ApiProps): Api['functions'] {
    const TABLE_NAME = storage.table.tableName;
    const TOKEN_KEY_ID = identity.tokenKey.keyArn;
    const starts = { WORKFLOW_FUNCTION: workflows.liveWorkflow.functionArn };
    return {
      'api-databases': new LambdaFunction(this, {
        name: 'api-databases',
        settings,
        environment: {
          TABLE_NAME,
          TOKEN_KEY_ID,
          SECRET_PREFIX: secretPrefix,
          NETWORKS: workflows.networkRules,
          WORKERS: workflows.workerNames,
          ...starts,
        },
      }),
      'api-backups': new LambdaFunction(this, {
        name: 'api-backups',
        settings,
        environment: {
          TABLE_NAME,
          TOKEN_KEY_ID,
          BUCKET_NAME: storage.bucket.bucketName,
          ...starts,
        },
      }),
      'api-restores': new LambdaFunction(this, {
        name: 'api-restores',
        settings,
        environment: { TABLE_NAME, TOKEN_KEY_ID, ...starts },
      }),
      'api-health': new LambdaFunction(this, { name: 'api-health', settings, environment: {} }),
    };
  }

  private addRoutes(httpApi: HttpApi): void {
    const integrations = new Map(
      Object.entries(this.functions).map(([name, handler]) => [
        name,
        // As long as the function itself: the gateway's own limit is 30 s.
        new HttpLambdaIntegration(name, handler, { timeout: handler.timeout ?? Duration.seconds(29) }),
      ]),
    );
    const add = (id: string, routeKey: HttpRouteKey, handler: ApiHandler): void => {
      const integration = integrations.get(handler);
      if (integration === undefined) throw new Error(`no function answers for ${handler}`);
      new HttpRoute(this, id, { httpApi, routeKey, integration });
    };
    for (const { method, path, handler } of ROUTES) {
      add(`${method} ${path.replaceAll('/', ':')}`, HttpRouteKey.with(path, HttpMethod[method]), handler);
    }
    // Answers 404, or 405 with the methods that the path has.
    add('default', HttpRouteKey.DEFAULT, 'api-health');
    Validations.of(this).acknowledge({
      id: 'AwsSolutions-APIG4',
      reason:
        'The functions themselves authenticate every route but GET /health: a denial by a gateway authorizer is a ' +
        'bare 403 and its failure a bare 500, without the code and hint that the API promises.',
    });
  }

  private addStage(httpApi: HttpApi, { throttle, logRetentionDays }: Settings): void {
    const logGroup = new LogGroup(this, 'access-logs', {
      retention: logRetentionDays,
      removalPolicy: RemovalPolicy.RETAIN,
    });
    new HttpStage(this, 'stage', {
      httpApi,
      stageName: '$default',
      autoDeploy: true,
      throttle: { rateLimit: throttle.rate, burstLimit: throttle.burst },
      accessLogSettings: {
        destination: new LogGroupLogDestination(logGroup),
        format: AccessLogFormat.custom(JSON.stringify(ACCESS_LOG)),
      },
    });
  }
}
