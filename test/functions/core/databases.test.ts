import { cancelRun } from '../../../functions/core/cancel-run.ts';
import { changeDatabase } from '../../../functions/core/change-database.ts';
import type { Database } from '../../../functions/core/database.ts';
import { newDatabaseId } from '../../../functions/core/ids.ts';
import { registerDatabase } from '../../../functions/core/register-database.ts';
import { removeDatabase } from '../../../functions/core/remove-database.ts';
import { startBackup } from '../../../functions/core/start-backup.ts';
import { testDatabase } from '../../../functions/core/test-database.ts';
import { SafeBaseError } from '../../../functions/errors.ts';
import { CERTIFICATE } from '../../fixtures/certificate.ts';
import { completed, corePorts, registered } from '../../fixtures/core-ports.ts';

const networks = { public: { private: false, loopback: false }, office: { private: true, loopback: false } };
const fields = {
  name: 'shop',
  host: 'db.example.com',
  port: 3306,
  schemas: 'all',
  network: 'public',
  tls: { mode: 'verify' },
} as const;
const password = { username: 'backup', password: 'first' };
const fieldsOf = ({ name, host, port, schemas, network, tls }: Database) => ({
  name,
  host,
  port,
  schemas,
  network,
  tls,
});

describe('registerDatabase', () => {
  it('puts passwords away at once and keeps where they lie', async () => {
    const ports = corePorts();
    const database = await registerDatabase(ports, networks, {
      ...fields,
      backupCredentials: password,
      restoreCredentials: { secretArn: 'arn:theirs' },
    });
    expect(database).toEqual(await ports.databases.get(database.id));
    expect(JSON.stringify(database)).not.toContain('first');
    expect(await ports.secrets.read(database.backupCredentials.secretArn)).toEqual(password);
    expect(database.restoreCredentials).toEqual({ secretArn: 'arn:theirs', managed: false });
    expect(database.version).toBe(1);
  });

  it.each([
    ['a network that is not there', { network: 'moon' }, 'invalid_request'],
    ['a network by a name that every object has', { network: 'constructor' }, 'invalid_request'],
    ['a host that is none', { host: '2130706433' }, 'invalid_request'],
    ['a metadata address', { host: '169.254.169.254' }, 'host_refused'],
    ['a loopback address', { host: '127.0.0.1' }, 'host_refused'],
    ['a private address from outside', { host: '10.0.0.1' }, 'host_refused'],
    ['a metadata address from inside', { host: '169.254.169.254', network: 'office' }, 'host_refused'],
    [
      'a CA that is none',
      { tls: { mode: 'verify', ca: '-----BEGIN CERTIFICATE-----\nx' } },
      'invalid_request',
    ],
  ] as const)('refuses %s, and stores nothing', async (_, change, code) => {
    const ports = corePorts();
    const given = { ...fields, ...change, backupCredentials: password };
    await expect(registerDatabase(ports, networks, given)).rejects.toMatchObject({ code });
    expect(ports.secrets.stored.size).toBe(0);
    expect((await ports.databases.list({ limit: 1 })).items).toEqual([]);
  });

  it('takes a private address where the network may, and a CA that is one', async () => {
    const ports = corePorts();
    const tls = { mode: 'verify', ca: CERTIFICATE } as const;
    const given = { ...fields, host: '10.0.0.1', network: 'office', tls, backupCredentials: password };
    expect(await registerDatabase(ports, networks, given)).toMatchObject({ host: '10.0.0.1', tls });
  });

  it('takes the secrets away again when the record cannot be written', async () => {
    const ports = corePorts();
    const databases = {
      ...ports.databases,
      create: async () => {
        throw new SafeBaseError('unavailable', 'no');
      },
    };
    const given = { ...fields, backupCredentials: password, restoreCredentials: password };
    await expect(registerDatabase({ ...ports, databases }, networks, given)).rejects.toMatchObject({
      code: 'unavailable',
    });
    expect(ports.secrets.stored.size).toBe(0);
  });

  it('keeps the secrets of a record that was written although the answer was lost', async () => {
    const ports = corePorts();
    const databases = {
      ...ports.databases,
      create: async (database: Database) => {
        await ports.databases.create(database);
        throw new SafeBaseError('unavailable', 'no answer');
      },
    };
    const given = { ...fields, backupCredentials: password };
    await expect(registerDatabase({ ...ports, databases }, networks, given)).rejects.toMatchObject({
      code: 'unavailable',
    });
    expect(ports.secrets.stored.size).toBe(1);
  });
});

describe('changeDatabase', () => {
  it('writes a new password into the same secret, where running jobs find it', async () => {
    const ports = corePorts();
    const old = await registered(ports);
    const given = {
      ...fieldsOf(old),
      name: 'renamed',
      backupCredentials: { username: 'backup', password: 'second' },
    };
    const changed = await changeDatabase(ports, networks, old.id, 1, given);
    expect(changed).toMatchObject({ name: 'renamed', version: 2, backupCredentials: old.backupCredentials });
    expect(await ports.secrets.read(old.backupCredentials.secretArn)).toMatchObject({ password: 'second' });
  });

  it('gives another user a secret of its own, and removes the old one', async () => {
    const ports = corePorts();
    const old = await registered(ports);
    const given = { ...fieldsOf(old), backupCredentials: { username: 'other', password: 'second' } };
    const changed = await changeDatabase(ports, networks, old.id, 1, given);
    expect([...ports.secrets.stored.keys()]).toEqual([changed.backupCredentials.secretArn]);
    expect(changed.backupCredentials.secretArn).not.toBe(old.backupCredentials.secretArn);
  });

  it('adds and removes the credentials for restores', async () => {
    const ports = corePorts();
    const old = await registered(ports);
    const more = { ...fieldsOf(old), restoreCredentials: { username: 'restore', password: 'x' } };
    await changeDatabase(ports, networks, old.id, 1, more);
    expect(ports.secrets.stored.size).toBe(2);
    expect(await changeDatabase(ports, networks, old.id, 2, fieldsOf(old))).toHaveProperty(
      'restoreCredentials',
    );
    const less = { ...fieldsOf(old), restoreCredentials: null };
    expect(await changeDatabase(ports, networks, old.id, 3, less)).not.toHaveProperty('restoreCredentials');
    expect(ports.secrets.stored.size).toBe(1);
  });

  it('changes nothing, passwords neither, for who comes with an old version', async () => {
    const ports = corePorts();
    const old = await registered(ports, { version: 3 });
    const before = [...ports.secrets.stored];
    for (const username of ['backup', 'other']) {
      const given = { ...fieldsOf(old), backupCredentials: { username, password: 'second' } };
      await expect(changeDatabase(ports, networks, old.id, 2, given)).rejects.toMatchObject({
        code: 'version_conflict',
      });
      // Another change comes between the look and the write.
      const databases = { ...ports.databases, get: async () => ({ ...old, version: 2 }) };
      await expect(changeDatabase({ ...ports, databases }, networks, old.id, 2, given)).rejects.toMatchObject(
        { code: 'version_conflict' },
      );
    }
    expect([...ports.secrets.stored]).toEqual(before);
    expect(await ports.databases.get(old.id)).toEqual(old);
  });

  it.each([
    { host: 'evil.example.com' },
    { port: 3307 },
    { network: 'office' },
    { tls: { mode: 'off' } },
    { tls: { mode: 'verify', ca: CERTIFICATE } },
  ] as const)('does not send stored passwords where %p says', async (change) => {
    const ports = corePorts();
    const server = { product: 'mysql', version: '9', support: 'tested', identity: 'x' } as const;
    const old = await registered(ports, { server });
    const given = { ...fieldsOf(old), ...change };
    await expect(changeDatabase(ports, networks, old.id, 1, given)).rejects.toMatchObject({
      code: 'invalid_request',
    });
    const moved = await changeDatabase(ports, networks, old.id, 1, { ...given, backupCredentials: password });
    expect(moved).not.toHaveProperty('server');
  });

  it('knows no database that there is not', async () => {
    await expect(changeDatabase(corePorts(), networks, newDatabaseId(), 1, fields)).rejects.toMatchObject({
      code: 'not_found',
    });
  });
});

describe('changeDatabase beside a run', () => {
  const moved = {
    ...fields,
    host: 'other.example.com',
    backupCredentials: { username: 'x', password: 'new' },
  };

  it('leads no run that was asked for to another server', async () => {
    const ports = corePorts();
    const old = await registered(ports);
    const secrets = [...ports.secrets.stored.keys()];
    const run = await startBackup(ports, {
      databaseId: old.id,
      requestedBy: 'tok_1',
      queueLeaseMs: 1_000,
    });
    await expect(changeDatabase(ports, networks, old.id, 1, moved)).rejects.toMatchObject({
      code: 'run_active',
      details: { runId: run.id },
    });
    expect(await ports.databases.get(old.id)).toEqual(old);
    expect([...ports.secrets.stored.keys()]).toEqual(secrets);
    const renamed = await changeDatabase(ports, networks, old.id, 1, { ...fieldsOf(old), name: 'new name' });
    expect(renamed).toMatchObject({ name: 'new name', version: 2 });
    await cancelRun({ ...ports, runs: ports.backups }, run.id, 'tok_1');
    expect(await changeDatabase(ports, networks, old.id, 2, moved)).toHaveProperty('host', moved.host);
    await startBackup(ports, { databaseId: old.id, requestedBy: 'tok_1', queueLeaseMs: 1_000 });
  });
});

describe('removeDatabase', () => {
  it('removes record and managed secrets, and nothing of the owner', async () => {
    const ports = corePorts();
    const database = await registered(ports, {
      restoreCredentials: { secretArn: 'arn:theirs', managed: false },
    });
    ports.secrets.stored.set('arn:theirs', { password: 'x' });
    expect(await removeDatabase(ports, database.id, undefined)).toBe(0);
    expect([...ports.secrets.stored.keys()]).toEqual(['arn:theirs']);
    expect(await ports.databases.get(database.id)).toBeUndefined();
    await expect(removeDatabase(ports, database.id, undefined)).rejects.toMatchObject({ code: 'not_found' });
  });

  it('asks what becomes of the backups', async () => {
    const ports = corePorts();
    const database = await registered(ports);
    const backup = await completed(ports, database);
    await expect(removeDatabase(ports, database.id, undefined)).rejects.toMatchObject({
      code: 'database_has_backups',
    });
    expect(await ports.databases.get(database.id)).toEqual(database);
    expect(await removeDatabase(ports, database.id, 'keep')).toBe(0);
    expect(await ports.backups.get(backup.id)).toEqual(backup);
  });

  it('queues the deletion of every backup where that was asked for', async () => {
    const ports = corePorts();
    const database = await registered(ports);
    const order = { databaseId: database.id, requestedBy: 'x', queueLeaseMs: 1_000 };
    const cancelled = await startBackup(ports, order);
    await cancelRun({ ...ports, runs: ports.backups }, cancelled.id, 'x');
    ports.workflows.started.length = 0;
    const backups = [await completed(ports, database), await completed(ports, database), cancelled];
    expect(await removeDatabase(ports, database.id, 'delete')).toBe(3);
    expect(ports.workflows.started.map(({ runId }) => runId).sort()).toEqual(
      backups.map(({ id }) => id).sort(),
    );
    for (const { id } of backups) expect(await ports.backups.get(id)).toMatchObject({ state: 'deleting' });
  });

  it('refuses while a run is active, and leaves no lock', async () => {
    const ports = corePorts();
    const database = await registered(ports);
    const active = await startBackup(ports, {
      databaseId: database.id,
      requestedBy: 'x',
      queueLeaseMs: 1_000,
    });
    await expect(removeDatabase(ports, database.id, 'keep')).rejects.toMatchObject({
      code: 'run_active',
      details: { runId: active.id },
    });
    ports.clock.pass(1_000);
    await removeDatabase(ports, database.id, 'keep');
    expect(await ports.backups.get(active.id)).toMatchObject({
      state: 'failed',
      failure: { code: 'worker_lost' },
    });
  });

  it('keeps the record where a secret cannot be removed, so that it can be repeated', async () => {
    const ports = corePorts();
    const database = await registered(ports);
    const secrets = {
      ...ports.secrets,
      remove: async () => {
        throw new SafeBaseError('secrets_unreachable', 'no');
      },
    };
    await expect(removeDatabase({ ...ports, secrets }, database.id, undefined)).rejects.toMatchObject({
      code: 'secrets_unreachable',
    });
    await removeDatabase(ports, database.id, undefined);
    expect(ports.secrets.stored.size).toBe(0);
  });
});

describe('testDatabase', () => {
  const server = { product: 'mariadb', version: '11.8.6', support: 'tested', identity: 'm' } as const;

  it('keeps which server was seen, once', async () => {
    const ports = { ...corePorts(), prober: { probe: async () => ({ ok: true, server }) } };
    const { id } = await registered(ports, { tls: { mode: 'off' } });
    expect(await testDatabase(ports, id)).toEqual({ ok: true, server, tls: { mode: 'off' } });
    expect(await ports.databases.get(id)).toMatchObject({ server, version: 2 });
    await testDatabase(ports, id);
    expect(await ports.databases.get(id)).toMatchObject({ version: 2 });
  });

  it('answers what is wrong, and does not mind a change meanwhile', async () => {
    const ports = corePorts();
    const database = await registered(ports);
    const failure = { code: 'credentials_rejected', reason: 'no', hint: 'x' } as const;
    const probe = async () => {
      await ports.databases.replace({ ...database, name: 'meanwhile', version: 2 });
      return { ok: false, server, failure };
    };
    expect(await testDatabase({ ...ports, prober: { probe } }, database.id)).toMatchObject({
      ok: false,
      failure,
    });
    expect(await ports.databases.get(database.id)).toMatchObject({ name: 'meanwhile', version: 2 });
  });
});
