/** All functions of the stack: started on demand, each in processes of its own, with a log file each. */
import type { FunctionModel } from '../template/functions.ts';
import { openAsyncQueue } from './async-queue.ts';
import { functionEnvironment } from './environment.ts';
import { createFunctionPool } from './function-pool.ts';
import type { InvocationResult } from './instance.ts';
import { openLogFile } from './log-file.ts';

export interface Functions {
  /** Finds a function by its physical name or ARN; the qualifier names a version or an alias. @param qualifier default `$LATEST` */
  find(name: string, qualifier?: string): FunctionModel | undefined;
  /** @throws AwsError `TooManyRequestsException` */
  invoke(model: FunctionModel, payload: string): Promise<InvocationResult>;
  /** Accepts an event for later; it is on disk when this returns. */
  enqueue(model: FunctionModel, payload: string): void;
  /** The processes that live now. */
  instances(): readonly { readonly functionId: string; readonly pid: number; readonly busy: boolean }[];
  stop(): Promise<void>;
}

export interface FunctionsSetUp {
  readonly models: readonly FunctionModel[];
  readonly region: string;
  readonly awsUrl: string;
  readonly credentialsOf: (model: FunctionModel) => { accessKeyId: string; secretAccessKey: string };
  readonly logFolder: string;
  readonly temporaryFolder: string;
  readonly queueFile: string;
  /** Told of every line that a function prints. */
  readonly onLine?: (functionId: string, line: string) => void;
}

export function startFunctions(setUp: FunctionsSetUp): Functions {
  const { models, region, awsUrl, credentialsOf, logFolder, temporaryFolder, onLine } = setUp;
  const running = new Map(
    models.map((model) => {
      // Made here once, so that a variable that points into no layer stops the start of the cloud.
      const environment = functionEnvironment(model, { region, awsUrl, credentials: credentialsOf(model) });
      const log = openLogFile(logFolder, model.id, (line) => onLine?.(model.id, line));
      const pool = createFunctionPool({
        model,
        environment,
        temporaryRoot: temporaryFolder,
        log,
      });
      return [model, { pool, log }] as const;
    }),
  );
  const of = (model: FunctionModel) => {
    const found = running.get(model);
    if (found === undefined) throw new Error(`${model.id} is not a function of this stack`);
    return found;
  };
  const invoke = (model: FunctionModel, payload: string) => of(model).pool.invoke(payload);
  const queue = openAsyncQueue({
    file: setUp.queueFile,
    models,
    invoke,
    log: (model, line) => of(model).log.line(line),
  });

  return {
    find: (name, qualifier = '$LATEST') =>
      models.find(
        ({ name: own, arn, version, aliases }) =>
          (own === name || arn === name) && (version === qualifier || aliases.includes(qualifier)),
      ),
    invoke,
    enqueue: queue.enqueue,
    instances: () =>
      [...running].flatMap(([{ id }, { pool }]) =>
        pool.instances().map((instance) => ({ functionId: id, ...instance })),
      ),
    stop: async () => {
      queue.stop();
      await Promise.all([...running.values()].map(({ pool }) => pool.stop()));
      await Promise.all([...running.values()].map(({ log }) => log.close()));
    },
  };
}
