/** `npm run check`: what must hold before a commit; no database, under two minutes. */
import { prepareChecks } from './prepare.ts';
import { jest, run, STATIC_STEPS } from './steps.ts';

await prepareChecks();
const steps = [...STATIC_STEPS, jest(['--testPathIgnorePatterns', '\\.db\\.test\\.ts$', '/end-to-end/'])];
let passed = true;
for (const step of steps) passed = (await run(step)) && passed;
process.exitCode = passed ? 0 : 1;
