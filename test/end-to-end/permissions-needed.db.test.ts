/** Every line of infra/permissions.txt is needed: real work asks for it, and fails without it. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { ONLY_ON_AWS } from './permissions/only-on-aws.ts';
import { SCENARIOS } from './permissions/scenarios.ts';
import { openStage, type Stage } from './permissions/stage.ts';

const START_MS = 240_000;
const SCENARIO_MS = 60_000;
/** Taken away in each run of the tests; all of them in a full one. */
const SAMPLE = 5;

const reviewed = readFileSync(join(import.meta.dirname, '../../infra/permissions.txt'), 'utf8')
  .split('\n')
  .filter((line) => line !== '' && !line.startsWith('#'));
const onlyOnAws = reviewed.filter((line) => ONLY_ON_AWS.some(({ lines }) => lines.test(line)));
const needed = reviewed.filter((line) => !onlyOnAws.includes(line));

let stage: Stage;
/** A line → the scenarios that asked for it, the shortest first. */
const askedBy = new Map<string, { readonly name: string; readonly ms: number }[]>();
beforeAll(async () => {
  stage = await openStage();
  stage.takeUsed();
}, START_MS);
afterAll(() => stage?.close());

it('serves the lines that are reviewed', () => {
  const withoutVpc = reviewed.filter((line) => !line.includes('  ec2:'));
  expect([...stage.lines].sort()).toEqual([...withoutVpc].sort());
});

describe('with every permission', () => {
  it.each([...SCENARIOS])(
    '%s',
    async (name, scenario) => {
      stage.takeUsed();
      const before = Date.now();
      await scenario(stage);
      const ms = Date.now() - before;
      expect(stage.proxy.reset()).toEqual([]);
      for (const line of stage.takeUsed()) {
        const asked = [...(askedBy.get(line) ?? []), { name, ms }];
        askedBy.set(
          line,
          asked.sort((one, other) => one.ms - other.ms),
        );
      }
    },
    SCENARIO_MS,
  );

  it('all that the laptop can ask for is asked for, and nothing else', () => {
    expect({
      unused: needed.filter((line) => !askedBy.has(line)),
      unexpected: onlyOnAws.filter((line) => askedBy.has(line)),
    }).toEqual({ unused: [], unexpected: [] });
  });
});

/** Taken anew in each run; the name of the test tells which. */
const sample = needed
  .map((line) => ({ line, order: Math.random() }))
  .sort((one, other) => one.order - other.order)
  .map(({ line }) => line)
  .slice(0, process.env.SAFEBASE_FULL === '1' ? needed.length : SAMPLE);

describe('without one permission', () => {
  it.each(sample)(
    '%s',
    async (line) => {
      const failures: string[] = [];
      for (const { name } of askedBy.get(line) ?? []) {
        const scenario = SCENARIOS.get(name);
        if (scenario === undefined) continue;
        const giveBack = stage.without(line);
        const failed = await scenario(stage).then(
          () => false,
          () => true,
        );
        const denied = giveBack();
        stage.proxy.reset();
        if (failed && denied > 0) return;
        failures.push(`${name}: ${denied} uses were denied, and it went well`);
      }
      throw new Error(`nothing fails without it\n${failures.join('\n')}`);
    },
    SCENARIO_MS * 4,
  );
});
