import { InvokeCommand, type InvokeCommandInput, LambdaClient } from '@aws-sdk/client-lambda';
import { waitUntil } from '../../wait-until.ts';
import { type AwsFixture, startAws } from '../aws-fixture.ts';

const CODE = `export const handler = async (event) => {
  if (event.fails) throw new Error('on purpose');
  if (event.ms) await new Promise((resolve) => setTimeout(resolve, event.ms));
  console.log('ran ' + JSON.stringify(event));
  return { echoed: event };
};`;
const ARN = 'arn:aws:lambda:us-east-1:000000000000:function:Test-echo';

let aws: AwsFixture;
let client: LambdaClient;
beforeAll(async () => {
  aws = await startAws({
    functions: { echo: { code: CODE, properties: { ReservedConcurrentExecutions: 1, Timeout: 20 } } },
  });
  client = new LambdaClient(aws.client);
});
afterAll(() => aws.stop());

const invoke = (input: Partial<InvokeCommandInput>, payload: unknown = {}) =>
  client.send(
    new InvokeCommand({ FunctionName: 'Test-echo', Payload: Buffer.from(JSON.stringify(payload)), ...input }),
  );
const runs = (): number => aws.log.filter((line) => line.startsWith('echo: ran')).length;

describe('Invoke', () => {
  it.each(['Test-echo', ARN, `${ARN}:$LATEST`, 'Test-echo:$LATEST'])(
    'answers for %s',
    async (FunctionName) => {
      const answer = await invoke({ FunctionName }, { a: '😀' });
      expect(answer).toMatchObject({ StatusCode: 200, ExecutedVersion: '$LATEST' });
      expect(answer.FunctionError).toBeUndefined();
      expect(JSON.parse(answer.Payload?.transformToString() ?? '')).toEqual({ echoed: { a: '😀' } });
    },
  );

  it('tells what a function threw', async () => {
    const answer = await invoke({}, { fails: true });
    expect(answer).toMatchObject({ StatusCode: 200, FunctionError: 'Unhandled' });
    expect(JSON.parse(answer.Payload?.transformToString() ?? '')).toMatchObject({
      errorMessage: 'on purpose',
    });
  });

  it('accepts an event and runs it afterwards', async () => {
    const before = runs();
    expect(await invoke({ InvocationType: 'Event' }, { async: true })).toMatchObject({ StatusCode: 202 });
    await waitUntil(() => runs() === before + 1, 'the event is delivered');
  });

  it('runs nothing in a dry run', async () => {
    const before = runs();
    expect(await invoke({ InvocationType: 'DryRun' })).toMatchObject({ StatusCode: 204 });
    await invoke({});
    expect(runs()).toBe(before + 1);
  });

  it('refuses more at once than is reserved', async () => {
    const first = invoke({}, { ms: 500 });
    const second = invoke({}, { ms: 500 });
    const [one, two] = await Promise.allSettled([first, second]);
    const refused = [one, two].filter((result) => result.status === 'rejected');
    expect(refused).toHaveLength(1);
    expect(refused[0]?.reason).toMatchObject({
      name: 'TooManyRequestsException',
      $metadata: { httpStatusCode: 429 },
    });
  });

  it.each<[string, Partial<InvokeCommandInput>, string, number]>([
    ['an unknown function', { FunctionName: 'none' }, 'ResourceNotFoundException', 404],
    ['an unknown qualifier', { Qualifier: 'live' }, 'ResourceNotFoundException', 404],
    ['a construct id, which is no name on AWS', { FunctionName: 'echo' }, 'ResourceNotFoundException', 404],
    ['a payload that is not JSON', { Payload: Buffer.from('{') }, 'InvalidRequestContentException', 400],
    ['over 6 MB', { Payload: Buffer.alloc(6 * 1024 * 1024 + 1, '1') }, 'RequestTooLargeException', 413],
    [
      'over 1 MB of an event',
      { InvocationType: 'Event', Payload: Buffer.alloc(1024 * 1024 + 1, '1') },
      'RequestTooLargeException',
      413,
    ],
    ['a log that is not emulated', { LogType: 'Tail' }, 'NotImplemented', 501],
  ])('refuses %s', async (_, input, name, httpStatusCode) => {
    await expect(invoke(input)).rejects.toMatchObject({ name, $metadata: { httpStatusCode } });
  });
});
