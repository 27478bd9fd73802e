/**
 * A way to a database server, without TLS, on which the N-th call of a run fails: a connection is one, and so is every
 * command that is sent over it, and the end of rows that a command has asked for.
 * @see https://dev.mysql.com/doc/dev/mysql-server/latest/page_protocol_basic_packets.html
 */
import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';
import { aimAtCalls, type FaultKind, type FaultyWay } from './kinds.ts';

export async function startFaultyServer(upstreamPort: number): Promise<FaultyWay> {
  const aim = aimAtCalls();
  const sockets = new Set<Socket>();
  const server = createServer((client) => {
    const upstream = connect(upstreamPort, '127.0.0.1');
    for (const socket of [client, upstream]) {
      sockets.add(socket);
      socket.on('error', () => undefined);
      socket.on('close', () => sockets.delete(socket));
    }
    carry({ client, upstream }, (name) => aim.fateOf(aim.count(name), 1));
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    ...aim,
    port: (server.address() as AddressInfo).port,
    close: () => {
      server.close();
      for (const socket of sockets) socket.destroy();
    },
  };
}

interface Link {
  readonly client: Socket;
  readonly upstream: Socket;
}

/** @param fateOf counts a call and tells what becomes of it */
function carry({ client, upstream }: Link, fateOf: (name: string) => FaultKind | undefined): void {
  let fate = fateOf('connect');
  const cut = (): void => {
    client.resetAndDestroy();
    upstream.destroy();
  };
  if (fate === 'error') {
    cut();
    return;
  }
  const follow = followPackets();
  client.on('data', (chunk: Buffer) => {
    for (const { bytes, command, sequence } of follow(chunk)) {
      if (command !== undefined) fate = fateOf(command);
      if (command === undefined || fate === undefined) upstream.write(bytes);
      else if (fate === 'error') cut();
      else if (fate === 'throttled') refuse({ client, upstream }, sequence);
      else if (fate !== 'timeout') upstream.write(bytes);
    }
  });
  upstream.on('data', (chunk: Buffer) => {
    if (fate === undefined) client.write(chunk);
    else if (fate === 'answer lost') cut();
    else if (fate === 'cut stream') {
      client.end(chunk.subarray(0, chunk.length / 2));
      upstream.destroy();
    } else if (fate === 'throttled') {
      // Only of a connection: a command was not sent on.
      client.end(errorPacket(0, TOO_MANY));
      upstream.destroy();
    }
  });
  client.on('close', () => upstream.destroySoon());
  upstream.on('close', () => client.destroySoon());
}

/** A server that has taken rows has answered the command for them: it says no once, and ends. */
function refuse({ client, upstream }: Link, sequence: number): void {
  const refusal = errorPacket((sequence + 1) & 0xff, TOO_MUCH);
  if (sequence === 0) {
    client.write(refusal);
    return;
  }
  client.end(refusal);
  upstream.destroy();
}

interface Piece {
  readonly bytes: Buffer;
  /** Of the packet that it is of. */
  readonly sequence: number;
  /** Of the piece that begins a command. */
  readonly command?: string;
}

const HEADER_BYTES = 4;
const COM_QUIT = 1;
/** Enough to know a command again. */
const NAME_BYTES = 60;

/** Cuts what a client sends where commands begin; a packet is passed on as it comes, but for its first bytes. */
function followPackets(): (chunk: Buffer) => readonly Piece[] {
  let rest = Buffer.alloc(0);
  /** Bytes of the packet that is under way. */
  let open = 0;
  let sequence = 0;
  return (chunk) => {
    const pieces: Piece[] = [];
    rest = Buffer.concat([rest, chunk]);
    while (rest.length > 0) {
      if (open === 0) {
        if (rest.length < HEADER_BYTES) return pieces;
        const length = rest.readUIntLE(0, 3);
        // The name must be there as a whole.
        if (rest.length < HEADER_BYTES + Math.min(length, NAME_BYTES)) return pieces;
        sequence = rest[3] ?? 0;
        const begins = sequence === 0 && length > 0 && rest[HEADER_BYTES] !== COM_QUIT;
        open = HEADER_BYTES + length;
        const name = rest
          .subarray(HEADER_BYTES + 1, HEADER_BYTES + Math.min(length, NAME_BYTES))
          .toString('latin1');
        const bytes = rest.subarray(0, open);
        pieces.push({
          bytes,
          sequence,
          ...(begins && { command: `${rest[HEADER_BYTES]} ${name.replaceAll(/\s+/g, ' ')}` }),
          ...(length === 0 && { command: 'end of rows' }),
        });
      } else {
        pieces.push({ bytes: rest.subarray(0, open), sequence });
      }
      const taken = Math.min(open, rest.length);
      open -= taken;
      rest = rest.subarray(taken);
    }
    return pieces;
  };
}

interface ServerError {
  readonly number: number;
  readonly state: string;
}

/** ER_USER_LIMIT_REACHED. */
const TOO_MUCH: ServerError = { number: 1226, state: '42000' };
/** ER_CON_COUNT_ERROR. */
const TOO_MANY: ServerError = { number: 1040, state: '08004' };

/** @see https://dev.mysql.com/doc/dev/mysql-server/latest/page_protocol_basic_err_packet.html */
function errorPacket(sequence: number, { number, state }: ServerError): Buffer {
  const payload = Buffer.concat([
    Buffer.from([0xff, number % 256, number >> 8]),
    Buffer.from(`#${state}struck`),
  ]);
  return Buffer.concat([Buffer.from([payload.length, 0, 0, sequence]), payload]);
}
