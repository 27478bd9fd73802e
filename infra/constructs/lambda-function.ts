import { join, resolve } from 'node:path';
import { Duration, RemovalPolicy } from 'aws-cdk-lib';
import { Role, ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import { Architecture, type FunctionOptions, Runtime } from 'aws-cdk-lib/aws-lambda';
import { LogLevel, NodejsFunction, OutputFormat } from 'aws-cdk-lib/aws-lambda-nodejs';
import { LogGroup, type RetentionDays } from 'aws-cdk-lib/aws-logs';
import type { Construct } from 'constructs';
import type { FunctionEnvironment, FunctionName } from '../../functions/config.ts';
import { BUNDLING, entryOf } from '../bundling.ts';
import type { Settings } from '../settings.ts';
import type { MysqlClientLayer } from './mysql-client-layer.ts';

const root = resolve(import.meta.dirname, '../..');

interface Size {
  readonly timeout: Duration;
  /** MB; the share of processors grows with it, one whole at 1,769. */
  readonly memory: number;
  /** @default Lambda's own, which go by the memory */
  readonly nodeOptions?: string;
}

// The gateway waits 30 s: one second less tells a slow function from a lost one.
const API: Size = { timeout: Duration.seconds(29), memory: 512 };
// The longest that Lambda allows. Memory in use stays under 300 MB: 2,048 MB are for dump tool and compression.
// Buffers that pass by are let go of when the young objects fill their space. Lambda makes that space a twentieth of
// the memory, so that only full collections would find them: a small one saves memory and a tenth of the work.
const STREAM: Size = {
  timeout: Duration.minutes(15),
  memory: 2_048,
  nodeOptions: '--max-semi-space-size=1',
};

const SIZES: Readonly<Record<FunctionName, Size>> = {
  'api-databases': API,
  'api-backups': API,
  'api-restores': API,
  'api-health': { ...API, memory: 128 },
  backup: STREAM,
  restore: STREAM,
  verify: STREAM,
  // Its caller waits for the answer within a request.
  probe: { timeout: Duration.seconds(28), memory: 512 },
  expire: { timeout: Duration.minutes(15), memory: 256 },
  // One sweep at a time is enough: it ends before the next begins.
  sweep: { timeout: Duration.seconds(55), memory: 512 },
  dispatch: { timeout: Duration.seconds(60), memory: 256 },
  // Only between operations: while it waits for a worker it does not run.
  workflow: { timeout: Duration.seconds(60), memory: 256 },
  'admin-token': { timeout: Duration.seconds(29), memory: 256 },
  sign: { timeout: Duration.seconds(60), memory: 512 },
  reindex: { timeout: Duration.minutes(15), memory: 512 },
};

export interface LambdaFunctionProps<F extends FunctionName> {
  /** Which function: decides source file, time and memory. */
  readonly name: F;
  /** The settings that `functions/config.ts` says this function reads. */
  readonly environment: FunctionEnvironment<F>;
  readonly settings: Settings;
  /** Makes it a durable function, which can be decided only when it is created. @default a plain one */
  readonly durable?: { readonly executionTimeout: Duration; readonly retention: Duration };
  /** The dump tools, mounted where `MYSQL_CLIENT_ROOT` says. @default none */
  readonly layer?: MysqlClientLayer;
  /** The network profile whose worker this is. @default none: a function that all networks share, in no VPC */
  readonly network?: NetworkOfWorker;
  /** What happens to asynchronous calls that fail or wait. @default Lambda's: two retries, six hours */
  readonly asynchronous?: { readonly retries: 0 | 1 | 2; readonly maxAge: Duration };
}

export interface NetworkOfWorker {
  readonly name: string;
  readonly placement: Placement;
  /** Variables for the AWS clients, beside the function's own. */
  readonly environment: Readonly<Record<string, string>>;
}

/** Where a function runs; empty outside of any VPC. */
export type Placement = Pick<FunctionOptions, 'vpc' | 'vpcSubnets' | 'securityGroups'>;

/** A function with a role and a log group of its own; what the role may stands in permissions.ts. */
export class LambdaFunction<F extends FunctionName = FunctionName> extends NodejsFunction {
  /** The role, to which only permissions.ts adds. */
  readonly ownRole: Role;
  readonly ownLogGroup: LogGroup;

  constructor(scope: Construct, props: LambdaFunctionProps<F>) {
    const { name, settings, network } = props;
    const { timeout, memory: memorySize, nodeOptions } = SIZES[name];
    const id = network === undefined ? name : `${name}-${network.name}`;
    const ownRole = new Role(scope, `${id}-role`, {
      assumedBy: new ServicePrincipal('lambda.amazonaws.com'),
    });
    const ownLogGroup = new LogGroup(scope, `${id}-logs`, {
      retention: settings.logRetentionDays satisfies RetentionDays,
      // Logs end by their retention: an accident with the stack must not take the traces with it.
      removalPolicy: RemovalPolicy.RETAIN,
    });
    super(scope, id, {
      ...sourceOf(name),
      ...network?.placement,
      runtime: Runtime.NODEJS_24_X,
      architecture: settings.architecture === 'arm64' ? Architecture.ARM_64 : Architecture.X86_64,
      timeout,
      memorySize,
      environment: {
        ...definedOnly(props.environment),
        ...network?.environment,
        ...(nodeOptions !== undefined && { NODE_OPTIONS: nodeOptions }),
      },
      layers: props.layer === undefined ? [] : [props.layer],
      role: ownRole,
      logGroup: ownLogGroup,
      bundling: {
        ...BUNDLING,
        format: OutputFormat.ESM,
        bundleAwsSDK: true,
        logLevel: LogLevel.WARNING,
      },
      // A variable of the SDK of old.
      awsSdkConnectionReuse: false,
      // A run ends on the code that it started with: what a deploy replaces is kept.
      currentVersionOptions: { removalPolicy: RemovalPolicy.RETAIN },
      ...(props.durable && {
        durableConfig: {
          executionTimeout: props.durable.executionTimeout,
          retentionPeriod: props.durable.retention,
        },
      }),
      ...(props.asynchronous && {
        retryAttempts: props.asynchronous.retries,
        maxEventAge: props.asynchronous.maxAge,
      }),
    });
    this.ownRole = ownRole;
    this.ownLogGroup = ownLogGroup;
  }
}

const sourceOf = (name: FunctionName) => ({
  entry: entryOf(name),
  handler: 'handler',
  projectRoot: root,
  depsLockFilePath: join(root, 'package-lock.json'),
});

function definedOnly(environment: Readonly<Record<string, string | undefined>>): Record<string, string> {
  const pairs = Object.entries(environment);
  return Object.fromEntries(pairs.filter((pair): pair is [string, string] => pair[1] !== undefined));
}
