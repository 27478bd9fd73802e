/** A workflow that uses what SafeBase's workflows use, as source text for a function of its own. */
import { join } from 'node:path';

const repository = join(import.meta.dirname, '../../../../..');

/** Its worker is the function that the variable WORKER names. */
export const SAMPLE = `
import { createRequire } from 'node:module';
const load = createRequire('${repository}/package.json');
const { withDurableExecution } = load('@aws/durable-execution-sdk-js');

const once = { retryStrategy: () => ({ shouldRetry: false }) };
const twice = { retryStrategy: (_, attempts) => ({ shouldRetry: attempts < 2, delay: { seconds: 1 } }) };

export const handler = withDurableExecution(async (event, context) => {
  const worker = process.env.WORKER;
  const size = await context.step('look', async () => event.size, once);
  await context.wait('pause', { seconds: 1 });
  const dumped = await context.invoke('dump', worker, { size });
  const refused = await context.invoke('refuse', worker, { refuse: true }).catch(({ name, message }) => ({ name, message }));
  const attempts = await context.step('try', async ({ attempt }) => {
    if (attempt < 2) throw new Error('not yet');
    return attempt;
  }, twice);
  const failed = await context.step('fail', async () => { throw new RangeError('never'); }, once).catch(({ message }) => message);
  const proven = await context.runInChildContext('prove', async (child) => child.step('count', async () => 3, once));
  return { dumped, refused, attempts, failed, proven };
});`;

export const SAMPLE_WORKER = `
export const handler = async (event) => {
  if (event.refuse) throw new TypeError('refused');
  return { bytes: event.size * 2 };
};`;
