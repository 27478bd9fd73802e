import { join } from 'node:path';
import { endExecution } from '../../../../../local/aws/lambda/durable/change-execution.ts';
import { checkpoint } from '../../../../../local/aws/lambda/durable/checkpoint.ts';
import { type OperationUpdate, operationUpdate } from '../../../../../local/aws/lambda/durable/operation.ts';
import { startExecution } from '../../../../../local/aws/lambda/durable/start-execution.ts';
import { openExecutionStore } from '../../../../../local/aws/lambda/durable/store.ts';
import { createTokens } from '../../../../../local/aws/lambda/durable/tokens.ts';
import { readStack } from '../../../../../local/template/model.ts';
import { writeAssembly } from '../../../stack-fixture.ts';
import { temporaryFolder } from '../../../temporary-folder.ts';
import { durableStack } from './durable-fixture.ts';

const NOW = Date.UTC(2026, 0, 1);
const { functions } = readStack(writeAssembly(durableStack({ workflow: '' })));
const model = functions.find(({ id, version }) => id === 'workflow' && version !== '$LATEST');
if (model === undefined) throw new Error('the fixture has no workflow');

const start = () => {
  const store = openExecutionStore(join(temporaryFolder(), 'executions.sqlite'));
  const { execution } = startExecution(store, { model, payload: '{}', name: 'bk_1' }, NOW);
  const found = () => ({ functionName: 'Test-worker', version: '1' });
  const write = (...updates: Partial<OperationUpdate>[]) =>
    checkpoint(
      store,
      execution,
      updates.map((update) => operationUpdate.parse(update)),
      found,
      NOW,
      'next',
    );
  return { store, execution, write };
};
const step = (Action: string, more = {}) =>
  ({ Id: 'a', Type: 'STEP', Action, ...more }) as Partial<OperationUpdate>;

it('a start is on disk together with the invocation that it begins with', () => {
  const { store, execution } = start();
  expect(store.running()).toEqual([{ execution, invoking: true }]);
});

describe('a checkpoint', () => {
  it('answers with all that changed since the one before', () => {
    const { write } = start();
    const ids = (output: ReturnType<typeof write>) => output.NewExecutionState.Operations.map(({ Id }) => Id);
    expect(ids(write(step('START'), { ...step('START'), Id: 'b' }))).toEqual(
      expect.arrayContaining(['a', 'b']),
    );
    expect(ids(write(step('SUCCEED', { Payload: '1' })))).toEqual(['a']);
    expect(ids(write())).toEqual([]);
  });

  it.each<[string, Partial<OperationUpdate>[]]>([
    ['a step that has ended', [step('SUCCEED')]],
    [
      'another type under an id that is taken',
      [{ ...step('START'), Type: 'WAIT', WaitOptions: { WaitSeconds: 1 } }],
    ],
    [
      'one operation twice',
      [
        { ...step('SUCCEED'), Id: 'b' },
        { ...step('SUCCEED'), Id: 'b' },
      ],
    ],
    ['a parent that is no context', [{ ...step('START'), Id: 'b', ParentId: 'a' }]],
    ['an action that the type has not', [{ ...step('RETRY'), Id: 'b', Type: 'WAIT' }]],
    ['a retry without a time', [{ ...step('RETRY'), Id: 'b' }]],
    ['a wait without a length', [{ ...step('START'), Id: 'b', Type: 'WAIT' }]],
    ['an invocation of nothing', [{ ...step('START'), Id: 'b', Type: 'CHAINED_INVOKE' }]],
    ['a callback, which nobody could answer', [{ ...step('START'), Id: 'b', Type: 'CALLBACK' }]],
    ['a payload over 256 KiB', [{ ...step('SUCCEED'), Id: 'b', Payload: 'x'.repeat(262_145) }]],
    ['an error over 32 KiB', [{ ...step('FAIL'), Id: 'b', Error: { ErrorMessage: 'x'.repeat(32_768) } }]],
    [
      'an end of the execution that is not last',
      [
        { ...step('SUCCEED'), Type: 'EXECUTION' },
        { ...step('START'), Id: 'b' },
      ],
    ],
    [
      'more than 3,000 operations',
      Array.from({ length: 3000 }, (_, n) => ({ ...step('START'), Id: `n${n}` })),
    ],
  ])('is refused as a whole for %s', (_, updates) => {
    const { store, execution, write } = start();
    write(step('START'), step('SUCCEED'));
    const before = [store.operations(execution.arn), store.events(execution.arn)];
    expect(() => write({ ...step('START'), Id: 'good' }, ...updates)).toThrow(
      expect.objectContaining({ code: 'InvalidParameterValueException' }),
    );
    expect([store.operations(execution.arn), store.events(execution.arn)]).toEqual(before);
  });
});

describe('a checkpoint token', () => {
  it('is used up, but for the same request once more', () => {
    const tokens = createTokens();
    const token = tokens.issue('arn');
    const exchange = (from: string, client: string) =>
      tokens.exchange('arn', from, client, (next) => ({ next }));
    const first = exchange(token, 'c1');
    expect(exchange(token, 'c1')).toBe(first);
    expect(() => exchange(token, 'c2')).toThrow('Invalid Checkpoint Token');
    expect(exchange(first.next, 'c2')).not.toEqual(first);
  });

  it('of an earlier invocation is worth nothing', () => {
    const tokens = createTokens();
    const earlier = tokens.issue('arn');
    tokens.issue('arn');
    expect(() => tokens.check('arn', earlier)).toThrow('Invalid Checkpoint Token');
  });
});

describe('the history of an execution', () => {
  it('is kept as many days as the template says, and frees its name then', () => {
    const { store, execution } = start();
    endExecution(store, execution.arn, { status: 'SUCCEEDED' }, 1, NOW);
    const day = 24 * 3600 * 1000;
    store.forget(NOW + day - 1);
    expect(store.find(execution.arn)).toMatchObject({ status: 'SUCCEEDED' });
    store.forget(NOW + day);
    expect([store.find(execution.arn), store.events(execution.arn)]).toEqual([undefined, []]);
    expect(startExecution(store, { model, payload: '{"b":1}', name: 'bk_1' }, NOW + day).isNew).toBe(true);
  });

  it('does not change after the end', () => {
    const { store, execution } = start();
    endExecution(store, execution.arn, { status: 'STOPPED' }, 1, NOW);
    endExecution(store, execution.arn, { status: 'SUCCEEDED' }, 1, NOW + 1);
    expect(store.find(execution.arn)).toMatchObject({ status: 'STOPPED', endedAt: NOW });
    expect(store.events(execution.arn).map(({ EventType }) => EventType)).toEqual([
      'ExecutionStarted',
      'ExecutionStopped',
    ]);
  });
});
