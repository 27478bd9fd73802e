import { Socket } from 'node:net';
import type { Connection } from 'mysql2';
import { reasonOf } from '../engine/deadline.ts';
import type { Conversation } from '../engine/rows/conversation.ts';
import { SafeBaseError } from '../errors.ts';

/** Chunks that wait for their reader before the socket is paused; each is of 64 KiB at most. */
const MAX_WAITING = 8;
const DEPRECATE_EOF = 0x0100_0000;
/** An answer without rows: the driver takes it for that to its statement, and is ready for the next. */
const OK_PACKET = Buffer.from([7, 0, 0, 1, 0, 0, 0, 2, 0, 0, 0]);

/**
 * Lends the socket of a connection that the driver has opened, authenticated and left idle. The driver sends the
 * statement, as it knows what was negotiated; then its listener is taken off the socket, until the answer has been read
 * and the driver is given an empty one in its place.
 * @param breakConnection ends the connection at once
 */
export function converseOver(
  connection: Connection,
  statement: string,
  signal: AbortSignal,
  breakConnection: () => void,
): Conversation {
  const socket = socketOf(connection);
  const waiting: Buffer[] = [];
  let failure: unknown = signal.aborted ? reasonOf(signal) : undefined;
  let wake: () => void = () => {};

  const answered = new Promise<void>((resolve, reject) => {
    connection.query(statement).on('end', resolve).on('error', reject);
  });
  answered.catch(() => {});
  const driverListeners = socket.listeners('data') as ((chunk: Buffer) => void)[];
  socket.removeAllListeners('data');

  const take = (chunk: Buffer): void => {
    if (waiting.push(chunk) >= MAX_WAITING) socket.pause();
    wake();
  };
  const fail = (error: unknown): void => {
    failure ??= error;
    wake();
  };
  const lose = (cause?: unknown): void =>
    fail(new SafeBaseError('connection_lost', 'the connection broke in the middle of an answer', { cause }));
  const stop = (): void => {
    fail(reasonOf(signal));
    breakConnection();
  };
  const nudge = (): void => wake();
  socket.on('data', take).on('error', lose).on('close', lose).on('drain', nudge);
  signal.addEventListener('abort', stop, { once: true });

  const leave = (): void => {
    socket.off('data', take).off('error', lose).off('close', lose).off('drain', nudge);
    signal.removeEventListener('abort', stop);
  };
  const until = async (isReached: () => boolean): Promise<void> => {
    while (!isReached()) {
      if (failure !== undefined) throw failure;
      await new Promise<void>((resolve) => {
        wake = resolve;
      });
    }
    if (signal.aborted) throw reasonOf(signal);
  };
  return {
    endsWithOk: (negotiatedFlags(connection) & DEPRECATE_EOF) !== 0,
    async read() {
      if (waiting.length === 0 && socket.isPaused()) socket.resume();
      await until(() => waiting.length > 0);
      return waiting.shift() ?? Buffer.alloc(0);
    },
    async send(bytes) {
      if (failure !== undefined) throw failure;
      socket.cork();
      for (const piece of bytes) socket.write(piece);
      socket.uncork();
      await until(() => !socket.writableNeedDrain);
    },
    async release() {
      leave();
      for (const listener of driverListeners) socket.on('data', listener);
      socket.resume();
      for (const listener of driverListeners) listener(OK_PACKET);
      await answered;
    },
    abandon() {
      leave();
      breakConnection();
    },
  };
}

/** The driver has replaced the socket that it was given where the connection speaks TLS. */
function socketOf(connection: Connection): Socket {
  if ('stream' in connection && connection.stream instanceof Socket) return connection.stream;
  throw new SafeBaseError('internal', 'the driver has no socket');
}

/** What both sides can do. */
function negotiatedFlags(connection: Connection): number {
  const { config } = connection;
  const ours = 'clientFlags' in config && typeof config.clientFlags === 'number' ? config.clientFlags : 0;
  const theirs =
    'serverCapabilityFlags' in connection && typeof connection.serverCapabilityFlags === 'number'
      ? connection.serverCapabilityFlags
      : 0;
  return ours & theirs;
}
