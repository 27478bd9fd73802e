/**
 * The laptop's cloud: serves what `cdk synth` made, over HTTP on 127.0.0.1, as AWS would.
 *
 *   template/   the synthesized stack, read into plain facts
 *   http-api/   a request of a user → the route's function
 *   lambda/     a function → a process with the template's environment, and an access key of its own
 *   events/     a rule of the template → a call of its function, by the clock
 *   aws/        a call of a function's AWS SDK → the service that it was signed for
 */
import { type AccessKey, openAccessKeys } from './aws/access-keys.ts';
import { type AllowedUse, type Authorize, createAuthorize, OPERATOR } from './aws/authorize.ts';
import { openDynamoDb } from './aws/dynamodb/dynamodb.ts';
import { findKey, openKms } from './aws/kms/kms.ts';
import { openDurableExecutions } from './aws/lambda/durable/executions.ts';
import { createS3 } from './aws/s3/s3.ts';
import { createSecretsManager } from './aws/secrets-manager/secrets-manager.ts';
import { openSecretsFile } from './aws/secrets-manager/store.ts';
import { type AwsServices, startAwsServer } from './aws/server.ts';
import { type DataFolder, openDataFolder } from './data-folder.ts';
import { startRules } from './events/rules.ts';
import { startHttpApi } from './http-api/server.ts';
import { type Functions, startFunctions } from './lambda/functions.ts';
import { keepVersions } from './lambda/kept-versions.ts';
import { openLogFile } from './lambda/log-file.ts';
import { readStack, type StackModel } from './template/model.ts';

export interface CloudSetUp {
  /** What `cdk synth` wrote. */
  readonly assemblyFolder: string;
  /** Where all state lives: kept over restarts, private to the user, for one cloud at a time. */
  readonly dataFolder: string;
  /** Port of the HTTP API. @default a free one */
  readonly port?: number;
  /** Port of all AWS services. @default a free one */
  readonly awsPort?: number;
  /** Told of each line that a function prints, and of failures of the emulation (`source` is then `aws`). */
  readonly log?: (source: string, line: string) => void;
  /** Asked about each use of a permission that the policies allow to a function; false denies it all the same. */
  readonly alsoAsk?: (use: AllowedUse) => boolean;
}

export interface Cloud {
  /** The address of the HTTP API, without a slash at its end. */
  readonly apiUrl: string;
  /** The endpoint of every AWS service. */
  readonly awsUrl: string;
  /** The stack that is served: names of buckets, tables and functions. */
  readonly stack: StackModel;
  /** Signs calls to `awsUrl` of whoever runs the cloud; functions have keys of their own. */
  readonly operator: AccessKey & { readonly region: string };
  /**
   * Runs a function and waits for it.
   * @param functionId the id of its construct, such as `admin-token`
   * @throws Error with what the function answered, where it failed
   */
  invoke(functionId: string, payload: unknown): Promise<unknown>;
  /** The function processes that live now. */
  workers(): ReturnType<Functions['instances']>;
  /** Ends everything at once: requests in flight are cut off, and function processes killed. */
  stop(): Promise<void>;
}

/** @throws Error where the template cannot be served, a port is taken, or the data folder is in use */
export async function startCloud(setUp: CloudSetUp): Promise<Cloud> {
  const stack = readStack(setUp.assemblyFolder);
  const opened: Parameters<AtStop>[0][] = [];
  const stop = async (): Promise<void> => {
    // What was opened last goes first: nobody may find that what it needs is gone.
    for (const close of opened.splice(0).reverse()) await close();
  };
  try {
    return { ...(await open(setUp, stack, (close) => opened.push(close))), stack, stop };
  } catch (error) {
    await stop();
    throw error;
  }
}

type AtStop = (close: () => void | Promise<void>) => void;

/** Who may call, and who hears of calls that fail. */
interface Access {
  readonly secretOf: (accessKeyId: string) => string | undefined;
  readonly authorize: Authorize;
  readonly log: (line: string) => void;
}

/** @param atStop takes what is to be called at the end */
async function open(
  { dataFolder, port = 0, awsPort = 0, log, alsoAsk }: CloudSetUp,
  stack: StackModel,
  atStop: AtStop,
): Promise<Omit<Cloud, 'stack' | 'stop'>> {
  const data = openDataFolder(dataFolder);
  atStop(data.release);
  const keys = openAccessKeys(data.file('access-keys.json'));
  const access: Access = {
    secretOf: keys.secretOf,
    authorize: createAuthorize(keys, stack, { log: (line) => log?.('aws', line), alsoAsk }),
    log: (line) => log?.('aws', line),
  };
  const stores = await openStores(stack, data, access, atStop);

  // Functions are started with the endpoint's address, so they join the services when its port is known.
  let services: AwsServices | undefined;
  const aws = await startAwsServer({ port: awsPort, targets: stack, ...access }, () => services);
  atStop(aws.close);
  const functions = startFunctions({
    models: [...stack.functions, ...keepVersions(data.folder('versions'), stack.functions)],
    region: stack.region,
    awsUrl: aws.url,
    credentialsOf: ({ name }) => keys.of(name),
    logFolder: data.folder('logs'),
    temporaryFolder: data.folder('tmp'),
    queueFile: data.file('queue.sqlite'),
    ...(log !== undefined && { onLine: log }),
  });
  atStop(functions.stop);
  const executions = openDurableExecutions({
    file: data.file('executions.sqlite'),
    functions,
    log: access.log,
  });
  atStop(executions.close);
  services = { ...stores, lambda: { functions, executions } };
  executions.resume();
  const { accountId: account, region } = stack;
  atStop(startRules({ rules: stack.rules, functions, account, region, log: access.log }).stop);

  return {
    apiUrl: await serveApi(stack, data, functions, port, atStop),
    awsUrl: aws.url,
    operator: { ...keys.of(OPERATOR), region: stack.region },
    invoke: (functionId, payload) => invoke(stack, functions, functionId, payload),
    workers: functions.instances,
  };
}

async function openStores(
  stack: StackModel,
  data: DataFolder,
  access: Access,
  atStop: AtStop,
): Promise<Omit<AwsServices, 'lambda'>> {
  const secrets = openSecretsFile(data.file('secrets.sqlite'));
  atStop(secrets.close);
  const dynamodb = await openDynamoDb(data.folder('dynamodb'), stack.tables);
  atStop(dynamodb.close);
  const s3 = createS3({
    folder: data.folder('s3'),
    region: stack.region,
    accountId: stack.accountId,
    credentialsOf: access.secretOf,
    authorize: access.authorize,
    kmsKeys: (name) => findKey(stack.keys, name)?.arn,
    log: access.log,
  });
  atStop(s3.close);
  for (const bucket of stack.buckets) s3.createBucket(bucket.name, bucket);
  const arnPrefix = `arn:aws:secretsmanager:${stack.region}:${stack.accountId}:secret:`;
  return {
    s3,
    dynamodb,
    kms: openKms(data.file('kms-keys.json'), stack.keys),
    keyOfSecret: (id) => secrets.find(id)?.key ?? undefined,
    secretsManager: createSecretsManager({ file: secrets, arnPrefix, now: Date.now }),
  };
}

async function serveApi(
  stack: StackModel,
  data: DataFolder,
  functions: Functions,
  port: number,
  atStop: AtStop,
): Promise<string> {
  if (stack.httpApi === undefined) throw new Error(`the stack ${stack.stackName} has no HTTP API`);
  const accessLog = openLogFile(data.folder('logs'), 'access');
  atStop(accessLog.close);
  const { accountId, httpApi: api } = stack;
  const server = await startHttpApi({ api, accountId, functions, port, accessLog });
  atStop(server.close);
  return server.url;
}

async function invoke(
  stack: StackModel,
  functions: Functions,
  functionId: string,
  payload: unknown,
): Promise<unknown> {
  const model = stack.functions.find(({ id }) => id === functionId);
  if (model === undefined) throw new Error(`the stack ${stack.stackName} has no function ${functionId}`);
  const result = await functions.invoke(model, JSON.stringify(payload));
  if (result.functionError !== undefined)
    throw new Error(`the function ${functionId} failed: ${result.payload}`);
  return JSON.parse(result.payload);
}
