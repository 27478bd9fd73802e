import { connect, type Socket } from 'node:net';
import { type Connection, createConnection, type FieldPacket } from 'mysql2';
import type { Endpoint, Query, SqlRow } from '../engine/connection.ts';
import type { Converse } from '../engine/rows/conversation.ts';
import { SafeBaseError } from '../errors.ts';
import { translateLoginError, translateMysqlError } from './mysql-errors.ts';
import { converseOver } from './mysql-row-connection.ts';

/** What a server may do to us: any of these can be a hostile one. */
export interface SessionLimits {
  /** Until the first statement can be sent. */
  readonly connectTimeoutMs: number;
  /** For one statement. */
  readonly queryTimeoutMs: number;
  /** Of one result. */
  readonly maxRows: number;
  /** Of one result, on the wire. */
  readonly maxResultBytes: number;
}

/** A connection with its set-up done. */
export interface MysqlSession {
  /** By which the server knows this connection: no server counts beyond the 32 bits of the handshake. */
  readonly connectionId: string;
  readonly query: Query;
  /** Sends the bytes of one statement as they are; what it gives back is thrown away. */
  run(statement: Buffer): Promise<void>;
  /** Whether an error has ended it. */
  isBroken(): boolean;
  close(): Promise<void>;
}

/** A session whose socket can be lent. */
export interface RowSession extends MysqlSession {
  /** Reads or sends rows over the bare socket; one conversation at a time, and no query meanwhile. */
  readonly converse: Converse;
}

/**
 * Opens one connection to the address that was checked, and verifies the certificate against the name.
 * @param ca PEM of who is trusted; not used where TLS is off
 * @param schema the default schema @default none
 * @param takesRows whether LOAD DATA LOCAL may be sent: the server then asks for a file, and gets what `converse` sends,
 *   else nothing @default false
 * @throws the codes of reaching a database
 */
export async function openMysqlSession(
  endpoint: Endpoint,
  ca: string,
  limits: SessionLimits,
  schema?: string,
  takesRows = false,
): Promise<RowSession> {
  const wire = openConnection(endpoint, ca, limits, schema, takesRows);
  try {
    await new Promise<void>((resolve, reject) => {
      wire.connection.once('connect', () => resolve());
      wire.failures.add(reject);
    });
    wire.failures.clear();
    await send(wire, limits, SET_UP);
  } catch (error) {
    breakWire(wire);
    throw translateLoginError(error, endpoint);
  }
  const translated = async (sql: string, values?: Parameters<Query>[1]): Promise<readonly SqlRow[]> => {
    try {
      return await send(wire, limits, sql, values);
    } catch (error) {
      throw translateMysqlError(error, endpoint);
    }
  };
  return {
    connectionId: String(wire.connection.threadId),
    query: translated,
    async run(statement) {
      // The driver encodes text by this number; as latin1 every byte is one character and stays itself.
      wire.connection.config.charsetNumber = BINARY;
      try {
        await translated(statement.toString('latin1'));
      } finally {
        wire.connection.config.charsetNumber = UTF8MB4;
      }
    },
    converse(statement, signal) {
      throwIfBroken(wire);
      return converseOver(wire.connection, statement, signal, () => breakWire(wire));
    },
    isBroken: () => wire.broken,
    close: () => closeWire(wire),
  };
}

/** Numbers of collations: utf8mb4_general_ci, which every server knows, and binary. */
const UTF8MB4 = 45;
const BINARY = 63;

/**
 * What an `init_connect`, or the server's own settings, may have changed behind the handshake. Another character set would
 * make question marks of what we read. Without autocommit a session would hold all tables that it once asked for, and
 * MySQL would show it the catalogue as of its first look. The driver's quoting of values relies on backslashes, which
 * NO_BACKSLASH_ESCAPES would disable.
 */
const SET_UP = [
  'SET character_set_client = utf8mb4, character_set_results = utf8mb4, collation_connection = utf8mb4_general_ci',
  'autocommit = 1',
  'sql_quote_show_create = 1',
  "time_zone = '+00:00'",
  "sql_mode = ''",
].join(', ');

interface Wire {
  readonly connection: Connection;
  readonly socket: Socket;
  /** Who waits for an answer: the driver tells some errors to the connection only. */
  readonly failures: Set<(error: unknown) => void>;
  broken: boolean;
}

function openConnection(
  endpoint: Endpoint,
  ca: string,
  limits: SessionLimits,
  schema: string | undefined,
  takesRows: boolean,
): Wire {
  const [address] = endpoint.addresses;
  if (address === undefined)
    throw new SafeBaseError('host_unknown', `the name ${endpoint.host} has no address`);
  const socket = connect({ host: address, port: endpoint.port, noDelay: true, keepAlive: true });
  // Where the host is an address, the driver names no server to TLS, and Node would verify this field, else `localhost`.
  Object.assign(socket, { _host: endpoint.host });
  const connection = createConnection({
    stream: socket,
    host: endpoint.host,
    port: endpoint.port,
    user: endpoint.username,
    password: endpoint.password,
    ...(schema === undefined ? {} : { database: schema }),
    ...(endpoint.tls.mode === 'verify'
      ? {
          ssl: {
            ca: endpoint.tls.ca ?? ca,
            rejectUnauthorized: true,
            verifyIdentity: true,
            minVersion: 'TLSv1.2',
          },
        }
      : {}),
    charset: 'UTF8MB4_GENERAL_CI',
    connectTimeout: limits.connectTimeoutMs,
    multipleStatements: false,
    // A server may ask for a local file whatever the statement was. The driver has no way to send one.
    ...(takesRows ? {} : { flags: ['-LOCAL_FILES'] }),
    // Row parsers would be compiled from names that the server chose.
    disableEval: true,
    rowsAsArray: true,
    typeCast: (field) => field.string('utf8'),
  });
  const wire: Wire = { connection, socket, failures: new Set(), broken: false };
  const fail = (error: unknown): void => {
    wire.broken = true;
    for (const reject of wire.failures) reject(error);
  };
  connection.on('error', fail);
  socket.on('error', fail);
  return wire;
}

/** How often the bytes of a result are counted: a single value can be as large as the server likes. */
const WATCH_INTERVAL_MS = 50;

async function send(
  wire: Wire,
  limits: SessionLimits,
  sql: string,
  values?: Parameters<Query>[1],
): Promise<readonly SqlRow[]> {
  const { connection, socket, failures } = wire;
  throwIfBroken(wire);
  const startedAt = Date.now();
  const bytesBefore = socket.bytesRead;
  const rows: SqlRow[] = [];
  let names: readonly string[] = [];
  let watch: NodeJS.Timeout | undefined;
  let stop: (error: unknown) => void = () => undefined;
  const answer = new Promise<readonly SqlRow[]>((resolve, reject) => {
    stop = reject;
    failures.add(reject);
    const cut = (error: SafeBaseError): void => {
      reject(error);
      breakWire(wire);
    };
    watch = setInterval(() => {
      if (socket.bytesRead - bytesBefore > limits.maxResultBytes)
        cut(tooLarge(`${limits.maxResultBytes} bytes`));
      else if (Date.now() - startedAt > limits.queryTimeoutMs) cut(tooLate(limits.queryTimeoutMs));
    }, WATCH_INTERVAL_MS);
    connection
      .query({ sql, ...(values === undefined ? {} : { values: [...values] }) })
      .on('fields', (fields: readonly FieldPacket[] | undefined) => {
        names = (fields ?? []).map(({ name }) => name.toLowerCase());
      })
      .on('result', (row: unknown) => {
        // A statement without rows gives one object that counts them.
        if (!Array.isArray(row)) return;
        rows.push(Object.fromEntries(names.map((name, index) => [name, row[index] ?? null])));
        if (rows.length > limits.maxRows) cut(tooLarge(`${limits.maxRows} rows`));
      })
      .on('error', reject)
      .on('end', () => resolve(rows));
  });
  return answer.finally(() => {
    clearInterval(watch);
    failures.delete(stop);
  });
}

function throwIfBroken(wire: Wire): void {
  if (wire.broken)
    throw new SafeBaseError('connection_lost', 'the connection was lost before this statement');
}

function breakWire(wire: Wire): void {
  wire.broken = true;
  wire.connection.destroy();
  wire.socket.destroy();
}

const tooLarge = (limit: string): SafeBaseError =>
  new SafeBaseError('query_failed', `the server sent a result of more than ${limit}`);
const tooLate = (timeoutMs: number): SafeBaseError =>
  new SafeBaseError('connection_timeout', `the server did not finish a statement within ${timeoutMs} ms`);

/** How long a server may take to let go of us. */
const CLOSE_TIMEOUT_MS = 1_000;

/** Says goodbye, so that the server logs no aborted connection. */
function closeWire(wire: Wire): Promise<void> {
  const { connection, socket, broken } = wire;
  return new Promise((resolve) => {
    const finish = (): void => {
      clearTimeout(late);
      breakWire(wire);
      resolve();
    };
    const late = setTimeout(finish, CLOSE_TIMEOUT_MS);
    if (broken || socket.destroyed) finish();
    else connection.end(finish);
  });
}
