import { join } from 'node:path';
import { CACHE_FOLDER } from '../../../layers/cache.ts';
import { synthesize } from '../../../local/synthesize.ts';
import { readStack } from '../../../local/template/model.ts';
import { readRules } from '../../../local/template/rules.ts';
import type { Stack } from '../../../local/template/stack.ts';

it('reads which functions of the stack are called every minute', async () => {
  const folder = join(CACHE_FOLDER, 'assembly');
  await synthesize({ folder });
  const { rules, functions } = readStack(folder);
  const called = rules.map(({ everyMinutes, targets }) => [
    everyMinutes,
    targets.map(({ arn, isPermitted }) => [functions.find((one) => one.arn === arn)?.id, isPermitted]),
  ]);
  expect(called.sort()).toEqual([
    [1, [['sign', true]]],
    [1, [['sweep', true]]],
  ]);
}, 120_000);

const stackOf = (properties: object): Stack => ({
  name: 's',
  region: 'r',
  resources: (type, { used }) =>
    type === 'AWS::Events::Rule'
      ? [{ logicalId: 'a', path: [], reference: 'a', attributes: {}, properties: used.parse(properties) }]
      : [],
});

it('leaves out a rule that is switched off, and refuses one that goes by the calendar', () => {
  const ScheduleExpression = 'rate(5 minutes)';
  expect(readRules(stackOf({ ScheduleExpression }))).toMatchObject([{ everyMinutes: 5, targets: [] }]);
  expect(readRules(stackOf({ ScheduleExpression, State: 'DISABLED' }))).toEqual([]);
  expect(() => readRules(stackOf({ ScheduleExpression: 'cron(0 3 * * ? *)' }))).toThrow('rate(n minutes)');
});
