import { X509Certificate } from 'node:crypto';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { connect, createServer } from 'node:tls';
import { makeServerCertificate } from '../../../local/engines/certificate.ts';

const made = makeServerCertificate();
const ca = new X509Certificate(made.ca);
const server = new X509Certificate(made.certificate);

describe('makeServerCertificate', () => {
  it('makes an authority and a certificate that it signed', () => {
    expect(ca.ca).toBe(true);
    expect(ca.verify(ca.publicKey)).toBe(true);
    expect(server.ca).toBe(false);
    expect(server.verify(ca.publicKey)).toBe(true);
    expect(server.checkIssued(ca)).toBe(true);
    expect(server.subjectAltName).toBe('DNS:localhost, IP Address:127.0.0.1');
  });

  it('is valid now and for years', () => {
    expect(server.validFromDate.getTime()).toBeLessThanOrEqual(Date.now());
    expect(server.validToDate.getTime()).toBeGreaterThan(Date.now() + 9 * 365 * 86_400_000);
  });

  it('makes another authority each time', () => {
    expect(server.verify(new X509Certificate(makeServerCertificate().ca).publicKey)).toBe(false);
  });

  it.each([
    ['takes the name that it was made for', made.ca, 'localhost', undefined],
    ['refuses another name', made.ca, 'elsewhere.example', 'ERR_TLS_CERT_ALTNAME_INVALID'],
    ['refuses another authority', makeServerCertificate().ca, 'localhost', 'UNABLE_TO_VERIFY_LEAF_SIGNATURE'],
  ])('is such that a TLS client %s', async (_, authority, servername, code) => {
    const listener = createServer({ cert: made.certificate, key: made.key }).listen(0, '127.0.0.1');
    listener.on('tlsClientError', () => undefined);
    await once(listener, 'listening');
    const { port } = listener.address() as AddressInfo;
    const client = connect({ host: '127.0.0.1', port, servername, ca: authority });
    const [error] = await Promise.race([once(client, 'secureConnect'), failure(client)]);
    expect(error?.code).toBe(code);
    client.destroy();
    listener.close();
  });
});

async function failure(client: ReturnType<typeof connect>): Promise<[{ code: string }]> {
  return new Promise((resolve) =>
    client.once('error', (error: Error & { code: string }) => resolve([error])),
  );
}
