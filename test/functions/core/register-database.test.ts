import type { Database } from '../../../functions/core/database.ts';
import { registerDatabase } from '../../../functions/core/register-database.ts';
import { SafeBaseError } from '../../../functions/errors.ts';
import { CERTIFICATE } from '../../fixtures/certificate.ts';
import { corePorts } from '../../fixtures/core-ports.ts';
import { FIELDS, NETWORKS, PASSWORD } from '../../fixtures/database-fields.ts';

describe('registerDatabase', () => {
  it('puts passwords away at once and keeps where they lie', async () => {
    const ports = corePorts();
    const database = await registerDatabase(ports, NETWORKS, {
      ...FIELDS,
      backupCredentials: PASSWORD,
      restoreCredentials: { secretArn: 'arn:theirs' },
    });
    expect(database).toEqual(await ports.databases.get(database.id));
    expect(JSON.stringify(database)).not.toContain('first');
    expect(await ports.secrets.read(database.backupCredentials.secretArn)).toEqual(PASSWORD);
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
    const given = { ...FIELDS, ...change, backupCredentials: PASSWORD };
    await expect(registerDatabase(ports, NETWORKS, given)).rejects.toMatchObject({ code });
    expect(ports.secrets.stored.size).toBe(0);
    expect((await ports.databases.list({ limit: 1 })).items).toEqual([]);
  });

  it('takes a private address where the network may, and a CA that is one', async () => {
    const ports = corePorts();
    const tls = { mode: 'verify', ca: CERTIFICATE } as const;
    const given = { ...FIELDS, host: '10.0.0.1', network: 'office', tls, backupCredentials: PASSWORD };
    expect(await registerDatabase(ports, NETWORKS, given)).toMatchObject({ host: '10.0.0.1', tls });
  });

  it('takes the secrets away again when the record cannot be written', async () => {
    const ports = corePorts();
    const databases = {
      ...ports.databases,
      create: async () => {
        throw new SafeBaseError('unavailable', 'no');
      },
    };
    const given = { ...FIELDS, backupCredentials: PASSWORD, restoreCredentials: PASSWORD };
    await expect(registerDatabase({ ...ports, databases }, NETWORKS, given)).rejects.toMatchObject({
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
    const given = { ...FIELDS, backupCredentials: PASSWORD };
    await expect(registerDatabase({ ...ports, databases }, NETWORKS, given)).rejects.toMatchObject({
      code: 'unavailable',
    });
    expect(ports.secrets.stored.size).toBe(1);
  });
});
