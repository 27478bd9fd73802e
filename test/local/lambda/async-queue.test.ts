import { join } from 'node:path';
import { AwsError } from '../../../local/aws/aws-error.ts';
import { openAsyncQueue } from '../../../local/lambda/async-queue.ts';
import type { InvocationResult } from '../../../local/lambda/instance.ts';
import { readStack } from '../../../local/template/model.ts';
import { writeAssembly } from '../stack-fixture.ts';
import { temporaryFolder } from '../temporary-folder.ts';
import { waitUntil } from '../wait-until.ts';

const SUCCESS: InvocationResult = { payload: 'null' };
const FAILURE: InvocationResult = { payload: '{}', functionError: 'Unhandled' };
const never = new Promise<InvocationResult>(() => undefined);

const open: { stop(): void }[] = [];
afterEach(() => {
  for (const queue of open.splice(0)) queue.stop();
});

/** @param answers what the function does at each attempt; the last answer is repeated */
function start(
  answers: readonly (() => Promise<InvocationResult>)[],
  { retries = 0, file = join(temporaryFolder(), 'queue.sqlite'), properties = {} } = {},
) {
  const folder = writeAssembly({
    functions: { job: { code: '', retries } },
    resources: properties,
  });
  const { functions: models } = readStack(folder);
  const [model] = models;
  if (model === undefined) throw new Error('the fixture has no function');
  const attempts: string[] = [];
  const lines: string[] = [];
  const queue = openAsyncQueue({
    file,
    models,
    invoke: (_, payload) => {
      attempts.push(payload);
      return (answers[attempts.length - 1] ?? answers.at(-1) ?? (() => never))();
    },
    log: (_, line) => lines.push(line),
    retryDelaysMs: [5, 5],
    throttleDelayMs: 5,
  });
  open.push(queue);
  return { queue, model, attempts, lines, file };
}

describe('an asynchronous event', () => {
  it('is delivered once where the function succeeds', async () => {
    const { queue, model, attempts, file } = start([async () => SUCCESS], { retries: 2 });
    queue.enqueue(model, '{"a":1}');
    await waitUntil(() => attempts.length === 1, 'the event is delivered');
    queue.stop();
    open.pop();
    const again = start([async () => SUCCESS], { file });
    again.queue.enqueue(again.model, '"marker"');
    await waitUntil(() => again.attempts.length > 0, 'the marker is delivered');
    expect(again.attempts).toEqual(['"marker"']);
  });

  it('is not tried again where no retries are allowed', async () => {
    const { queue, model, attempts, lines } = start([async () => FAILURE], { retries: 0 });
    queue.enqueue(model, '{}');
    await waitUntil(() => lines.length > 0, 'the event is dropped');
    expect(lines).toEqual(['dropped an asynchronous event: no attempt left']);
    expect(attempts).toHaveLength(1);
  });

  it('is tried again as often as the template says', async () => {
    const { queue, model, attempts, lines } = start([async () => FAILURE], { retries: 2 });
    queue.enqueue(model, '{}');
    await waitUntil(() => lines.length > 0, 'the event is dropped');
    expect(attempts).toHaveLength(3);
  });

  it('that cannot be delivered has had its attempt, and is logged', async () => {
    const noProcess = () => Promise.reject(new Error('spawn EAGAIN'));
    const { queue, model, attempts, lines } = start([noProcess, async () => SUCCESS], { retries: 1 });
    queue.enqueue(model, '{}');
    await waitUntil(() => attempts.length === 2, 'the second attempt');
    expect(lines).toEqual([expect.stringMatching(/spawn EAGAIN/)]);
  });

  it('waits where the function is throttled, which is no attempt', async () => {
    const throttle = () => Promise.reject(new AwsError(429, 'TooManyRequestsException', 'Rate Exceeded.'));
    const { queue, model, attempts } = start([throttle, throttle, async () => SUCCESS]);
    queue.enqueue(model, '{}');
    await waitUntil(() => attempts.length === 3, 'the third delivery');
  });

  it('outlives the cloud before its delivery', async () => {
    const first = start([() => Promise.reject(new AwsError(429, 'TooManyRequestsException', ''))]);
    first.queue.enqueue(first.model, '{"kept":true}');
    await waitUntil(() => first.attempts.length > 0, 'the first delivery is throttled');
    first.queue.stop();
    open.pop();
    const second = start([async () => SUCCESS], { file: first.file });
    await waitUntil(() => second.attempts.length > 0, 'the event is delivered by the next cloud');
    expect(second.attempts).toEqual(['{"kept":true}']);
  });

  it('whose only attempt the end of the cloud cut off is not delivered twice', async () => {
    const first = start([() => never]);
    first.queue.enqueue(first.model, '{}');
    await waitUntil(() => first.attempts.length === 1, 'the attempt runs');
    first.queue.stop();
    open.pop();
    const second = start([async () => SUCCESS], { file: first.file });
    expect(second.lines).toEqual(['dropped an asynchronous event: its last attempt was cut off']);
  });
});
