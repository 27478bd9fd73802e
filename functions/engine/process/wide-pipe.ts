import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net';

/** The two ends of a pipe for what a child prints. */
export interface WidePipe {
  /**
   * Gives batches of one size, and what is left at the end. The bytes of a batch stay the same until the next but one is
   * asked for; then its buffer is used again. Whoever stops early breaks the pipe.
   */
  readonly batches: AsyncGenerator<Buffer, void, undefined>;
  /** Given to the child as its stdout; whoever started it destroys this copy, so that the child's end is the end. */
  readonly childEnd: Socket;
}

/** Two with the reader, two that wait for it, one that is being filled. */
const BATCHES = 5;
const LOOPBACK = '127.0.0.1';

/**
 * Opens a pipe that holds much. What Node gives a child for its stdout is a Unix socket, which holds little and is read
 * into new memory each time. A connection over loopback holds megabytes and is read into the same few buffers.
 */
export async function openWidePipe(batchBytes: number): Promise<WidePipe> {
  const server = createServer({ pauseOnConnect: true });
  server.listen(0, LOOPBACK);
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;

  const queue = new BatchQueue(batchBytes);
  // Read into its place: what comes is copied by nobody but the kernel.
  const onread = { buffer: () => queue.room(), callback: (bytes: number) => queue.took(bytes) };
  const reader = connect({ port, host: LOOPBACK, onread });
  const childEnd = await ownConnection(server, reader);
  // A child that is killed may reset the connection: how it ended says its exit, not its output.
  reader.on('error', () => {});
  reader.on('close', () => queue.end());
  return { batches: readAll(queue, reader), childEnd };
}

async function* readAll(queue: BatchQueue, reader: Socket): AsyncGenerator<Buffer, void, undefined> {
  let previous: Buffer | undefined;
  try {
    for (let batch = await queue.take(); batch !== undefined; batch = await queue.take()) {
      yield batch;
      if (previous) queue.release(previous);
      previous = batch;
      reader.resume();
    }
  } finally {
    reader.destroy();
  }
}

/** Gathers bytes in batches of one size, in buffers that are used again and again. */
class BatchQueue {
  readonly #free: Buffer[];
  readonly #ready: Buffer[] = [];
  #filling: Buffer;
  #filled = 0;
  #hasEnded = false;
  #wake = () => {};

  constructor(batchBytes: number) {
    const make = () => Buffer.allocUnsafeSlow(batchBytes);
    this.#filling = make();
    this.#free = Array.from({ length: BATCHES - 1 }, make);
  }

  /** Where the next bytes go; never empty. */
  room(): Buffer {
    return this.#filling.subarray(this.#filled);
  }

  /** So many bytes came. @returns whether there is room for another batch */
  took(bytes: number): boolean {
    this.#filled += bytes;
    if (this.#filled === this.#filling.length) this.#next();
    return this.#free.length > 0;
  }

  end(): void {
    this.#hasEnded = true;
    this.#wake();
  }

  async take(): Promise<Buffer | undefined> {
    while (this.#ready.length === 0 && !this.#hasEnded) {
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
    }
    if (this.#ready.length > 0) return this.#ready.shift();
    const rest = this.#filling.subarray(0, this.#filled);
    this.#filled = 0;
    return rest.length > 0 ? rest : undefined;
  }

  release(batch: Buffer): void {
    this.#free.push(batch);
  }

  #next(): void {
    const free = this.#free.pop();
    this.#ready.push(this.#filling);
    // Reading stops with the last free one; what was on its way by then finds room all the same.
    this.#filling = free ?? Buffer.allocUnsafeSlow(this.#filling.length);
    this.#filled = 0;
    this.#wake();
  }
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
