/** A way to a server that stops, at an exact byte, so that a test knows that a run is in the middle. */
import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';

type Direction = 'from-server' | 'to-server';

export interface PausingProxy {
  /** On 127.0.0.1. */
  readonly port: number;
  /** Where connections go from now on: a server that was started again may listen elsewhere. */
  lead(port: number): void;
  /** Holds the first connection from now on that carries more than this many bytes one way; settles when it is held. */
  holdAfter(direction: Direction, bytes: number): Promise<void>;
  /** Lets go of what is held, and waits for no more. */
  release(): void;
  /** Ends all connections as a broken network does. */
  cut(): void;
  close(): void;
}

interface Trap {
  readonly direction: Direction;
  readonly bytes: number;
  readonly sprung: () => void;
}

export async function startPausingProxy(port: number): Promise<PausingProxy> {
  let upstreamPort = port;
  let trap: Trap | undefined;
  const held = new Set<() => void>();
  const sockets = new Set<Socket>();

  const forward = (source: Socket, target: Socket, direction: Direction): void => {
    const ours = trap;
    let bytes = 0;
    let isHeld = false;
    source.on('data', (chunk: Buffer) => {
      bytes += chunk.length;
      const hasRoom = target.write(chunk);
      if (ours !== undefined && ours === trap && ours.direction === direction && bytes > ours.bytes) {
        isHeld = true;
        held.add(() => {
          isHeld = false;
          source.resume();
        });
        trap = undefined;
        ours.sprung();
      }
      if (hasRoom && !isHeld) return;
      source.pause();
      target.once('drain', () => {
        if (!isHeld) source.resume();
      });
    });
    source.on('end', () => target.end());
    source.on('error', () => target.destroy());
    source.on('close', () => {
      sockets.delete(source);
      target.destroySoon();
    });
    sockets.add(source);
  };
  const server = createServer((client) => {
    const upstream = connect(upstreamPort, '127.0.0.1');
    forward(client, upstream, 'to-server');
    forward(upstream, client, 'from-server');
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');

  const cut = (): void => {
    for (const socket of sockets) socket.resetAndDestroy();
  };
  return {
    port: (server.address() as AddressInfo).port,
    lead: (next) => {
      upstreamPort = next;
    },
    holdAfter: (direction, bytes) =>
      new Promise((sprung) => {
        trap = { direction, bytes, sprung };
      }),
    release: () => {
      trap = undefined;
      for (const letGo of held) letGo();
      held.clear();
    },
    cut,
    close: () => {
      cut();
      server.close();
    },
  };
}
