import { existsSync, mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { type Functions, startFunctions } from '../../../local/lambda/functions.ts';
import { readStack } from '../../../local/template/model.ts';
import { type StackFixture, writeAssembly } from '../stack-fixture.ts';
import { temporaryFolder } from '../temporary-folder.ts';
import { isAlive, waitUntil } from '../wait-until.ts';

const CODE = `
  import { spawn } from 'node:child_process';
  let invocations = 0;
  export const handler = async (event, context) => {
    invocations += 1;
    if (event.log) console.log(event.log);
    if (event.child) {
      const child = spawn('sleep', ['600']);
      console.log('child ' + child.pid);
    }
    if (event.throws) throw new RangeError('too far');
    if (event.exits !== undefined) process.exit(event.exits);
    if (event.kills) process.kill(process.pid, 'SIGKILL');
    if (event.hangs) await new Promise((resolve) => setTimeout(resolve, 600_000));
    if (event.big) return 'x'.repeat(event.big);
    if (event.ms) await new Promise((resolve) => setTimeout(resolve, event.ms));
    return { pid: process.pid, invocations, event, environment: process.env, cwd: process.cwd(), context: {
      ...context, remaining: context.getRemainingTimeInMillis(),
    } };
  };
`;

const started: Functions[] = [];
let lines: string[] = [];

function start(fixture: StackFixture) {
  const folder = temporaryFolder();
  mkdirSync(join(folder, 'tmp'));
  const { functions: models } = readStack(writeAssembly(fixture));
  const functions = startFunctions({
    models,
    region: 'us-east-1',
    awsUrl: 'http://127.0.0.1:1',
    credentialsOf: ({ id }) => ({ accessKeyId: `key of ${id}`, secretAccessKey: 'secret' }),
    logFolder: folder,
    temporaryFolder: join(folder, 'tmp'),
    queueFile: join(folder, 'queue.sqlite'),
    onLine: (_, line) => lines.push(line),
  });
  started.push(functions);
  const [model] = models;
  if (model === undefined) throw new Error('the fixture has no function');
  const invoke = async (event: unknown) => {
    const { payload, functionError } = await functions.invoke(model, JSON.stringify(event));
    return { functionError, value: JSON.parse(payload) };
  };
  return { functions, model, invoke, folder };
}

const one = (properties = {}): StackFixture => ({ functions: { 'job-a': { code: CODE, properties } } });
const childPid = async (): Promise<number> => {
  const find = () => lines.find((line) => line.startsWith('child '));
  await waitUntil(() => find() !== undefined, 'the child runs');
  return Number(find()?.slice('child '.length));
};

beforeEach(() => {
  lines = [];
});
afterEach(async () => {
  await Promise.all(started.splice(0).map((functions) => functions.stop()));
});

describe('a function', () => {
  it('runs in a process of its own that stays warm', async () => {
    const { invoke, functions } = start(one());
    const first = await invoke({ a: 1 });
    const second = await invoke({ a: 2 });
    expect(first.value.event).toEqual({ a: 1 });
    expect(first.value.pid).not.toBe(process.pid);
    expect(second.value).toMatchObject({ pid: first.value.pid, invocations: 2 });
    expect(functions.instances()).toEqual([{ functionId: 'job-a', pid: first.value.pid, busy: false }]);
  });

  it('has only the environment of the template and of Lambda', async () => {
    const Variables = { OWN: 'value', TOOLS: '/opt/tools/bin' };
    const { invoke, model } = start({
      layer: { tools: '' },
      functions: {
        'job-a': {
          code: CODE,
          properties: { Environment: { Variables: { ...Variables, TOOLS: '/opt/tools' } } },
        },
      },
    });
    const { environment, cwd } = (await invoke({})).value;
    expect(environment).toMatchObject({
      OWN: 'value',
      TOOLS: join(model.layerFolders[0] ?? '', 'tools'),
      AWS_ENDPOINT_URL: 'http://127.0.0.1:1',
      AWS_ACCESS_KEY_ID: 'key of job-a',
      AWS_LAMBDA_FUNCTION_NAME: 'Test-job-a',
    });
    const ofNobody = Object.keys(process.env).filter(
      (name) => name in environment && environment[name] === process.env[name],
    );
    expect(ofNobody.filter((name) => !['PATH', 'LANG', 'TZ'].includes(name))).toEqual([]);
    expect(environment.HOME).toBe(environment.TMPDIR);
    expect(cwd).toBe(model.codeFolder);
  });

  it('gets the context of its invocation', async () => {
    const { invoke, model } = start(one({ Timeout: 20 }));
    const { context } = (await invoke({})).value;
    expect(context).toMatchObject({
      functionName: 'Test-job-a',
      functionVersion: '$LATEST',
      invokedFunctionArn: model.arn,
      memoryLimitInMB: '128',
      awsRequestId: expect.stringMatching(/^[0-9a-f-]{36}$/),
    });
    expect(context.remaining).toBeGreaterThan(15_000);
    expect(context.remaining).toBeLessThanOrEqual(20_000);
  });

  it('writes its output to its log file', async () => {
    const { invoke, functions, folder } = start(one());
    await invoke({ log: 'hello from inside' });
    await waitUntil(() => lines.includes('hello from inside'), 'the line arrives');
    await functions.stop();
    const log = readFileSync(join(folder, 'job-a.log'), 'utf8');
    expect(log).toMatch(/START RequestId: .*\n(.*\n)*hello from inside\n/);
    expect(log).toMatch(/REPORT RequestId: \S+ Duration: \d+ ms\n/);
  });

  it('answers what its handler throws', async () => {
    const { functionError, value } = await start(one()).invoke({ throws: true });
    expect(functionError).toBe('Unhandled');
    expect(value).toMatchObject({ errorType: 'RangeError', errorMessage: 'too far' });
    expect(value.trace[0]).toContain('too far');
  });

  it.each([
    ['exits', { exits: 3 }, 'exit status 3'],
    ['exits with 0', { exits: 0 }, 'exit status 0'],
    ['is killed', { kills: true }, 'signal: killed'],
  ])('that %s is an error, and the next invocation gets a new process', async (_, event, how) => {
    const { invoke } = start(one());
    const before = (await invoke({})).value.pid;
    const { functionError, value } = await invoke(event);
    expect(functionError).toBe('Unhandled');
    expect(value).toMatchObject({
      errorType: 'Runtime.ExitError',
      errorMessage: expect.stringContaining(how),
    });
    expect((await invoke({})).value.pid).not.toBe(before);
  });

  it('that takes too long is killed with everything that it started', async () => {
    const { invoke, functions } = start(one({ Timeout: 1 }));
    const { functionError, value } = await invoke({ child: true, hangs: true });
    expect(functionError).toBe('Unhandled');
    expect(value).toEqual({
      errorType: 'Sandbox.Timedout',
      errorMessage: expect.stringMatching(/^RequestId: \S+ Error: Task timed out after 1.00 seconds$/),
    });
    const child = await childPid();
    await waitUntil(() => !isAlive(child), 'the child is gone');
    expect((await invoke({})).functionError).toBeUndefined();
    expect(functions.instances()).toHaveLength(1);
  });

  it('takes its children along when it crashes', async () => {
    const { invoke } = start(one());
    await invoke({ child: true, kills: true });
    const child = await childPid();
    await waitUntil(() => !isAlive(child), 'the child is gone');
  });

  it('that cannot be loaded tells why', async () => {
    const { invoke } = start({ functions: { broken: { code: "throw new TypeError('bad module');" } } });
    const { functionError, value } = await invoke({});
    expect(functionError).toBe('Unhandled');
    expect(value).toMatchObject({
      errorType: 'TypeError',
      errorMessage: expect.stringContaining('bad module'),
    });
  });

  it('may not answer more than 6 MB', async () => {
    const { value } = await start(one()).invoke({ big: 6 * 1024 * 1024 });
    expect(value.errorType).toBe('Function.ResponseSizeTooLarge');
  });

  it('runs several invocations at once in several processes, up to its reservation', async () => {
    const { invoke, functions, model } = start(one({ ReservedConcurrentExecutions: 2, Timeout: 20 }));
    const both = [invoke({ ms: 500 }), invoke({ ms: 500 })];
    await expect(functions.invoke(model, '{}')).rejects.toMatchObject({
      code: 'TooManyRequestsException',
      status: 429,
    });
    const [first, second] = await Promise.all(both);
    expect(first?.value.pid).not.toBe(second?.value.pid);
    expect((await invoke({})).functionError).toBeUndefined();
  });

  it('lets invocations wait where more come than a laptop should run at once', async () => {
    const { invoke } = start(one({ Timeout: 20 }));
    const answers = await Promise.all(Array.from({ length: 15 }, () => invoke({ ms: 100 })));
    expect(answers.filter(({ functionError }) => functionError !== undefined)).toEqual([]);
    expect(new Set(answers.map(({ value }) => value.pid)).size).toBe(10);
  }, 20_000);

  it('dies when the cloud stops, and leaves no temporary folder', async () => {
    const { invoke, functions } = start(one());
    const { pid, environment } = (await invoke({ child: true })).value;
    const child = await childPid();
    await functions.stop();
    await waitUntil(() => !isAlive(pid) && !isAlive(child), 'the processes are gone');
    expect(existsSync(environment.TMPDIR)).toBe(false);
  });

  it('whose layer lacks what a variable points to stops the start', () => {
    const Environment = { Variables: { TOOLS: '/opt/nothing' } };
    expect(() => start(one({ Environment }))).toThrow('no layer of job-a holds /opt/nothing');
  });
});
