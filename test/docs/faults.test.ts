import { existsSync, readFileSync } from 'node:fs';

/** A row: number, fault, what SafeBase does, and the tests that show it. */
const ROW = /^\| (\d+) \| [^|]+ \| ([^|]+) \| ([^|]+) \|$/gm;
const TEST = /^`([^`›]+\.ts) › ([^`]+)`$/;
const from = (first: number, last: number) => Array.from({ length: last - first + 1 }, (_, at) => first + at);

const rows = [...readFileSync('docs/faults.md', 'utf8').matchAll(ROW)].map(
  ([, number, does = '', tests = '']) => ({ number: Number(number), does, tests: tests.split('<br>') }),
);

describe('docs/faults.md', () => {
  it('tells of every fault that concerns states, in order', () => {
    expect(rows.map(({ number }) => number)).toEqual([...from(1, 28), ...from(51, 87)]);
  });

  it.each(rows)(
    'names for $number tests that there are, or says that there is nothing yet',
    ({ does, tests }) => {
      if (tests[0] === 'none') expect(does).toMatch(/^Not yet/);
      else expect(tests.filter((test) => !isThere(test))).toEqual([]);
    },
  );
});

function isThere(test: string): boolean {
  const [, path = '', title = ''] = TEST.exec(test) ?? [];
  return existsSync(path) && readFileSync(path, 'utf8').includes(title);
}
