/** What is done with what lies in the bucket, after the work of those who put it there. */
import type { BackupFormat } from '../../../functions/core/backup-format.ts';
import type { Scenario, Stage } from './stage.ts';
import {
  ask,
  backedUp,
  completed,
  ended,
  forgetTheEnd,
  forgetTheReading,
  inFormatParallel,
  killWorkers,
  leaveUpload,
  lock,
  lose,
  makeSchema,
  record,
  register,
  start,
  stored,
  unlocked,
  verified,
} from './steps.ts';

/** The worker dies when it is to write down the end: its manifest is there. */
async function dieBehindManifest(
  stage: Stage,
  format: BackupFormat = 'sql',
): Promise<{ readonly databaseId: string; readonly id: string }> {
  const databaseId = await register(stage);
  stage.proxy.before(/BK#.*"completed"/s, async () => {
    killWorkers(stage, 'backup-public');
    return 'cut';
  });
  const { id } = await start(stage, databaseId, {}, { format });
  return { databaseId, id };
}

/** A backup whose run was lost behind its manifest, with the lock that it had. */
async function lostBackup(
  stage: Stage,
  format: BackupFormat = 'sql',
): Promise<{ readonly databaseId: string; readonly id: string }> {
  const databaseId = await register(stage);
  const { id } = await backedUp(stage, databaseId, { format });
  await unlocked(stage, databaseId);
  await lock(stage, databaseId, id, true);
  await forgetTheEnd(stage, id);
  return { databaseId, id };
}

const sweep = (stage: Stage): Promise<unknown> => stage.laptop.cloud.invoke('sweep', {});
/** Rows, more than a run of the stage reads back. */
const LARGE = 300;
const MANIFEST = /^GET \S*\/manifest\.json\?/;

/** What is done with backups of a format. */
const backupScenarios = (format: BackupFormat): Readonly<Record<string, Scenario>> => ({
  'a backup is deleted with all that lies there': async (stage) => {
    const databaseId = await register(stage);
    const { id } = await backedUp(stage, databaseId, { format });
    await leaveUpload(stage, databaseId, id);
    await ask(stage, 202, 'DELETE', `/backup/${id}`);
    expect((await ended(stage, `/backup/${id}`)).state).toBe('deleted');
    expect(await stored(stage, id)).toEqual({ objects: [], uploads: [] });
  },
  'a backup is verified': async (stage) => {
    const { id } = await backedUp(stage, await register(stage), { format });
    await ask(stage, 202, 'POST', `/backup/${id}/verify`);
    expect(await verified(stage, id)).toMatchObject({ state: 'passed' });
  },
  'a large backup is verified behind its end': async (stage) => {
    const databaseId = await stage.laptop.register(stage.server, [await makeSchema(stage, LARGE)]);
    const { id } = await backedUp(stage, databaseId, { format });
    expect(await verified(stage, id)).toMatchObject({ state: 'passed' });
  },
  'a verification tells that a dump is lost': async (stage) => {
    const { id } = await backedUp(stage, await register(stage), { format });
    await lose(stage, id, format === 'sql' ? '/dump.sql.zst' : '/rows/0/0.tsv.zst');
    await ask(stage, 202, 'POST', `/backup/${id}/verify`);
    expect(await verified(stage, id)).toMatchObject({ failure: { code: 'backup_damaged' } });
  },
  'a backup whose worker died is completed from its manifest': async (stage) => {
    const { databaseId, id } = await dieBehindManifest(stage, format);
    await completed(stage, `/backup/${id}`);
    await unlocked(stage, databaseId);
  },
  'the sweeper completes a lost backup from its manifest': async (stage) => {
    const { databaseId, id } = await lostBackup(stage, format);
    await sweep(stage);
    expect(await record(stage, id)).toMatchObject({ state: 'completed' });
    await unlocked(stage, databaseId);
  },
});

export const BUCKET_SCENARIOS: Readonly<Record<string, Scenario>> = {
  ...backupScenarios('sql'),
  ...inFormatParallel(backupScenarios('parallel')),
  'a backup fails whose worker died and whose manifest vanishes': async (stage) => {
    stage.proxy.before(MANIFEST, () => lose(stage, id, '/manifest.json'));
    const { id } = await dieBehindManifest(stage);
    expect(await ended(stage, `/backup/${id}`)).toMatchObject({ failure: { code: 'worker_lost' } });
  },
  'the sweeper fails a lost backup whose manifest vanishes': async (stage) => {
    const { id } = await lostBackup(stage);
    stage.proxy.before(MANIFEST, () => lose(stage, id, '/manifest.json'));
    await sweep(stage);
    await sweep(stage);
    expect(await record(stage, id)).toMatchObject({ state: 'failed' });
  },
  'the sweeper aborts an upload that nobody ends': async (stage) => {
    const databaseId = await register(stage);
    const { id } = await backedUp(stage, databaseId);
    await leaveUpload(stage, databaseId, id);
    await sweep(stage);
    expect((await stored(stage, id)).uploads).toEqual([]);
  },
  'the sweeper has verified what nobody has read back': async (stage) => {
    const { id } = await backedUp(stage, await register(stage));
    await forgetTheReading(stage, id);
    await sweep(stage);
    expect(await verified(stage, id)).toMatchObject({ state: 'passed' });
  },
};
