import { testDatabase } from '../../../functions/core/test-database.ts';
import { corePorts, registered } from '../../fixtures/core-ports.ts';

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
