/** A way to the AWS services on which a test can come between a request and its answer. */
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';

export interface MeddlingProxy {
  /** On 127.0.0.1. */
  readonly port: number;
  /** Where requests go. */
  lead(port: number): void;
  /**
   * Does something before the next request of this form goes on; it does not where that gives `cut`. A client that asks
   * again meanwhile waits as well.
   */
  before(request: RegExp, work: () => Promise<unknown>): void;
  /** Breaks the connection of every request of this form, from now on. */
  refuse(request: RegExp): void;
  /** Lets the next request of this form through, and breaks the connection instead of giving the answer. */
  loseAnswerTo(request: RegExp): void;
  /** Forgets all that was ordered. @returns what never came */
  reset(): readonly RegExp[];
  close(): void;
}

interface Order {
  readonly request: RegExp;
  readonly work?: () => Promise<unknown>;
  readonly isLasting?: boolean;
  isMet?: boolean;
  done?: Promise<unknown> | undefined;
}

export async function startMeddlingProxy(): Promise<MeddlingProxy> {
  let upstreamPort = 0;
  let orders: Order[] = [];
  const sockets = new Set<Socket>();

  const serve = (client: Socket): void => {
    const upstream = connect(upstreamPort, '127.0.0.1');
    let isLost = false;
    let way = Promise.resolve();
    const onRequest = async (chunk: Buffer): Promise<void> => {
      const text = chunk.toString('latin1');
      const order = orders.find(({ request }) => request.test(text));
      if (order !== undefined) {
        order.isMet = true;
        isLost = order.work === undefined;
        order.done ??= order.work?.();
        const does = await order.done;
        orders = orders.filter((one) => one !== order || one.isLasting);
        if (does === 'cut') return end();
      }
      upstream.write(chunk);
    };
    const end = (): void => {
      client.destroy();
      upstream.destroy();
    };
    client.on('data', (chunk: Buffer) => {
      way = way.then(() => onRequest(chunk)).catch(end);
    });
    // The answer says that the request was carried out.
    upstream.on('data', (chunk: Buffer) => (isLost ? end() : client.write(chunk)));
    for (const socket of [client, upstream]) {
      sockets.add(socket);
      socket.on('error', end);
      socket.on('close', () => {
        sockets.delete(socket);
        end();
      });
    }
  };
  const server = createServer(serve);
  await new Promise<void>((resume) => server.listen(0, '127.0.0.1', resume));
  return {
    port: (server.address() as AddressInfo).port,
    lead: (port) => {
      upstreamPort = port;
    },
    before: (request, work) => orders.push({ request, work }),
    refuse: (request) => orders.push({ request, work: async () => 'cut', isLasting: true }),
    loseAnswerTo: (request) => orders.push({ request }),
    reset: () => orders.splice(0).flatMap(({ request, isMet }) => (isMet ? [] : [request])),
    close: () => {
      server.close();
      for (const socket of sockets) socket.destroy();
    },
  };
}
