/** What cannot be begun at all, as where no process is to be had: an answer for who asked, and no end of the cloud. */
import { join } from 'node:path';
import { AwsError } from '../../../../../local/aws/aws-error.ts';
import { createChainedCalls } from '../../../../../local/aws/lambda/durable/chained-calls.ts';
import type { Ending } from '../../../../../local/aws/lambda/durable/end-operation.ts';
import { openDurableExecutions } from '../../../../../local/aws/lambda/durable/executions.ts';
import { startExecution } from '../../../../../local/aws/lambda/durable/start-execution.ts';
import { openExecutionStore } from '../../../../../local/aws/lambda/durable/store.ts';
import type { Functions } from '../../../../../local/lambda/functions.ts';
import { readStack } from '../../../../../local/template/model.ts';
import { writeAssembly } from '../../../stack-fixture.ts';
import { temporaryFolder } from '../../../temporary-folder.ts';
import { waitUntil } from '../../../wait-until.ts';

const noProcess = () => Promise.reject(Object.assign(new Error('spawn EAGAIN'), { code: 'EAGAIN' }));

/** A function of which each invocation does what `invoke` says. */
function functionOf(invoke: Functions['invoke']) {
  const [model] = readStack(writeAssembly({ functions: { job: { code: '' } } })).functions;
  if (model === undefined) throw new Error('the fixture has no function');
  const functions: Functions = {
    find: () => model,
    invoke,
    enqueue: () => {},
    instances: () => [],
    stop: async () => {},
  };
  return { model, functions };
}

describe('a call of an execution', () => {
  /** Makes one call, of a function that fails in this way. */
  async function call(invoke: Functions['invoke'], toldOf: () => void = () => {}) {
    const store = openExecutionStore(join(temporaryFolder(), 'executions.sqlite'));
    const { model, functions } = functionOf(invoke);
    const endings: Ending[] = [];
    const lines: string[] = [];
    const calls = createChainedCalls({
      store,
      functions,
      log: (line) => lines.push(line),
      ended: (_arn, _id, ending) => {
        endings.push(ending);
        toldOf();
      },
      signal: new AbortController().signal,
    });
    const { execution } = startExecution(store, { model, payload: '{}', name: 'one' }, Date.now());
    const made = { operationId: 'o', functionName: 'job', version: '1', payload: '{}', begun: false };
    store.write({ arn: execution.arn, calls: [made] });
    calls.begin(execution);
    await waitUntil(() => endings.length > 0, 'the call has ended');
    return { endings, lines };
  }

  it('that cannot be made fails as an error of the service, and is logged', async () => {
    const { endings, lines } = await call(noProcess);
    expect(endings).toMatchObject([{ status: 'FAILED', error: { ErrorType: 'ServiceException' } }]);
    expect(lines).toEqual([expect.stringMatching(/job.*spawn EAGAIN/)]);
  });

  it('that Lambda refuses fails with the reason', async () => {
    const refused = new AwsError(413, 'RequestTooLargeException', 'too large');
    const { endings } = await call(() => Promise.reject(refused));
    expect(endings).toMatchObject([{ status: 'FAILED', error: { ErrorType: 'RequestTooLargeException' } }]);
  });

  it('whose end cannot be told is logged', async () => {
    const { lines } = await call(
      async () => ({ payload: '{}' }),
      () => {
        throw new Error('disk full');
      },
    );
    await waitUntil(() => lines.length > 0, 'it is logged');
    expect(lines).toEqual([expect.stringMatching(/disk full/)]);
  });
});

it('an execution whose function cannot be started is tried again, and logged', async () => {
  let attempts = 0;
  const { model, functions } = functionOf(() => {
    attempts += 1;
    return attempts === 1 ? noProcess() : Promise.resolve({ payload: '{"Status":"SUCCEEDED"}' });
  });
  const lines: string[] = [];
  const executions = openDurableExecutions({
    file: join(temporaryFolder(), 'executions.sqlite'),
    functions,
    log: (line) => lines.push(line),
    retryDelayMs: 1,
  });
  const durable = { ...model, durable: { timeoutSeconds: 60, retentionDays: 1 } };
  const { arn } = executions.start(durable, '{}', 'one');
  expect(await executions.ended(arn)).toMatchObject({ status: 'SUCCEEDED' });
  expect(lines).toEqual([expect.stringMatching(/spawn EAGAIN/)]);
  executions.close();
});
