import { once } from 'node:events';
import { type AddressInfo, connect, createServer } from 'node:net';
import { addressOf, judgePeers } from '../../../../functions/engine/process/peer-address.ts';

describe('judgePeers', () => {
  it('sees where this very process is connected to', async () => {
    const server = createServer().listen(0, '127.0.0.1');
    await once(server, 'listening');
    const { port } = server.address() as AddressInfo;
    expect(await judgePeers(process.pid, port, ['127.0.0.1'])).toBe('unknown');

    const socket = connect(port, '127.0.0.1');
    await once(socket, 'connect');
    expect(await judgePeers(process.pid, port, ['127.0.0.1'])).toBe('allowed');
    expect(await judgePeers(process.pid, port, ['::ffff:127.0.0.1', '192.0.2.1'])).toBe('allowed');
    expect(await judgePeers(process.pid, port, ['192.0.2.1'])).toBe('refused');
    expect(await judgePeers(process.pid, port + 1, ['192.0.2.1'])).toBe('unknown');
    socket.destroy();
    server.close();
  });

  it('knows nothing of a process that is gone', async () => {
    expect(await judgePeers(2 ** 22 + 1, 3306, ['127.0.0.1'])).toBe('unknown');
  });
});

describe('addressOf', () => {
  it.each([
    ['0100007F', '127.0.0.1'],
    ['0000000000000000FFFF00000100007F', '127.0.0.1'],
    ['00000000000000000000000001000000', '0000:0000:0000:0000:0000:0000:0000:0001'],
    ['B80D0120000000000000000001000000', '2001:0db8:0000:0000:0000:0000:0000:0001'],
  ])('reads %s as %s', (hex, address) => {
    expect(addressOf(hex)).toBe(address);
  });
});
