/** What a figure was measured on. */
import { readFileSync } from 'node:fs';
import { cpus, totalmem } from 'node:os';

export const machine = () => ({
  processors: cpus().length,
  cpuModel: readFileSync('/proc/cpuinfo', 'utf8').match(/model name\s*: (.*)/)?.[1] ?? 'unknown',
  memoryBytes: totalmem(),
});

/** The median. */
export const middle = (values: readonly number[]): number =>
  values.toSorted((a, b) => a - b)[values.length >> 1] ?? Number.NaN;
