/** What the workers of a network do, and what becomes of them. */
import type { Network } from './served-lines.ts';
import type { Stage } from './stage.ts';
import {
  ask,
  backedUp,
  completed,
  ended,
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
const firstPart = (databaseId: string) => new RegExp(`^PUT \\S*/${databaseId}/\\S*partNumber=1&`);

export const WORKER_SCENARIOS: Readonly<Record<string, WorkerScenario>> = {
  'a database is looked at': async (stage, network) => {
    const id = await register(stage, network);
    expect(await ask(stage, 200, 'POST', `/databases/${id}/test`)).toMatchObject({ ok: true });
  },
  'a backup is made': async (stage, network) => {
    const id = await register(stage, network);
    await withoutErrors(stage, `backup-${network}`, async () => {
      await backedUp(stage, id);
      await unlocked(stage, id);
    });
  },
  'a backup is restored': async (stage, network) => {
    const id = await register(stage, network);
    const backup = await backedUp(stage, id);
    await withoutErrors(stage, `restore-${network}`, async () => {
      await completed(stage, `/restore/${(await startRestore(stage, backup.id, id)).id}`);
      await unlocked(stage, id);
    });
  },
  'a backup in format parallel is made and restored': async (stage, network) => {
    const id = await register(stage, network);
    const backup = await backedUp(stage, id, { format: 'parallel' });
    await completed(stage, `/restore/${(await startRestore(stage, backup.id, id)).id}`);
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
  'a backup that cannot send its parts leaves nothing': async (stage, network) => {
    const databaseId = await register(stage, network);
    stage.proxy.refuse(firstPart(databaseId));
    const { id } = await start(stage, databaseId);
    expect(await ended(stage, `/backup/${id}`)).toMatchObject({ failure: { code: 'upload_failed' } });
    expect(await stored(stage, id)).toEqual({ objects: [], uploads: [] });
  },
  'a backup is made although the answer to its completion is lost': async (stage, network) => {
    const id = await register(stage, network);
    stage.proxy.loseAnswerTo(new RegExp(`^POST \\S*/${id}/\\S*[?&]uploadId=`));
    await backedUp(stage, id);
  },
  'a dump that vanishes before it is read back is told': async (stage, network) => {
    const databaseId = await register(stage, network);
    let id = '';
    stage.proxy.before(new RegExp(`^GET \\S*/${databaseId}/\\S*/dump\\.sql\\.zst\\?`), () =>
      lose(stage, id, '/dump.sql.zst'),
    );
    ({ id } = await start(stage, databaseId));
    expect(await ended(stage, `/backup/${id}`)).toMatchObject({ failure: { code: 'proof_failed' } });
  },
  'a dump that is lost is told to who restores it': async (stage, network) => {
    const databaseId = await register(stage, network);
    const { id } = await backedUp(stage, databaseId);
    await lose(stage, id, '/dump.sql.zst');
    const restore = await startRestore(stage, id, databaseId);
    const path = `/restore/${restore.id}`;
    expect(await ended(stage, path)).toMatchObject({ failure: { code: 'backup_damaged' } });
  },
  'a backup ends whose worker died': async (stage, network) => {
    const databaseId = await register(stage, network);
    stage.proxy.before(firstPart(databaseId), async () => {
      killWorkers(stage, `backup-${network}`);
      return 'cut';
    });
    const { id } = await start(stage, databaseId);
    expect(await ended(stage, `/backup/${id}`)).toMatchObject({ failure: { code: 'worker_lost' } });
    await unlocked(stage, databaseId);
  },
};
