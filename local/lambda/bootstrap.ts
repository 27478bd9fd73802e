/**
 * What runs inside every function's process, as Lambda's own Node runtime does: it loads the handler once, then
 * answers one invocation after another. Started by instance.ts with the function's environment and nothing else.
 */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import type { FunctionMessage, InvokeMessage } from './messages.ts';

type Handler = (event: unknown, context: Readonly<Record<string, unknown>>) => unknown;

const environment = (name: string): string => process.env[name] ?? '';
const send = (message: FunctionMessage): void => {
  process.send?.(message);
};

// The cloud is gone, perhaps killed: neither this process nor a dump tool that it started may go on.
process.on('disconnect', () => process.kill(-process.pid, 'SIGKILL'));

try {
  const handler = await loadHandler();
  process.on('message', (message: InvokeMessage) => void answer(handler, message));
  send({ kind: 'ready' });
} catch (error) {
  console.error(error);
  send({ kind: 'start-failed', error: describe(error) });
}

async function loadHandler(): Promise<Handler> {
  const [file = '', exported = ''] = environment('_HANDLER').split('.');
  const path = ['.mjs', '.js', '.cjs']
    .map((ending) => join(environment('LAMBDA_TASK_ROOT'), file + ending))
    .find((candidate) => existsSync(candidate));
  if (path === undefined) throw new Error(`no module ${file} in the code of the function`);
  const handler: unknown = (await import(pathToFileURL(path).href))[exported];
  if (typeof handler !== 'function') throw new Error(`${file} exports no function ${exported}`);
  return (event, context) => handler(event, context);
}

async function answer(handler: Handler, message: InvokeMessage): Promise<void> {
  const { requestId } = message;
  try {
    const result = await handler(JSON.parse(message.payload), contextOf(message));
    send({ kind: 'result', requestId, payload: JSON.stringify(result) ?? 'null' });
  } catch (error) {
    console.error(error);
    send({ kind: 'error', requestId, error: describe(error) });
  }
}

/** @see https://docs.aws.amazon.com/lambda/latest/dg/nodejs-context.html */
const contextOf = ({
  requestId,
  functionArn,
  deadline,
}: InvokeMessage): Readonly<Record<string, unknown>> => ({
  awsRequestId: requestId,
  functionName: environment('AWS_LAMBDA_FUNCTION_NAME'),
  functionVersion: environment('AWS_LAMBDA_FUNCTION_VERSION'),
  invokedFunctionArn: functionArn,
  memoryLimitInMB: environment('AWS_LAMBDA_FUNCTION_MEMORY_SIZE'),
  logGroupName: environment('AWS_LAMBDA_LOG_GROUP_NAME'),
  logStreamName: environment('AWS_LAMBDA_LOG_STREAM_NAME'),
  callbackWaitsForEmptyEventLoop: true,
  getRemainingTimeInMillis: () => Math.max(0, deadline - Date.now()),
});

/** What Lambda answers for an error that a handler threw. */
function describe(error: unknown): { errorType: string; errorMessage: string; trace: string[] } {
  if (!(error instanceof Error)) return { errorType: typeof error, errorMessage: String(error), trace: [] };
  return { errorType: error.name, errorMessage: error.message, trace: (error.stack ?? '').split('\n') };
}
