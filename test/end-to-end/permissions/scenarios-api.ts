/** What a user asks of the API, and what an operator invokes by hand. */
import type { Scenario, Stage } from './stage.ts';
import {
  ask,
  backedUp,
  completed,
  ended,
  forget,
  forgetTheEnd,
  lose,
  register,
  secretOf,
  secretValue,
  start,
  startRestore,
  unlocked,
} from './steps.ts';

const listed = async (stage: Stage, path: string, id: string): Promise<void> => {
  const { items } = await ask(stage, 200, 'GET', path);
  expect(items.map((item: { id: string }) => item.id)).toContain(id);
};

export const API_SCENARIOS: Readonly<Record<string, Scenario>> = {
  'databases are kept': async (stage) => {
    const id = await register(stage);
    const path = `/databases/${id}`;
    await listed(stage, '/databases', id);
    const arn = await secretOf(stage, id);
    const { name, host, port, schemas, tls } = await ask(stage, 200, 'GET', path);
    const backupCredentials = { username: stage.server.admin.user, password: 'another' };
    const changed = { name, host, port, schemas, tls, backupCredentials };
    await ask(stage, 200, 'PUT', path, changed, { 'if-match': '"1"' });
    expect(JSON.parse((await secretValue(stage, arn)) ?? '{}').password).toBe('another');
    await ask(stage, 200, 'DELETE', path);
    await ask(stage, 404, 'GET', path);
    expect(await secretValue(stage, arn)).toBeUndefined();
    await unlocked(stage, id);
  },
  'a database goes with its backups': async (stage) => {
    const databaseId = await register(stage);
    const { id } = await backedUp(stage, databaseId);
    await ask(stage, 200, 'DELETE', `/databases/${databaseId}?backups=delete`);
    expect((await ended(stage, `/backup/${id}`)).state).toBe('deleted');
  },

  'a token is made, written down and known everywhere': async (stage) => {
    const { token } = await makeToken(stage);
    await asToken(stage, token);
  },
  'a token is made although the answer to its write is lost': async (stage) => {
    stage.proxy.loseAnswerTo(/TOKEN#/);
    const { token } = await makeToken(stage);
    await asToken(stage, token);
  },
  'a token is made although the answer to its audit entry is lost': async (stage) => {
    stage.proxy.loseAnswerTo(/^PUT \S*\/audit\//);
    const { token } = await makeToken(stage);
    await asToken(stage, token);
  },

  'runs are listed': async (stage) => {
    const databaseId = await register(stage);
    const backup = await backedUp(stage, databaseId);
    const restore = await completed(
      stage,
      `/restore/${(await startRestore(stage, backup.id, databaseId)).id}`,
    );
    for (const [kind, { id }] of [
      ['backup', backup],
      ['restore', restore],
    ] as const) {
      await listed(stage, `/${kind}`, id);
      await listed(stage, `/${kind}?databaseId=${databaseId}`, id);
      await ask(stage, 200, 'GET', `/${kind}?state=running`);
    }
  },

  'a backup is downloaded': async (stage) => {
    const { id } = await backedUp(stage, await register(stage));
    const { dumps } = await ask(stage, 200, 'GET', `/backup/${id}/download`);
    const file = await fetch(dumps[0].url);
    expect(file.status).toBe(200);
    await file.arrayBuffer();
  },
  'a download tells that the manifest is lost': async (stage) => {
    const { id } = await backedUp(stage, await register(stage));
    await lose(stage, id, '/manifest.json');
    const { body } = await stage.laptop.api('GET', `/backup/${id}/download`);
    expect(body.code).toBe('backup_damaged');
  },

  'a backup and a restore are cancelled': async (stage) => {
    const databaseId = await register(stage);
    const backup = await backedUp(stage, databaseId);
    const restore = await completed(
      stage,
      `/restore/${(await startRestore(stage, backup.id, databaseId)).id}`,
    );
    for (const path of [`/backup/${backup.id}`, `/restore/${restore.id}`]) {
      await forgetTheEnd(stage, path.split('/')[2] ?? '', true);
      const { cancel } = await ask(stage, 202, 'POST', `${path}/cancel`);
      expect(cancel).toBeDefined();
    }
  },

  'a start is repeated with its key': async (stage) => {
    const databaseId = await register(stage);
    const keyOf = (kind: string) => ({ 'idempotency-key': `${kind}-${databaseId}` });
    const { id } = await start(stage, databaseId, keyOf('backup'));
    await completed(stage, `/backup/${id}`);
    expect((await start(stage, databaseId, keyOf('backup'))).id).toBe(id);
    const restore = await startRestore(stage, id, databaseId, keyOf('restore'));
    await completed(stage, `/restore/${restore.id}`);
    expect((await startRestore(stage, id, databaseId, keyOf('restore'))).id).toBe(restore.id);
  },

  'lost records are found again': async (stage) => {
    const databaseId = await register(stage);
    const { id } = await backedUp(stage, databaseId);
    await signed(stage, id);
    await forget(stage, 'DB', databaseId);
    await forget(stage, 'BK', id);
    expect(await adopted(stage, id)).toMatchObject({ result: 'adopted' });
    await ask(stage, 200, 'GET', `/backup/${id}`);
    await ask(stage, 200, 'GET', `/databases/${databaseId}`);
  },
  'lost records are found again although the answer to the audit entry is lost': async (stage) => {
    stage.proxy.loseAnswerTo(/^PUT \S*\/audit\//);
    const { manifests } = (await stage.laptop.cloud.invoke('reindex', {})) as Reindexed;
    expect(manifests).toBeDefined();
  },
  'a manifest that vanishes amid a reindex is refused': async (stage) => {
    const { id } = await backedUp(stage, await register(stage));
    await signed(stage, id);
    await forget(stage, 'BK', id);
    stage.proxy.before(new RegExp(`^GET \\S*/${id}/manifest\\.json\\?`), () =>
      lose(stage, id, '/manifest.json'),
    );
    expect(await adopted(stage, id)).toMatchObject({
      result: 'refused',
      reason: expect.stringMatching(/^backup_damaged/),
    });
  },

  'a manifest is signed': async (stage) => {
    const { id } = await backedUp(stage, await register(stage));
    await signed(stage, id);
  },
  'a manifest is signed although an answer is lost': async (stage) => {
    const { id } = await backedUp(stage, await register(stage));
    stage.proxy.loseAnswerTo(new RegExp(`^PUT \\S*/${id}/manifest\\.json\\.sig`));
    await signed(stage, id);
  },
  'a lost manifest does not keep others from being signed': async (stage) => {
    const { id } = await backedUp(stage, await register(stage));
    await lose(stage, id, '/manifest.json');
    await stage.laptop.cloud.invoke('sign', {});
  },
};

interface Reindexed {
  readonly manifests: readonly { readonly key: string; readonly result: string; readonly reason?: string }[];
}
async function adopted(stage: Stage, id: string) {
  const { manifests } = (await stage.laptop.cloud.invoke('reindex', {})) as Reindexed;
  return manifests.find(({ key }) => key.includes(`/${id}/`));
}

async function signed(stage: Stage, id: string): Promise<void> {
  await stage.laptop.cloud.invoke('sign', {});
  const { manifest } = await ask(stage, 200, 'GET', `/backup/${id}`);
  expect(manifest?.signature).toBeDefined();
}

const makeToken = (stage: Stage) =>
  stage.laptop.cloud.invoke('admin-token', { name: 'another' }) as Promise<{ token: string }>;

/** With a token that no function has in its memory yet. */
async function asToken(stage: Stage, token: string): Promise<void> {
  for (const path of ['/databases', '/backup', '/restore'])
    await ask(stage, 200, 'GET', path, undefined, { authorization: `Bearer ${token}` });
}
