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

interface Sources {
  readonly workflow: string;
  readonly worker: string;
}

/** The same workflow in AWS's local test runner, in a process of its own. */
async function runInAwsRunner(made: Sources, payload: unknown): Promise<RunnerReport> {
  const folder = temporaryFolder();
  writeFileSync(join(folder, 'workflow.mjs'), made.workflow);
  writeFileSync(join(folder, 'worker.mjs'), made.worker);
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

async function compare(made: Sources, payload: unknown) {
  const { client } = await startDurable(durableFolders(made));
  const [theirs, arn] = await Promise.all([runInAwsRunner(made, payload), begin(client, payload)]);
  const ours = await endOf(client, arn);
  expect([ours.Status, JSON.parse(ours.Result ?? 'null') ?? undefined]).toEqual([
    theirs.status,
    theirs.result,
  ]);
  const events = told(await historyOf(client, arn));
  expect(events).toEqual(told(theirs.events));
  return {
    result: theirs.result,
    types: events.map(({ EventType, Name }) => `${EventType} ${Name ?? ''}`.trim()),
  };
}

it('a workflow has the same history on the laptop and in the local test runner of AWS', async () => {
  const { result } = await compare({ workflow: SAMPLE, worker: SAMPLE_WORKER }, { size: 3 });
  expect(result).toEqual({
    dumped: { bytes: 6 },
    refused: { name: 'InvokeError', message: 'refused' },
    attempts: 2,
    failed: 'never',
    proven: 3,
  });
}, 60_000);

const functions = join(import.meta.dirname, '../../../../../functions');
/** The workflow of a job, with a worker of its own and nothing to settle. */
const driven = (kind: 'backup' | 'restore' | 'expire' | 'verify') => `
import { durableHandler } from '${functions}/adapters/lambda-durable-steps.ts';
import { driveJob } from '${functions}/core/drive-job.ts';
const ports = (dies, left) => ({
  workerOf: () => process.env.WORKER,
  settle: async () => false,
  litterLeft: async () => false,
  verificationLeft: async () => (left ? { kind: 'verify', runId: 'bk_1', attempt: 1, dies } : null),
  settleVerification: async () => undefined,
});
export const handler = durableHandler((steps, { dies, left }) =>
  driveJob(steps, ports(dies, left), { version: 1, kind: '${kind}', runId: 'bk_1', network: 'office', dies }));`;
const WORKER = `export const handler = async ({ dies }) => { if (dies) throw new Error('dead'); return null; };`;

const LOOK = ['StepStarted look', 'StepSucceeded look'];
const WORK = ['ChainedInvokeStarted work', 'ChainedInvokeSucceeded work'];

it.each([
  ['backup', {}, [...WORK, ...LOOK]],
  [
    'backup',
    { left: true },
    [...WORK, ...LOOK, 'ChainedInvokeStarted verify', 'ChainedInvokeSucceeded verify'],
  ],
  [
    'restore',
    {},
    [
      'ChainedInvokeStarted work-1',
      'ChainedInvokeSucceeded work-1',
      'StepStarted end-1',
      'StepSucceeded end-1',
    ],
  ],
  [
    'backup',
    { dies: true },
    [
      'ChainedInvokeStarted work',
      'ChainedInvokeFailed work',
      'StepStarted end',
      'StepSucceeded end',
      ...LOOK,
    ],
  ],
  [
    'verify',
    { dies: true },
    [
      'ChainedInvokeStarted verify',
      'ChainedInvokeFailed verify',
      'StepStarted end-verify',
      'StepSucceeded end-verify',
    ],
  ],
  ['expire', {}, ['ChainedInvokeStarted remove-1', 'ChainedInvokeSucceeded remove-1']],
] as const)(
  'the workflow of a %s with %p has the same history',
  async (kind, payload, types) => {
    const made = await compare({ workflow: driven(kind), worker: WORKER }, payload);
    expect(made.types).toEqual(['ExecutionStarted', ...types, 'ExecutionSucceeded']);
  },
  60_000,
);

/** The beginning of every workflow, by code that knows no job any more. */
const REFUSING = `
import { durableHandler } from '${functions}/adapters/lambda-durable-steps.ts';
import { driveStarted } from '${functions}/core/drive-started.ts';
const ports = { parse: () => undefined, refuse: async () => undefined };
export const handler = durableHandler((steps, started) => driveStarted(steps, ports, started));`;

it('the refusal of a job of another version has the same history', async () => {
  const job = { version: 2, kind: 'backup', runId: `bk_${'0'.repeat(26)}` };
  const { types } = await compare({ workflow: REFUSING, worker: WORKER }, job);
  expect(types).toEqual([
    'ExecutionStarted',
    'StepStarted refuse',
    'StepSucceeded refuse',
    'ExecutionFailed',
  ]);
}, 60_000);
