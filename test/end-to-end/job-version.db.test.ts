/** Amid a deploy: a start that comes from code of another version than the workflow's. */
import { InvokeCommand, LambdaClient } from '@aws-sdk/client-lambda';
import { waitUntil } from '../local/wait-until.ts';
import { type Laptop, startLaptop } from './laptop.ts';

const START_MS = 240_000;
/** Nothing listens there: whoever takes a run of it fails at once. */
const NOWHERE = {
  name: 'nowhere',
  host: 'localhost',
  port: 1,
  schemas: ['shop'],
  backupCredentials: { username: 'backup', password: 'An-0rdinary-pw' },
};

let laptop: Laptop;
beforeAll(async () => {
  laptop = await startLaptop();
}, START_MS);
afterAll(() => laptop?.cloud.stop());

/** Begins an execution of its own, with what another version would have sent. */
async function startAsAnother(job: object): Promise<void> {
  const { awsUrl, operator, stack } = laptop.cloud;
  const client = new LambdaClient({ endpoint: awsUrl, region: operator.region, credentials: operator });
  const workflow = stack.functions.find(({ id }) => id === 'workflow')?.name;
  await client.send(
    new InvokeCommand({
      FunctionName: `${workflow}:live`,
      InvocationType: 'Event',
      Payload: JSON.stringify(job),
    }),
  );
  client.destroy();
}

it('fails the run at once, says why, and lets the next one begin', async () => {
  const { body: database } = await laptop.api('POST', '/databases', NOWHERE);
  const before = await laptop.backUp(database.id);
  expect(before).toMatchObject({ state: 'failed', failure: { code: 'connection_refused' } });
  const ours = () => laptop.cloud.workers().filter(({ functionId }) => functionId === 'backup-public');
  await waitUntil(() => ours().every(({ busy }) => !busy), 'its worker is idle');
  const workers = ours();
  expect(workers).not.toEqual([]);
  for (const { pid } of workers) process.kill(pid, 'SIGSTOP');
  try {
    const { body: queued } = await laptop.api('POST', '/backup', { databaseId: database.id });
    expect(queued).toMatchObject({ state: 'queued' });
    await startAsAnother({ version: 2, kind: 'backup', runId: queued.id, network: 'public', more: true });
    expect(await laptop.ended(`/backup/${queued.id}`)).toMatchObject({
      state: 'failed',
      failure: {
        code: 'job_unknown',
        reason: 'the workflow that is deployed knows no job of kind backup and version 2',
      },
    });
    expect((await laptop.api('POST', '/backup', { databaseId: database.id })).status).toBe(202);
  } finally {
    for (const { pid } of workers) process.kill(pid, 'SIGCONT');
  }
}, 60_000);
