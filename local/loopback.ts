import type { Server } from 'node:http';

/** A server that only this machine reaches. */
export interface LoopbackServer {
  readonly url: string;
  /** Ends at once, also connections that are in use. */
  close(): Promise<void>;
}

/**
 * Listens on 127.0.0.1 and nowhere else.
 * @param port 0 takes a free one
 * @throws Error where the port is taken
 */
export function listen(server: Server, port: number): Promise<LoopbackServer> {
  return new Promise((ready, failed) => {
    server.once('error', (cause) => failed(new Error(`cannot listen on 127.0.0.1:${port}`, { cause })));
    server.listen(port, '127.0.0.1', () => {
      const address = server.address();
      const taken = typeof address === 'object' && address !== null ? address.port : port;
      ready({
        url: `http://127.0.0.1:${taken}`,
        close: () =>
          new Promise((closed) => {
            server.close(() => closed());
            server.closeAllConnections();
          }),
      });
    });
  });
}
