import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { temporaryFolder } from '../../../temporary-folder.ts';
import { isAlive, waitUntil } from '../../../wait-until.ts';
import {
  begin,
  clientOf,
  durableFolders,
  endOf,
  historyOf,
  SDK,
  startDurable,
  stopDurable,
} from './durable-fixture.ts';

// Clouds and functions are processes of their own, and some wait in real seconds.
import.meta.jest.setTimeout(60_000);

const processes: ChildProcess[] = [];
afterEach(async () => {
  for (const child of processes.splice(0)) child.kill('SIGKILL');
  await stopDurable();
});

/** A cloud in a process of its own, to be killed. */
async function startProcess(folders: ReturnType<typeof durableFolders>) {
  const child = spawn(
    process.execPath,
    [join(import.meta.dirname, '../../../cloud-process.ts'), folders.assemblyFolder, folders.dataFolder],
    { stdio: ['ignore', 'pipe', 'inherit'], env: { ...process.env, NODE_OPTIONS: '' } },
  );
  processes.push(child);
  for await (const line of createInterface({ input: child.stdout })) {
    const { awsUrl, operator } = JSON.parse(line);
    const kill = async (): Promise<void> => {
      child.kill('SIGKILL');
      await waitUntil(() => child.signalCode !== null, 'the cloud is gone');
    };
    return { client: clientOf({ awsUrl, operator }), kill };
  }
  throw new Error('the cloud did not start');
}

const handler = (body: string): string => `
import { appendFileSync, existsSync, writeFileSync } from 'node:fs';
${SDK}
const mark = (name) => process.env.MARKS && appendFileSync(process.env.MARKS + '/' + name, process.pid + ' ');
const blocked = async (name) => { while (!existsSync(process.env.MARKS + '/' + name)) await new Promise((resume) => setTimeout(resume, 20)); };
export const handler = withDurableExecution(async (event, context) => {
  await context.step('before', async () => mark('before'), once);
  ${body}
});`;
const WORKER = `
import { appendFileSync } from 'node:fs';
export const handler = async () => {
  appendFileSync(process.env.MARKS + '/worker', process.pid + ' ');
  await new Promise((resume) => setTimeout(resume, 600_000));
};`;

const scene = (body: string) => {
  const marks = temporaryFolder();
  const folders = durableFolders({ workflow: handler(body), worker: WORKER, variables: { MARKS: marks } });
  const pids = (name: string): number[] =>
    existsSync(join(marks, name))
      ? readFileSync(join(marks, name), 'utf8').trim().split(' ').map(Number)
      : [];
  return { folders, pids };
};

describe('a cloud that is killed and started again', () => {
  it('ends a wait in the middle of which it died, and repeats no step', async () => {
    const { folders, pids } = scene(`await context.wait('pause', { seconds: 2 }); return 'waited';`);
    const { client, kill } = await startProcess(folders);
    const arn = await begin(client, {}, 'bk_1');
    await waitUntil(() => pids('before').length === 1, 'the first step has run');
    const waits = async () =>
      (await historyOf(client, arn)).some(({ EventType }) => EventType === 'WaitStarted');
    while (!(await waits()));
    await kill();

    const next = await startDurable(folders);
    expect(await endOf(next.client, arn)).toMatchObject({ Status: 'SUCCEEDED', Result: '"waited"' });
    expect(pids('before')).toHaveLength(1);
    expect(await begin(next.client, {}, 'bk_1')).toBe(arn);
  });

  it('tells the workflow that its worker crashed, and does not start it twice', async () => {
    const { folders, pids } = scene(
      `return context.invoke('work', process.env.WORKER, {}).catch(({ name, message }) => name + ': ' + message);`,
    );
    const { client, kill } = await startProcess(folders);
    const arn = await begin(client, {});
    await waitUntil(() => pids('worker').length === 1, 'the worker runs');
    await kill();
    await waitUntil(() => !pids('worker').some(isAlive), 'the worker is gone with its cloud');

    const next = await startDurable(folders);
    expect(await endOf(next.client, arn)).toMatchObject({
      Status: 'SUCCEEDED',
      Result: '"InvokeError: Runtime exited with error: signal: killed"',
    });
    expect(pids('worker')).toHaveLength(1);
    expect(pids('before')).toHaveLength(1);
  });

  it('repeats the invocation that it died in, with what had been checkpointed', async () => {
    const { folders, pids } = scene(`
      await context.wait('pause', { seconds: 1 });
      await context.step('slow', async () => { mark('slow'); if (!existsSync(process.env.MARKS + '/go')) { writeFileSync(process.env.MARKS + '/go', ''); await blocked('never'); } }, once);
      return 'done';`);
    const { client, kill } = await startProcess(folders);
    const arn = await begin(client, {});
    await waitUntil(() => pids('slow').length === 1, 'the second step runs');
    await kill();

    const next = await startDurable(folders);
    expect(await endOf(next.client, arn)).toMatchObject({ Status: 'SUCCEEDED', Result: '"done"' });
    expect([pids('before').length, pids('slow').length]).toEqual([1, 2]);
  });

  it('ends an execution on the code that it started with, and starts the next one on new code', async () => {
    const dataFolder = join(temporaryFolder(), 'data');
    const stack = (source: string, publishedAs: string) => ({
      ...durableFolders({ workflow: source, publishedAs }),
      dataFolder,
    });
    const before = stack(handler(`await context.wait('pause', { seconds: 2 }); return 'old';`), 'one');
    const { client, kill } = await startProcess(before);
    const arn = await begin(client, {});
    await kill();
    rmSync(before.assemblyFolder, { recursive: true });

    const next = await startDurable(stack(handler(`return 'new';`), 'two'));
    expect(await endOf(next.client, await begin(next.client, {}))).toMatchObject({ Result: '"new"' });
    expect(await endOf(next.client, arn)).toMatchObject({ Result: '"old"' });
  });
});
