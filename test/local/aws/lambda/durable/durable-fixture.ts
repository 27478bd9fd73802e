/** A local cloud with a durable function `workflow` and a plain function `worker`, and what asks it about executions. */
import { join } from 'node:path';
import {
  GetDurableExecutionCommand,
  GetDurableExecutionHistoryCommand,
  InvokeCommand,
  LambdaClient,
} from '@aws-sdk/client-lambda';
import { type Cloud, startCloud } from '../../../../../local/cloud.ts';
import { type StackFixture, writeAssembly } from '../../../stack-fixture.ts';
import { temporaryFolder } from '../../../temporary-folder.ts';

const repository = join(import.meta.dirname, '../../../../..');
/** What the source of a function begins with that is made of the unmodified SDK. */
export const SDK = `
import { createRequire } from 'node:module';
const { withDurableExecution } = createRequire('${repository}/package.json')('@aws/durable-execution-sdk-js');
const once = { retryStrategy: () => ({ shouldRetry: false }) };
`;

export interface DurableStack {
  /** Source of the workflow. */
  readonly workflow: string;
  readonly worker?: string;
  readonly timeoutSeconds?: number;
  readonly executionTimeoutSeconds?: number;
  readonly workerTimeoutSeconds?: number;
  /** More variables of both. */
  readonly variables?: Readonly<Record<string, string>>;
  /** Ends the logical id of the workflow's version, which the CDK makes of its code. */
  readonly publishedAs?: string;
  /** Statements of the workflow's role. @default what it needs */
  readonly statements?: readonly Readonly<Record<string, unknown>>[];
}

const version = (FunctionName: string) => ({
  Type: 'AWS::Lambda::Version',
  Properties: { FunctionName: { Ref: FunctionName } },
});
const ARN = 'arn:aws:lambda:us-east-1:000000000000:function';

export const durableStack = (made: DurableStack): StackFixture => ({
  functions: {
    workflow: {
      code: made.workflow,
      properties: {
        Timeout: made.timeoutSeconds ?? 20,
        DurableConfig: { ExecutionTimeout: made.executionTimeoutSeconds ?? 60, RetentionPeriodInDays: 1 },
        Environment: { Variables: { ...made.variables, WORKER: { Ref: 'workerVersion' } } },
      },
      statements: made.statements ?? [
        {
          Effect: 'Allow',
          Action: ['lambda:CheckpointDurableExecution', 'lambda:GetDurableExecutionState'],
          Resource: `${ARN}:Test-workflow:*`,
        },
        { Effect: 'Allow', Action: 'lambda:InvokeFunction', Resource: `${ARN}:Test-worker:*` },
      ],
    },
    worker: {
      code: made.worker ?? 'export const handler = async (event) => event;',
      properties: {
        Timeout: made.workerTimeoutSeconds ?? 20,
        Environment: { Variables: { ...made.variables } },
      },
    },
  },
  resources: {
    [`workflowVersion${made.publishedAs ?? ''}`]: version('workflow'),
    workerVersion: version('worker'),
    live: {
      Type: 'AWS::Lambda::Alias',
      Properties: {
        FunctionName: { Ref: 'workflow' },
        FunctionVersion: { 'Fn::GetAtt': [`workflowVersion${made.publishedAs ?? ''}`, 'Version'] },
        Name: 'live',
      },
    },
  },
});

export interface DurableCloud {
  readonly cloud: Pick<Cloud, 'awsUrl' | 'operator'>;
  readonly client: LambdaClient;
  readonly log: readonly string[];
}

const running: Cloud[] = [];

export const durableFolders = (made: DurableStack) => ({
  assemblyFolder: writeAssembly(durableStack(made)),
  dataFolder: join(temporaryFolder(), 'data'),
});

export async function startDurable(
  folders: ReturnType<typeof durableFolders>,
): Promise<DurableCloud & { readonly cloud: Cloud }> {
  const log: string[] = [];
  const cloud = await startCloud({ ...folders, log: (source, line) => log.push(`${source}: ${line}`) });
  running.push(cloud);
  return { cloud, client: clientOf(cloud), log };
}

export const stopDurable = (): Promise<unknown> =>
  Promise.all(running.splice(0).map((cloud) => cloud.stop()));

export const clientOf = ({ awsUrl, operator }: Pick<Cloud, 'awsUrl' | 'operator'>): LambdaClient =>
  new LambdaClient({ endpoint: awsUrl, region: operator.region, credentials: operator, maxAttempts: 1 });

/** Starts an execution of `workflow:live` and gives its ARN. */
export async function begin(client: LambdaClient, payload: unknown, name?: string): Promise<string> {
  const { DurableExecutionArn = '' } = await client.send(
    new InvokeCommand({
      FunctionName: 'Test-workflow:live',
      InvocationType: 'Event',
      Payload: Buffer.from(JSON.stringify(payload)),
      ...(name !== undefined && { DurableExecutionName: name }),
    }),
  );
  return DurableExecutionArn;
}

export const describeExecution = (client: LambdaClient, DurableExecutionArn: string) =>
  client.send(new GetDurableExecutionCommand({ DurableExecutionArn }));

/** Waits until the execution has ended. */
export async function endOf(client: LambdaClient, arn: string) {
  const deadline = Date.now() + 30_000;
  for (;;) {
    const execution = await describeExecution(client, arn);
    if (execution.Status !== 'RUNNING') return execution;
    if (Date.now() > deadline) throw new Error(`${arn} has not ended`);
    await new Promise((resume) => setTimeout(resume, 30));
  }
}

export async function historyOf(client: LambdaClient, DurableExecutionArn: string) {
  const { Events = [] } = await client.send(
    new GetDurableExecutionHistoryCommand({
      DurableExecutionArn,
      IncludeExecutionData: true,
      MaxItems: 1000,
    }),
  );
  return Events;
}
