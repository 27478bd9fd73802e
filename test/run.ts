/**
 * `npm test [-- --full] [paths]`: sets up what is missing, then the static checks and all tests.
 * `--full` runs the big numbers; the last line is the runner's counts.
 */
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { prepareTests } from './prepare.ts';
import { jest, run, STATIC_STEPS } from './steps.ts';

const given = process.argv.slice(2);
const full = given.includes('--full');
const paths = given.filter((parameter) => parameter !== '--full');

await prepareTests();

const folder = mkdtempSync(join(tmpdir(), 'safebase-test-'));
const report = join(folder, 'report.json');
let failedSteps = 0;
// Paths ask for a few tests while working: the static checks are for whole runs.
for (const step of paths.length > 0 ? [] : STATIC_STEPS) failedSteps += (await run(step)) ? 0 : 1;
const parameters = ['--json', `--outputFile=${report}`, ...paths];
const passed = await run(jest(parameters, full ? { SAFEBASE_FULL: '1' } : {}));
const counts: unknown = JSON.parse(readFileSync(report, 'utf8'));
rmSync(folder, { recursive: true });

const count = (name: string): number => Number((counts as Record<string, unknown>)[name]);
const failed = count('numFailedTests') + count('numRuntimeErrorTestSuites') + failedSteps;
const skipped = count('numPendingTests') + count('numTodoTests');
process.exitCode = passed && failed === 0 && count('numPassedTests') > 0 ? 0 : 1;
console.log(
  `${count('numPassedTests')} passed, ${failed} failed${skipped > 0 ? `, ${skipped} skipped` : ''}`,
);
