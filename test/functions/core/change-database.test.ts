import { cancelRun } from '../../../functions/core/cancel-run.ts';
import { changeDatabase } from '../../../functions/core/change-database.ts';
import { newDatabaseId } from '../../../functions/core/ids.ts';
import { startBackup } from '../../../functions/core/start-backup.ts';
import { CERTIFICATE } from '../../fixtures/certificate.ts';
import { corePorts, registered } from '../../fixtures/core-ports.ts';
import { FIELDS, fieldsOf, NETWORKS, PASSWORD } from '../../fixtures/database-fields.ts';

describe('changeDatabase', () => {
  it('writes a new password into the same secret, where running jobs find it', async () => {
    const ports = corePorts();
    const old = await registered(ports);
    const given = {
      ...fieldsOf(old),
      name: 'renamed',
      backupCredentials: { username: 'backup', password: 'second' },
    };
    const changed = await changeDatabase(ports, NETWORKS, old.id, 1, given);
    expect(changed).toMatchObject({ name: 'renamed', version: 2, backupCredentials: old.backupCredentials });
    expect(await ports.secrets.read(old.backupCredentials.secretArn)).toMatchObject({ password: 'second' });
  });

  it('gives another user a secret of its own, and removes the old one', async () => {
    const ports = corePorts();
    const old = await registered(ports);
    const given = { ...fieldsOf(old), backupCredentials: { username: 'other', password: 'second' } };
    const changed = await changeDatabase(ports, NETWORKS, old.id, 1, given);
    expect([...ports.secrets.stored.keys()]).toEqual([changed.backupCredentials.secretArn]);
    expect(changed.backupCredentials.secretArn).not.toBe(old.backupCredentials.secretArn);
  });

  it('adds and removes the credentials for restores', async () => {
    const ports = corePorts();
    const old = await registered(ports);
    const more = { ...fieldsOf(old), restoreCredentials: { username: 'restore', password: 'x' } };
    await changeDatabase(ports, NETWORKS, old.id, 1, more);
    expect(ports.secrets.stored.size).toBe(2);
    expect(await changeDatabase(ports, NETWORKS, old.id, 2, fieldsOf(old))).toHaveProperty(
      'restoreCredentials',
    );
    const less = { ...fieldsOf(old), restoreCredentials: null };
    expect(await changeDatabase(ports, NETWORKS, old.id, 3, less)).not.toHaveProperty('restoreCredentials');
    expect(ports.secrets.stored.size).toBe(1);
  });

  it('changes nothing, passwords neither, for who comes with an old version', async () => {
    const ports = corePorts();
    const old = await registered(ports, { version: 3 });
    const before = [...ports.secrets.stored];
    for (const username of ['backup', 'other']) {
      const given = { ...fieldsOf(old), backupCredentials: { username, password: 'second' } };
      await expect(changeDatabase(ports, NETWORKS, old.id, 2, given)).rejects.toMatchObject({
        code: 'version_conflict',
      });
      // Another change comes between the look and the write.
      const databases = { ...ports.databases, get: async () => ({ ...old, version: 2 }) };
      await expect(changeDatabase({ ...ports, databases }, NETWORKS, old.id, 2, given)).rejects.toMatchObject(
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
    await expect(changeDatabase(ports, NETWORKS, old.id, 1, given)).rejects.toMatchObject({
      code: 'invalid_request',
    });
    const moved = await changeDatabase(ports, NETWORKS, old.id, 1, { ...given, backupCredentials: PASSWORD });
    expect(moved).not.toHaveProperty('server');
  });

  it('knows no database that there is not', async () => {
    await expect(changeDatabase(corePorts(), NETWORKS, newDatabaseId(), 1, FIELDS)).rejects.toMatchObject({
      code: 'not_found',
    });
  });
});

describe('changeDatabase beside a run', () => {
  const moved = {
    ...FIELDS,
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
    await expect(changeDatabase(ports, NETWORKS, old.id, 1, moved)).rejects.toMatchObject({
      code: 'run_active',
      details: { runId: run.id },
    });
    expect(await ports.databases.get(old.id)).toEqual(old);
    expect([...ports.secrets.stored.keys()]).toEqual(secrets);
    const renamed = await changeDatabase(ports, NETWORKS, old.id, 1, { ...fieldsOf(old), name: 'new name' });
    expect(renamed).toMatchObject({ name: 'new name', version: 2 });
    await cancelRun({ ...ports, runs: ports.backups }, run.id, 'tok_1');
    expect(await changeDatabase(ports, NETWORKS, old.id, 2, moved)).toHaveProperty('host', moved.host);
    await startBackup(ports, { databaseId: old.id, requestedBy: 'tok_1', queueLeaseMs: 1_000 });
  });
});
