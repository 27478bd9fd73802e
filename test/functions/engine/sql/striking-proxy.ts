import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Server } from 'node:net';

/** What a server says that has had enough; as the answer to a query. */
const ENOUGH = Buffer.from('#42000the resource is exhausted');
const REFUSAL = Buffer.concat([Buffer.of(3 + ENOUGH.length, 0, 0, 1, 0xff, 1226 & 255, 1226 >> 8), ENOUGH]);
/** Header and kind of a packet that asks something. */
const QUERY = 3;
const QUERY_KIND_AT = 4;

/**
 * A way to a server of this machine, without TLS, that strikes messages of its clients: it cuts the connection, or refuses
 * a query in the server's place. All others it passes on.
 * @param isStruck asked for each message, with its number from 1
 */
export async function strikingProxy(
  port: number,
  strike: 'cut' | 'refuse',
  isStruck: (message: Buffer, number: number) => boolean,
) {
  let passed = 0;
  const server: Server = createServer((client) => {
    const upstream = connect(port, '127.0.0.1');
    client.on('data', (message) => {
      passed += 1;
      if (!isStruck(message, passed)) upstream.write(message);
      else if (strike === 'cut') client.resetAndDestroy();
      else if (message[QUERY_KIND_AT] === QUERY && message[QUERY] === 0) client.write(REFUSAL);
      else upstream.write(message);
    });
    upstream.pipe(client);
    client.on('error', () => {}).on('close', () => upstream.destroy());
    upstream.on('error', () => {}).on('close', () => client.destroy());
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    port: (server.address() as AddressInfo).port,
    passed: () => passed,
    close: () => server.close(),
  };
}
