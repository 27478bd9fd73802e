/** Runs a workflow in AWS's own local test runner and prints what happened, as one line of JSON. */
import { LocalDurableTestRunner } from '@aws/durable-execution-sdk-js-testing';

const [workflowFile, workerFile, payload] = process.argv.slice(2);
process.env.WORKER = 'worker:1';
const { handler } = await import(workflowFile);
const { handler: worker } = await import(workerFile);
await LocalDurableTestRunner.setupTestEnvironment({ skipTime: false });
const runner = new LocalDurableTestRunner({ handlerFunction: handler });
const execution = await runner.registerFunction('worker:1', worker).run({ payload: JSON.parse(payload) });
console.log(
  JSON.stringify({
    status: execution.getStatus(),
    result: execution.getStatus() === 'SUCCEEDED' ? execution.getResult() : undefined,
    events: execution.getHistoryEvents(),
  }),
);
await LocalDurableTestRunner.teardownTestEnvironment();
