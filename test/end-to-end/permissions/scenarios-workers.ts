/** What the workers of a network do, and what becomes of them. */
import type { BackupFormat } from '../../../functions/core/backup-format.ts';
import type { Network } from './served-lines.ts';
import type { Stage } from './stage.ts';
import {
  ask,
  backedUp,
  completed,
  ended,
  inFormatParallel,
  killWorkers,
  lose,
  ownSecret,
  register,
  start,
  startRestore,
  stored,
  unlocked,
} from './steps.ts';

type WorkerScenario = (stage: Stage, network: Network) => Promise<void>;

/** A run whose worker ends badly may still be ended well by its workflow. */
async function withoutErrors(stage: Stage, functionId: string, work: () => Promise<unknown>): Promise<void> {
  const ours = () => stage.errors.filter((line) => line.startsWith(`${functionId} `));
  const before = ours().length;
  await work();
  expect(ours().slice(before)).toEqual([]);
}

/** Of this database alone: the worker of a scenario that has ended may still be at it. */
const ofDatabase = (databaseId: string, request: string, rest: string) =>
  new RegExp(`^${request} \\S*/${databaseId}/\\S*${rest}`);

/** Where the rows of the only table lie, and how a worker begins to write them. */
const ROWS: Readonly<Record<BackupFormat, { readonly object: string; readonly writes: string }>> = {
  sql: { object: '/dump.sql.zst', writes: 'partNumber=1&' },
  parallel: { object: '/rows/0/0.tsv.zst', writes: '/rows/0/0\\.tsv\\.zst\\?' },
};

/** What they do with backups of a format. */
const backupScenarios = (format: BackupFormat): Readonly<Record<string, WorkerScenario>> => ({
  'a backup is made': async (stage, network) => {
    const id = await register(stage, network);
    await withoutErrors(stage, `backup-${network}`, async () => {
      await backedUp(stage, id, { format });
      await unlocked(stage, id);
    });
  },
  'a backup is restored': async (stage, network) => {
    const id = await register(stage, network);
    const backup = await backedUp(stage, id, { format });
    await withoutErrors(stage, `restore-${network}`, async () => {
      await completed(stage, `/restore/${(await startRestore(stage, backup.id, id)).id}`);
      await unlocked(stage, id);
    });
  },
  'a backup that cannot send its rows leaves none': async (stage, network) => {
    const databaseId = await register(stage, network);
    stage.proxy.refuse(ofDatabase(databaseId, 'PUT', ROWS[format].writes));
    const { id } = await start(stage, databaseId, {}, { format });
    expect(await ended(stage, `/backup/${id}`)).toMatchObject({ failure: { code: 'upload_failed' } });
    const { objects, uploads } = await stored(stage, id);
    expect(uploads).toEqual([]);
    expect(objects.filter(({ Key }) => !/(schema|objects)\.sql\.zst$/.test(Key))).toEqual([]);
  },
  'rows that vanish before they are read back are told': async (stage, network) => {
    const databaseId = await register(stage, network);
    const { object } = ROWS[format];
    let id = '';
    stage.proxy.before(ofDatabase(databaseId, 'GET', `${object}\\?`), () => lose(stage, id, object));
    ({ id } = await start(stage, databaseId, {}, { format }));
    expect(await ended(stage, `/backup/${id}`)).toMatchObject({ failure: { code: 'proof_failed' } });
  },
  'rows that are lost are told to who restores them': async (stage, network) => {
    const databaseId = await register(stage, network);
    const { id } = await backedUp(stage, databaseId, { format });
    await lose(stage, id, ROWS[format].object);
    const restore = await startRestore(stage, id, databaseId);
    const path = `/restore/${restore.id}`;
    expect(await ended(stage, path)).toMatchObject({ failure: { code: 'backup_damaged' } });
  },
  'a backup ends whose worker died': async (stage, network) => {
    const databaseId = await register(stage, network);
    stage.proxy.before(ofDatabase(databaseId, 'PUT', ROWS[format].writes), async () => {
      killWorkers(stage, `backup-${network}`);
      return 'cut';
    });
    const { id } = await start(stage, databaseId, {}, { format });
    expect(await ended(stage, `/backup/${id}`)).toMatchObject({ failure: { code: 'worker_lost' } });
    await unlocked(stage, databaseId);
  },
});

export const WORKER_SCENARIOS: Readonly<Record<string, WorkerScenario>> = {
  ...backupScenarios('sql'),
  ...inFormatParallel(backupScenarios('parallel')),
  'a database is looked at': async (stage, network) => {
    const id = await register(stage, network);
    expect(await ask(stage, 200, 'POST', `/databases/${id}/test`)).toMatchObject({ ok: true });
  },
  'a secret of the user opens a database to look at': async (stage, network) => {
    const backupCredentials = { secretArn: await ownSecret(stage) };
    const id = await register(stage, network, { backupCredentials });
    expect(await ask(stage, 200, 'POST', `/databases/${id}/test`)).toMatchObject({ ok: true });
  },
  'a secret of the user opens a database to back up and restore': async (stage, network) => {
    const backupCredentials = { secretArn: await ownSecret(stage) };
    const id = await register(stage, network, { backupCredentials });
    const backup = await backedUp(stage, id);
    await completed(stage, `/restore/${(await startRestore(stage, backup.id, id)).id}`);
  },
  'a restore goes on whose worker died': async (stage, network) => {
    const id = await register(stage, network);
    const backup = await backedUp(stage, id);
    stage.proxy.before(/\.UpdateItem\b.*"partial"/s, async () => {
      killWorkers(stage, `restore-${network}`);
      return 'cut';
    });
    await completed(stage, `/restore/${(await startRestore(stage, backup.id, id)).id}`);
  },
  'a backup is made although the answer to its completion is lost': async (stage, network) => {
    const id = await register(stage, network);
    stage.proxy.loseAnswerTo(new RegExp(`^POST \\S*/${id}/\\S*[?&]uploadId=`));
    await backedUp(stage, id, { format: 'sql' });
  },
};
