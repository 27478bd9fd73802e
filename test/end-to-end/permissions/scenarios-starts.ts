/** Starts over what others have left: each starter has to end that by itself. */
import type { Scenario, Stage } from './stage.ts';
import {
  ask,
  backedUp,
  completed,
  forgetTheEnd,
  lock,
  overwriting,
  record,
  register,
  start,
  startRestore,
  unlocked,
} from './steps.ts';

/** A way to start a run. @returns its path */
type Starter = (stage: Stage, databaseId: string, backupId: string) => Promise<string>;

const STARTERS: Readonly<Record<string, Starter>> = {
  'a request for a backup': async (stage, databaseId) => `/backup/${(await start(stage, databaseId)).id}`,
  'a request for a restore': async (stage, databaseId, backupId) =>
    `/restore/${(await startRestore(stage, backupId, databaseId)).id}`,
  'a schedule': async (stage, databaseId) => `/backup/${(await dispatched(stage, databaseId)).runId}`,
};

const dispatched = (stage: Stage, databaseId: string, scheduledTime = new Date().toISOString()) =>
  stage.laptop.cloud.invoke('dispatch', { scheduleId: 'nightly', databaseId, scheduledTime }) as Promise<{
    readonly result: string;
    readonly runId: string;
  }>;

/** A database with a complete backup, whose last run was lost. @returns ids, and a look whether its worker was fenced off */
async function lostRun(stage: Stage) {
  const databaseId = await register(stage);
  const backup = await backedUp(stage, databaseId);
  const lost = await backedUp(stage, databaseId);
  await unlocked(stage, databaseId);
  await forgetTheEnd(stage, lost.id);
  await lock(stage, databaseId, lost.id, false);
  const { fence } = await record(stage, lost.id);
  const expectFenced = async () => expect((await record(stage, lost.id)).fence).toBeGreaterThan(fence);
  return { databaseId, backupId: backup.id, expectFenced };
}

const overLost =
  (starter: Starter): Scenario =>
  async (stage) => {
    const { databaseId, backupId, expectFenced } = await lostRun(stage);
    await completed(stage, await starter(stage, databaseId, backupId));
    await expectFenced();
  };

const overEnded =
  (starter: Starter): Scenario =>
  async (stage) => {
    const databaseId = await register(stage);
    const { id } = await backedUp(stage, databaseId);
    await unlocked(stage, databaseId);
    await lock(stage, databaseId, id, true);
    await completed(stage, await starter(stage, databaseId, id));
  };

export const START_SCENARIOS: Readonly<Record<string, Scenario>> = {
  ...Object.fromEntries(
    Object.entries(STARTERS).flatMap(([name, starter]) => [
      [`${name} follows a run that was lost`, overLost(starter)],
      [`${name} follows a run that kept its lock`, overEnded(starter)],
    ]),
  ),
  'a database goes whose last run was lost': async (stage) => {
    const { databaseId, expectFenced } = await lostRun(stage);
    await ask(stage, 200, 'DELETE', `/databases/${databaseId}?backups=keep`);
    await expectFenced();
  },
  'a schedule is delivered twice': async (stage) => {
    const databaseId = await register(stage);
    const planned = new Date().toISOString();
    const { runId } = await dispatched(stage, databaseId, planned);
    expect(await dispatched(stage, databaseId, planned)).toEqual({ result: 'repeated', runId });
    await completed(stage, `/backup/${runId}`);
  },
  'a restore that cannot start lets go of its lock': async (stage) => {
    const databaseId = await register(stage);
    const { id } = await backedUp(stage, databaseId);
    await unlocked(stage, databaseId);
    await forgetTheEnd(stage, id);
    await ask(stage, 409, 'POST', `/restore/${id}`, await overwriting(stage, databaseId));
    await unlocked(stage, databaseId);
  },
};
