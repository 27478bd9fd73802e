import { startRules } from '../../../local/events/rules.ts';
import type { Functions } from '../../../local/lambda/functions.ts';
import type { FunctionModel } from '../../../local/template/functions.ts';
import { waitUntil } from '../wait-until.ts';

const TARGET = 'arn:aws:lambda:eu-central-1:000000000000:function:sweep';
const aFunction: FunctionModel = {
  id: 'sweep',
  logicalId: 'sweep',
  name: 'sweep',
  arn: TARGET,
  version: '$LATEST',
  aliases: [],
  roleName: 'r',
  codeFolder: '/',
  layerFolders: [],
  handler: 'index.handler',
  timeoutSeconds: 1,
  memoryMegabytes: 128,
  environment: {},
  logGroupName: 'l',
  asynchronous: { maximumRetries: 0, maximumAgeSeconds: 60 },
};

function scene(target: string, isPermitted = true) {
  const sent: string[] = [];
  const lines: string[] = [];
  const functions: Functions = {
    find: (name) => (name === TARGET ? aFunction : undefined),
    invoke: () => Promise.reject(new Error('not to be waited for')),
    enqueue: (_, payload) => void sent.push(payload),
    instances: () => [],
    stop: async () => {},
  };
  const rules = [
    { name: 'minutely', arn: 'arn:of:rule', everyMinutes: 2, targets: [{ arn: target, isPermitted }] },
  ];
  const start = () =>
    startRules({
      rules,
      functions,
      account: '000000000000',
      region: 'eu-central-1',
      minuteMs: 5,
      log: (line) => lines.push(line),
    });
  return { sent, lines, start };
}

describe('rules by the clock', () => {
  it('call their functions again and again until the stop, with an event of EventBridge', async () => {
    const { sent, start } = scene(TARGET);
    const started = Date.now();
    const { stop } = start();
    await waitUntil(() => sent.length >= 3, 'the rule fires');
    stop();
    expect(Date.now() - started).toBeGreaterThanOrEqual(25);
    const count = sent.length;
    expect(JSON.parse(sent[0] ?? '')).toMatchObject({
      'detail-type': 'Scheduled Event',
      source: 'aws.events',
      resources: ['arn:of:rule'],
      detail: {},
    });
    await new Promise((resume) => setTimeout(resume, 30));
    expect(sent).toHaveLength(count);
  });

  it('call no function whose own policy does not let them, and say so', async () => {
    const { sent, lines, start } = scene(TARGET, false);
    const { stop } = start();
    await waitUntil(() => lines.length >= 2, 'the rule fires');
    stop();
    expect(sent).toEqual([]);
    expect(lines[0]).toBe('sweep has no AWS::Lambda::Permission for the rule minutely: it was not called');
  });

  it('do not start where a target is no function of the stack', () => {
    expect(scene('arn:of:nobody').start).toThrow('arn:of:nobody');
  });
});
