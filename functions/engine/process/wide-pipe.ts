import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net';
import { Readable } from 'node:stream';

/** The two ends of a pipe for what a child prints. */
export interface WidePipe {
  /** Gives batches of one size, and what is left at the end. */
  readonly output: Readable;
  /** Given to the child as its stdout; whoever started it destroys this copy, so that the child's end is the end. */
  readonly childEnd: Socket;
}

const READ_BYTES = 1024 * 1024;
const LOOPBACK = '127.0.0.1';

/**
 * Opens a pipe that holds much. What Node gives a child for its stdout is a Unix socket: it holds some ten writes of a
 * dump tool, which then waits for us all the time, while we allocate 64 KB for each 6 KB that we read. A connection over
 * loopback holds megabytes and is read into one buffer; the whole dump ends a seventh earlier.
 */
export async function openWidePipe(batchBytes: number): Promise<WidePipe> {
  const server = createServer({ pauseOnConnect: true });
  server.listen(0, LOOPBACK);
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;

  const output = new Readable({
    highWaterMark: 2 * batchBytes,
    read: () => {
      reader.resume();
    },
    destroy: (error, done) => {
      reader.destroy();
      done(error);
    },
  });
  const batches = gather(batchBytes, (batch) => output.push(batch));
  const buffer = Buffer.allocUnsafeSlow(READ_BYTES);
  const callback = (bytes: number) => batches.take(buffer.subarray(0, bytes));
  const reader = connect({ port, host: LOOPBACK, onread: { buffer, callback } });

  const childEnd = await ownConnection(server, reader);
  // A child that is killed may reset the connection: how it ended says its exit, not its output.
  reader.on('error', () => {});
  reader.on('close', () => {
    batches.end();
    output.push(null);
  });
  return { output, childEnd };
}

/** @param give says whether it wants more */
function gather(batchBytes: number, give: (batch: Buffer) => boolean) {
  let batch: Buffer | undefined;
  let filled = 0;
  return {
    take(bytes: Buffer): boolean {
      let wantsMore = true;
      for (let taken = 0; taken < bytes.length; ) {
        batch ??= Buffer.allocUnsafeSlow(batchBytes);
        const copied = bytes.copy(batch, filled, taken);
        taken += copied;
        filled += copied;
        if (filled < batchBytes) continue;
        wantsMore = give(batch);
        batch = undefined;
        filled = 0;
      }
      return wantsMore;
    },
    end(): void {
      if (batch) give(batch.subarray(0, filled));
    },
  };
}

/** Waits for our own connection: anyone on this machine could have come first. */
async function ownConnection(server: Server, reader: Socket): Promise<Socket> {
  const arrived: Socket[] = [];
  server.on('connection', (socket) => arrived.push(socket));
  const isOwn = (socket: Socket) => socket.remotePort === reader.localPort;
  try {
    await once(reader, 'connect');
    while (!arrived.some(isOwn)) await once(server, 'connection');
  } finally {
    for (const stranger of arrived.filter((socket) => !isOwn(socket))) stranger.destroy();
    server.close();
  }
  const own = arrived.find(isOwn);
  if (!own) throw new Error('the pipe for a program was not connected');
  return own;
}
