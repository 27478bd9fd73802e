import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import {
  CheckpointDurableExecutionCommand,
  InvokeCommand,
  ListDurableExecutionsByFunctionCommand,
  StopDurableExecutionCommand,
} from '@aws-sdk/client-lambda';
import { temporaryFolder } from '../../../temporary-folder.ts';
import { waitUntil } from '../../../wait-until.ts';
import {
  begin,
  type DurableStack,
  describeExecution,
  durableFolders,
  endOf,
  historyOf,
  SDK,
  startDurable,
  stopDurable,
} from './durable-fixture.ts';

// Clouds and functions are processes of their own, and some wait in real seconds.
import.meta.jest.setTimeout(60_000);

afterEach(stopDurable);

const start = (made: DurableStack) => startDurable(durableFolders(made));
const workflow = (body: string): string =>
  `${SDK} export const handler = withDurableExecution(async (event, context) => { ${body} });`;
const result = ({ Result }: { readonly Result?: string | undefined }): unknown =>
  JSON.parse(Result ?? 'null');
const types = (events: readonly { readonly EventType?: string | undefined }[]) =>
  events.map(({ EventType }) => EventType);

describe('a start', () => {
  const made = { workflow: workflow(`await context.wait('pause', { seconds: 600 });`) };

  it('under one name happens once, and is refused for another payload', async () => {
    const { client } = await start(made);
    const [first, second] = await Promise.all([
      begin(client, { a: 1 }, 'bk_1'),
      begin(client, { a: 1 }, 'bk_1'),
    ]);
    expect(second).toBe(first);
    expect(first).toMatch(/:function:Test-workflow:\d+\/durable-execution\/bk_1\/[\w-]+$/);
    await expect(begin(client, { a: 2 }, 'bk_1')).rejects.toMatchObject({
      name: 'DurableExecutionAlreadyStartedException',
      $metadata: { httpStatusCode: 409 },
    });
    expect(await begin(client, { a: 1 }, 'bk_2')).not.toBe(first);
    const list = async (input = {}) => {
      const FunctionName = 'Test-workflow';
      const { DurableExecutions = [] } = await client.send(
        new ListDurableExecutionsByFunctionCommand({ FunctionName, ...input }),
      );
      return DurableExecutions.map(({ DurableExecutionName }) => DurableExecutionName);
    };
    expect(await list({ Statuses: ['RUNNING'] })).toEqual(['bk_1', 'bk_2']);
    expect(await list({ ReverseOrder: true, MaxItems: 1 })).toEqual(['bk_2']);
    expect(await list({ Statuses: ['FAILED'] })).toEqual([]);
    expect(await list({ DurableExecutionName: 'bk_2', Qualifier: 'live' })).toEqual(['bk_2']);
    expect(await list({ Qualifier: '$LATEST' })).toEqual([]);
  });

  it.each([
    ['of a function without a qualifier', { FunctionName: 'Test-workflow' }],
    ['under a name that is none', { FunctionName: 'Test-workflow:live', DurableExecutionName: 'a b' }],
    ['under a name, of a plain function', { FunctionName: 'Test-worker', DurableExecutionName: 'a' }],
  ])('%s is refused', async (_, input) => {
    const { client } = await start(made);
    await expect(client.send(new InvokeCommand({ ...input, InvocationType: 'Event' }))).rejects.toMatchObject(
      {
        name: 'InvalidParameterValueException',
      },
    );
  });
});

describe('an execution', () => {
  it('is answered to a caller that waits, also where it fails', async () => {
    const { client } = await start({
      workflow: workflow(`await context.wait('pause', { seconds: 1 });
        if (event.fails) throw new RangeError('too far');
        return event;`),
    });
    const invoke = async (payload: unknown) => {
      const answer = await client.send(
        new InvokeCommand({
          FunctionName: 'Test-workflow:live',
          Payload: Buffer.from(JSON.stringify(payload)),
        }),
      );
      return { error: answer.FunctionError, value: JSON.parse(answer.Payload?.transformToString() ?? '') };
    };
    const [good, bad] = await Promise.all([invoke({ a: '😀' }), invoke({ fails: true })]);
    expect(good).toEqual({ error: undefined, value: { a: '😀' } });
    expect(bad).toMatchObject({
      error: 'Unhandled',
      value: { errorType: 'RangeError', errorMessage: 'too far' },
    });
  });

  it.each([
    [
      'throws',
      { worker: `export const handler = () => { throw new TypeError('on purpose'); };` },
      'on purpose',
    ],
    [
      'dies',
      { worker: `export const handler = () => process.kill(process.pid, 'SIGKILL');` },
      /exited with error: signal: killed/,
    ],
    [
      'takes too long',
      {
        worker: 'export const handler = () => new Promise(() => setInterval(() => {}, 1000));',
        workerTimeoutSeconds: 1,
      },
      /timed out after 1.00 seconds/,
    ],
    ['is not there', { variables: { OTHER: 'Test-nobody:7' } }, /Function not found: Test-nobody:7/],
    [
      'may be invoked, but not as this version',
      {
        statements: [
          {
            Effect: 'Allow',
            Action: ['lambda:*DurableExecution*', 'lambda:InvokeFunction'],
            Resource: [
              'arn:aws:lambda:us-east-1:000000000000:function:Test-workflow:*',
              'arn:aws:lambda:us-east-1:000000000000:function:Test-worker',
            ],
          },
        ],
      },
      /not authorized to perform: lambda:InvokeFunction/,
    ],
    [
      'may not be invoked',
      { statements: [{ Effect: 'Allow', Action: 'lambda:*DurableExecution*', Resource: '*' }] },
      /not authorized to perform: lambda:InvokeFunction/,
    ],
  ])('catches a function that %s', async (_, made, message) => {
    const { client } = await start({
      workflow: workflow(`return context.invoke('call', process.env.OTHER ?? process.env.WORKER, {})
        .catch((error) => ({ name: error.name, message: error.message }));`),
      ...made,
    });
    const ended = await endOf(client, await begin(client, {}));
    expect(result(ended)).toEqual({
      name: 'InvokeError',
      message: typeof message === 'string' ? message : expect.stringMatching(message),
    });
  });

  it('goes on after its function was killed in a step', async () => {
    const folder = temporaryFolder();
    const { client } = await start({
      variables: { MARK: join(folder, 'mark') },
      workflow: `import { existsSync, appendFileSync } from 'node:fs';
        ${workflow(`
          const first = await context.step('first', async () => { appendFileSync(process.env.MARK + '-first', 'x'); return 1; }, once);
          await context.step('second', async () => {
            if (existsSync(process.env.MARK)) return 2;
            appendFileSync(process.env.MARK, 'x');
            process.kill(process.pid, 'SIGKILL');
          }, once);
          return first;`)}`,
    });
    const arn = await begin(client, {});
    expect(result(await endOf(client, arn))).toBe(1);
    expect(readFileSync(join(folder, 'mark-first'), 'utf8')).toBe('x');
    const invocations = (await historyOf(client, arn)).filter(
      ({ EventType }) => EventType === 'InvocationCompleted',
    );
    expect(
      invocations.map(({ InvocationCompletedDetails: details }) => details?.Error?.Payload?.ErrorType),
    ).toEqual(['Runtime.ExitError', undefined]);
  });

  it('is stopped, and what its function writes afterwards is refused', async () => {
    const folder = temporaryFolder();
    const { client, log } = await start({
      variables: { MARK: join(folder, 'mark') },
      workflow: `import { existsSync, writeFileSync } from 'node:fs';
        ${workflow(`await context.step('slow', async () => {
          writeFileSync(process.env.MARK, String(process.pid));
          while (!existsSync(process.env.MARK + '-go')) await new Promise((resume) => setTimeout(resume, 20));
        }, once);`)}`,
    });
    const arn = await begin(client, {});
    await waitUntil(() => fileThere(join(folder, 'mark')), 'the step runs');
    const reason = { ErrorType: 'cancelled', ErrorMessage: 'by the user' };
    await client.send(new StopDurableExecutionCommand({ DurableExecutionArn: arn, Error: reason }));
    writeFileSync(join(folder, 'mark-go'), '');
    expect(await describeExecution(client, arn)).toMatchObject({ Status: 'STOPPED', Error: reason });
    await waitUntil(
      () => log.some((line) => line.includes('Checkpoint failed: Invalid Checkpoint Token')),
      'the function is refused',
    );
    expect(types(await historyOf(client, arn)).at(-1)).toBe('ExecutionStopped');
    await expect(
      client.send(new StopDurableExecutionCommand({ DurableExecutionArn: arn })),
    ).rejects.toMatchObject({
      name: 'InvalidParameterValueException',
    });
  });

  it('ends when its own time is over', async () => {
    const { client } = await start({
      executionTimeoutSeconds: 1,
      workflow: workflow(`await context.wait('pause', { seconds: 600 });`),
    });
    const arn = await begin(client, {});
    expect(await endOf(client, arn)).toMatchObject({ Status: 'TIMED_OUT' });
    expect(types(await historyOf(client, arn)).at(-1)).toBe('ExecutionTimedOut');
  });

  it.each([
    ['CheckpointDurableExecution', 'GetDurableExecutionState'],
    ['GetDurableExecutionState', 'CheckpointDurableExecution'],
  ])('cannot go on where its role may not %s', async (missing, granted) => {
    const { client, log } = await start({
      executionTimeoutSeconds: 3,
      statements: [{ Effect: 'Allow', Action: `lambda:${granted}`, Resource: '*' }],
      workflow: workflow(`await context.wait('pause', { seconds: 1 });`),
    });
    expect((await endOf(client, await begin(client, {}))).Status).toMatch(/^(FAILED|TIMED_OUT)$/);
    expect(log.some((line) => line.includes(`IAM denies Test-workflow lambda:${missing}`))).toBe(true);
  });

  it('carries more state than one invocation takes, and a result that is larger than an answer', async () => {
    const { client } = await start({
      workflow: workflow(`
        const texts = [];
        for (let n = 0; n < 12; n += 1) texts.push(await context.step('s' + n, async () => String(n % 10).repeat(200_000), once));
        await context.wait('pause', { seconds: 1 });
        return texts.join('').repeat(3);`),
    });
    const ended = await endOf(client, await begin(client, {}));
    expect(ended.Status).toBe('SUCCEEDED');
    expect(String(result(ended))).toHaveLength(12 * 3 * 200_000);
  });

  it.each([
    [
      'waits for nothing',
      `export const handler = async () => ({ Status: 'PENDING' });`,
      'Cannot return PENDING status with no pending operations.',
    ],
    [
      'is no durable function',
      'export const handler = async () => 1;',
      'Invalid Status in invocation output.',
    ],
  ])('of a function that %s fails', async (_, source, ErrorMessage) => {
    const { client } = await start({ workflow: source });
    expect(await endOf(client, await begin(client, {}))).toMatchObject({
      Status: 'FAILED',
      Error: { ErrorMessage },
    });
  });

  it('takes no checkpoint of whoever has not the newest token', async () => {
    const { client } = await start({ workflow: workflow(`await context.wait('pause', { seconds: 600 });`) });
    const DurableExecutionArn = await begin(client, {});
    const stale = new CheckpointDurableExecutionCommand({
      DurableExecutionArn,
      CheckpointToken: 'old',
      Updates: [],
    });
    await expect(client.send(stale)).rejects.toMatchObject({
      name: 'InvalidParameterValueException',
      message: expect.stringMatching(/^Invalid Checkpoint Token/),
    });
  });
});

function fileThere(path: string): boolean {
  try {
    return readFileSync(path).length >= 0;
  } catch {
    return false;
  }
}
