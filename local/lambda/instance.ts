/** One execution environment of a function: a process of its own, warm between invocations. */
import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtempSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { errorCode } from '../error-code.ts';
import { type FunctionModel, withVersion } from '../template/functions.ts';
import { within } from '../within.ts';
import type { LogFile } from './log-file.ts';
import type { FunctionError, FunctionMessage, InvokeMessage } from './messages.ts';

/** The answer of a function; with `functionError` the payload describes what went wrong. */
export interface InvocationResult {
  /** JSON text. */
  readonly payload: string;
  readonly functionError?: 'Unhandled';
}

export interface Instance {
  readonly pid: number;
  /** Runs one invocation; the instance must be free. Never rejects: time-outs and crashes are answers. */
  invoke(requestId: string, payload: string): Promise<InvocationResult>;
  /** False once it was killed or has ended: it takes no invocation any more. */
  usable(): boolean;
  /** Kills the process and everything that it started. */
  kill(): void;
  /** Settles when the process is gone and its temporary folder removed. */
  readonly ended: Promise<void>;
}

export interface InstanceSetUp {
  readonly model: FunctionModel;
  readonly environment: Readonly<Record<string, string>>;
  /** Where the instance makes its own /tmp. */
  readonly temporaryRoot: string;
  readonly log: LogFile;
}

/** How long the handler's module may take to load. Lambda allows 10 s; a laptop also runs databases meanwhile. */
const START_TIMEOUT_MS = 30_000;
/** @see https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html */
const RESPONSE_LIMIT_BYTES = 6 * 1024 * 1024;

const BOOTSTRAP = join(import.meta.dirname, 'bootstrap.ts');

export function startInstance({ model, environment, temporaryRoot, log }: InstanceSetUp): Instance {
  const temporaryFolder = mkdtempSync(join(temporaryRoot, `${model.id}-`));
  const child = startBootstrap(model, environment, temporaryFolder);
  if (child.stdout !== null) log.follow(child.stdout);
  if (child.stderr !== null) log.follow(child.stderr);
  const exit = exitOf(child);
  let usable = true;
  const kill = (): void => {
    usable = false;
    killGroup(child);
  };
  const ended = exit.then(() => {
    // A sandbox on AWS ends as a whole: no dump tool outlives its worker.
    kill();
    // What cannot be removed yet is removed at the next start of the cloud.
    return rm(temporaryFolder, { recursive: true, force: true, maxRetries: 5 }).catch(() => undefined);
  });
  const startFailure = within(START_TIMEOUT_MS, Promise.race([started(child), exit.then(exited)])).then(
    (failure) => (failure === 'late' ? timedOut(START_TIMEOUT_MS / 1000) : failure),
  );

  return {
    pid: child.pid ?? 0,
    usable: () => usable,
    kill,
    ended,
    invoke: async (requestId, payload) => {
      const failure = await startFailure;
      if (failure !== undefined) {
        kill();
        return failed(requestId, failure);
      }
      const timeoutMs = model.timeoutSeconds * 1000;
      const began = performance.now();
      log.line(`START RequestId: ${requestId}`);
      const answer = answerTo(child, requestId);
      const deadline = Date.now() + timeoutMs;
      const functionArn = withVersion(model.arn, model.version);
      const message: InvokeMessage = { kind: 'invoke', requestId, functionArn, payload, deadline };
      child.send(message, () => undefined);
      let result = await within(
        timeoutMs,
        Promise.race([answer, ended.then(async () => failed(requestId, exited(await exit)))]),
      );
      if (result === 'late') {
        kill();
        result = failed(requestId, timedOut(model.timeoutSeconds));
      }
      const error = result.functionError === undefined ? '' : ` Error: ${result.payload}`;
      log.line(
        `REPORT RequestId: ${requestId} Duration: ${(performance.now() - began).toFixed(0)} ms${error}`,
      );
      return result;
    },
  };
}

function startBootstrap(
  model: FunctionModel,
  environment: Readonly<Record<string, string>>,
  temporaryFolder: string,
): ChildProcess {
  return spawn(process.execPath, [BOOTSTRAP], {
    cwd: model.codeFolder,
    // The SDK looks for ~/.aws: what the user keeps there must not reach a function.
    env: { ...environment, TMPDIR: temporaryFolder, HOME: temporaryFolder },
    stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
    // The leader of a process group of its own, so that what it starts can be killed with it.
    detached: true,
  });
}

/** Tells how the process ended, or why it did not start. */
const exitOf = (child: ChildProcess): Promise<string> =>
  new Promise((tell) => {
    child.once('error', (error) => tell(error.message));
    child.once('exit', (code, signal) =>
      tell(signal === null ? `exit status ${code}` : `signal: ${signalName(signal)}`),
    );
  });

/** Settles with nothing when the handler is loaded, and with the error when it cannot be. */
function started(child: ChildProcess): Promise<FunctionError | undefined> {
  return new Promise((settle) => {
    child.once('message', (message: FunctionMessage) =>
      settle(message.kind === 'start-failed' ? message.error : undefined),
    );
  });
}

function answerTo(child: ChildProcess, requestId: string): Promise<InvocationResult> {
  return new Promise((settle) => {
    child.once('message', (message: FunctionMessage) => {
      if (message.kind === 'error') return settle(failed(undefined, message.error));
      if (message.kind !== 'result') return;
      const bytes = Buffer.byteLength(message.payload);
      if (bytes <= RESPONSE_LIMIT_BYTES) return settle({ payload: message.payload });
      settle(
        failed(requestId, {
          errorType: 'Function.ResponseSizeTooLarge',
          errorMessage: `Response payload size (${bytes} bytes) exceeded maximum allowed payload size (6291556 bytes).`,
        }),
      );
    });
  });
}

const failed = (requestId: string | undefined, error: FunctionError): InvocationResult => ({
  functionError: 'Unhandled',
  payload: JSON.stringify(
    requestId === undefined
      ? error
      : { ...error, errorMessage: `RequestId: ${requestId} Error: ${error.errorMessage}` },
  ),
});
const timedOut = (seconds: number): FunctionError => ({
  errorType: 'Sandbox.Timedout',
  errorMessage: `Task timed out after ${seconds.toFixed(2)} seconds`,
});
const exited = (how: string): FunctionError => ({
  errorType: 'Runtime.ExitError',
  errorMessage: `Runtime exited with error: ${how}`,
});
const signalName = (signal: string): string => (signal === 'SIGKILL' ? 'killed' : signal);

function killGroup(child: ChildProcess): void {
  if (child.pid === undefined) return;
  try {
    process.kill(-child.pid, 'SIGKILL');
  } catch (error) {
    // Nothing of the group is left, which is what was wanted.
    if (errorCode(error) !== 'ESRCH') throw error;
  }
}
