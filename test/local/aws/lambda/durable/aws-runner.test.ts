import { execFile } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { temporaryFolder } from '../../../temporary-folder.ts';
import { begin, durableFolders, endOf, historyOf, startDurable, stopDurable } from './durable-fixture.ts';
import { SAMPLE, SAMPLE_WORKER } from './sample-workflow.ts';

afterAll(stopDurable);

interface RunnerReport {
  readonly status: string;
  readonly result: unknown;
  readonly events: readonly Readonly<Record<string, unknown>>[];
}

/** The same workflow in AWS's local test runner, in a process of its own. */
async function runInAwsRunner(payload: unknown): Promise<RunnerReport> {
  const folder = temporaryFolder();
  writeFileSync(join(folder, 'workflow.mjs'), SAMPLE);
  writeFileSync(join(folder, 'worker.mjs'), SAMPLE_WORKER);
  const { stdout } = await promisify(execFile)(
    process.execPath,
    [
      join(import.meta.dirname, 'run-in-aws-runner.mjs'),
      join(folder, 'workflow.mjs'),
      join(folder, 'worker.mjs'),
      JSON.stringify(payload),
    ],
    { env: { ...process.env, NODE_OPTIONS: '' }, timeout: 60_000 },
  );
  return JSON.parse(stdout);
}

type HistoryEvent = Readonly<Record<string, unknown>>;
interface Details {
  readonly Duration?: number;
  readonly Result?: { readonly Payload?: string };
  readonly Error?: { readonly Payload?: { readonly ErrorType?: string; readonly ErrorMessage?: string } };
  readonly RetryDetails?: { readonly CurrentAttempt?: number; readonly NextAttemptDelaySeconds?: number };
}

/** What happened to which operation, and with which outcome; invocations are the engine's own business. */
const told = (events: readonly object[]) =>
  events
    .map((event): HistoryEvent => ({ ...event }))
    .filter(({ EventType }) => EventType !== 'InvocationCompleted')
    .map(({ EventType, Name, Id, ParentId, SubType, ...event }) => {
      const {
        Duration,
        Result,
        Error: failure,
        RetryDetails,
      } = (event[`${EventType}Details`] ?? {}) as Details;
      const { ErrorType, ErrorMessage } = failure?.Payload ?? {};
      // Each engine makes up the id of the execution itself.
      const operation = String(EventType).startsWith('Execution') ? {} : { Name, Id, ParentId, SubType };
      const outcome = { Duration, result: Result?.Payload, ErrorType, ErrorMessage };
      return { EventType, ...operation, ...outcome, ...(EventType === 'StepFailed' && RetryDetails) };
    });

it('a workflow has the same history on the laptop and in the local test runner of AWS', async () => {
  const { client } = await startDurable(durableFolders({ workflow: SAMPLE, worker: SAMPLE_WORKER }));
  const [theirs, arn] = await Promise.all([runInAwsRunner({ size: 3 }), begin(client, { size: 3 })]);
  const ours = await endOf(client, arn);
  expect([ours.Status, JSON.parse(ours.Result ?? '')]).toEqual([theirs.status, theirs.result]);
  expect(theirs.result).toEqual({
    dumped: { bytes: 6 },
    refused: { name: 'InvokeError', message: 'refused' },
    attempts: 2,
    failed: 'never',
    proven: 3,
  });
  const events = await historyOf(client, arn);
  expect(told(events)).toEqual(told(theirs.events));
}, 60_000);
