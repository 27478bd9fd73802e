import { createServer, type Socket } from 'node:net';
import { mysqlConnector } from '../../../functions/adapters/mysql-connector.ts';
import type { Endpoint } from '../../../functions/engine/connection.ts';

/** A server that does as a test says, and what its client sent to it. */
interface FakeServer {
  readonly endpoint: Endpoint;
  received(): string;
  stop(): void;
}

/** One packet of the protocol: length, number, payload. */
function packet(number: number, payload: Buffer): Buffer {
  const header = Buffer.alloc(4);
  header.writeUIntLE(payload.length, 0, 3);
  header[3] = number;
  return Buffer.concat([header, payload]);
}

/** The first packet of a server without TLS. @see https://dev.mysql.com/doc/dev/mysql-server/latest/page_protocol_connection_phase_packets_protocol_handshake_v10.html */
const GREETING = packet(
  0,
  Buffer.concat([
    Buffer.from('\x0a8.0.36\0'),
    Buffer.from([1, 0, 0, 0]),
    Buffer.from('12345678\0'),
    // Protocol 4.1, secure authentication, plugins, LOCAL INFILE; no TLS.
    Buffer.from([0x81, 0x82, 45, 2, 0, 0x08, 0x00, 21]),
    Buffer.alloc(10),
    Buffer.from('123456789012\0'),
    Buffer.from('mysql_native_password\0'),
  ]),
);
const OK = Buffer.from([0, 0, 0, 2, 0, 0, 0]);

async function fakeServer(talk: (socket: Socket, packets: number) => void): Promise<FakeServer> {
  const chunks: Buffer[] = [];
  const sockets: Socket[] = [];
  const server = createServer((socket) => {
    let packets = 0;
    sockets.push(socket);
    socket.on('error', () => undefined);
    talk(socket, packets);
    socket.on('data', (chunk: Buffer) => {
      chunks.push(chunk);
      packets += 1;
      talk(socket, packets);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('a listening socket has no port');
  return {
    endpoint: {
      host: 'localhost',
      addresses: ['127.0.0.1'],
      port: address.port,
      username: 'backup',
      password: 'canary-pw',
      tls: { mode: 'off' },
    },
    received: () => Buffer.concat(chunks).toString('latin1'),
    stop() {
      for (const socket of sockets) socket.destroy();
      server.close();
    },
  };
}

const connector = mysqlConnector({ caFile: '/dev/null', limits: { connectTimeoutMs: 300 } });

describe('a hostile server', () => {
  let server: FakeServer;
  afterEach(() => server.stop());

  it('cannot talk us out of TLS: nothing is sent to one that has none', async () => {
    server = await fakeServer((socket, packets) => packets === 0 && socket.write(GREETING));
    const wanted = connector.connect({ ...server.endpoint, tls: { mode: 'verify' } });
    await expect(wanted).rejects.toMatchObject({ code: 'tls_failed' });
    expect(server.received()).toBe('');
  });

  it('cannot make us wait for ever', async () => {
    server = await fakeServer(() => undefined);
    await expect(connector.connect(server.endpoint)).rejects.toMatchObject({ code: 'connection_timeout' });
  });

  it('cannot ask for the password in plain text', async () => {
    const switchToClear = Buffer.concat([Buffer.of(0xfe), Buffer.from('mysql_clear_password\0')]);
    server = await fakeServer((socket, packets) => {
      if (packets === 0) socket.write(GREETING);
      if (packets === 1) socket.write(packet(2, switchToClear));
    });
    await expect(connector.connect(server.endpoint)).rejects.toMatchObject({ code: 'credentials_rejected' });
    expect(server.received()).toContain('backup');
    expect(server.received()).not.toContain('canary-pw');
  });

  it('cannot crash us with a way to log in that we do not know', async () => {
    const switchToUnknown = Buffer.concat([Buffer.of(0xfe), Buffer.from('client_ed25519\0')]);
    server = await fakeServer((socket, packets) => {
      if (packets === 0) socket.write(GREETING);
      if (packets === 1) socket.write(packet(2, switchToUnknown));
    });
    await expect(connector.connect(server.endpoint)).rejects.toMatchObject({ code: 'credentials_rejected' });
    expect(server.received()).not.toContain('canary-pw');
  });

  it('cannot have a local file, whatever the statement was', async () => {
    const askForFile = Buffer.concat([Buffer.of(0xfb), Buffer.from('/etc/passwd')]);
    server = await fakeServer((socket, packets) => {
      if (packets === 0) socket.write(GREETING);
      if (packets === 1) socket.write(packet(2, OK));
      if (packets === 2) socket.write(packet(1, OK));
      if (packets === 3) socket.write(packet(1, askForFile));
      if (packets === 4) socket.write(packet(3, OK));
    });
    const session = await connector.connect(server.endpoint);
    await expect(session.query('SELECT 1')).rejects.toMatchObject({ code: 'query_failed' });
    // The last packet is the empty one that ends a file.
    expect(server.received().slice(-4)).toBe('\0\0\0\x02');
    expect(server.received()).not.toContain('root:');
    await session.close();
  });

  it('cannot confuse us with what is no packet of the protocol', async () => {
    server = await fakeServer(
      (socket, packets) => packets === 0 && socket.write('HTTP/1.1 400 Bad Request\r\n\r\n'),
    );
    await expect(connector.connect(server.endpoint)).rejects.toMatchObject({
      code: expect.stringMatching(/connection_|query_failed/),
    });
  });
});
