import { dnsResolver } from '../../../functions/adapters/dns-resolver.ts';

describe('the resolver', () => {
  it('gives all addresses of a name', async () => {
    const addresses = await dnsResolver().resolve('localhost');
    expect(addresses.length).toBeGreaterThan(0);
    for (const address of addresses) expect(['127.0.0.1', '::1']).toContain(address);
  });

  it('gives an address itself', async () => {
    expect(await dnsResolver().resolve('192.0.2.7')).toEqual(['192.0.2.7']);
  });

  it('says that a name is unknown', async () => {
    await expect(dnsResolver().resolve('nothing.invalid')).rejects.toMatchObject({ code: 'host_unknown' });
  });

  it('does not wait for ever', async () => {
    const silent = dnsResolver(10, () => new Promise(() => undefined));
    await expect(silent.resolve('db.example.com')).rejects.toMatchObject({ code: 'host_unknown' });
  });
});
